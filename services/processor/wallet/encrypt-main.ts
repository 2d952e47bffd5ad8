import { parseArgs } from 'node:util';
import { messageOf } from '../../../shared/core/errors.js';
import { readKeypairSeed } from './keypair-file.js';
import { writeKeystore } from './keystore-file.js';
import { readPasswordFile } from './password.js';

/** Encrypts a Solana CLI keypair file into a keystore that the processor loads by WALLET_KEYSTORE_FILE. */
const USAGE = `Usage: node dist/services/processor/wallet/encrypt-main.js --keypair <id.json> --password-file <file> --keystore <new file>

Writes an EIP-2335 keystore with mode 0600; a file that exists is never touched. The keypair and the password file must be
readable by you alone (chmod 600). Keep the keypair somewhere safe, or destroy it.`;

interface Files {
  readonly keypair: string;
  readonly password: string;
  readonly keystore: string;
}

function filesGiven(): Files | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { keypair: text, 'password-file': text, keystore: text } });
  const { keypair, 'password-file': password, keystore } = values;
  return keypair && password && keystore ? { keypair, password, keystore } : undefined;
}

async function encrypt(files: Files): Promise<string> {
  const seed = readKeypairSeed(files.keypair);
  try {
    const password = readPasswordFile(files.password);
    try {
      return await writeKeystore(files.keystore, seed, password);
    } finally {
      password.fill(0);
    }
  } finally {
    seed.fill(0);
  }
}

try {
  const files = filesGiven();
  if (!files) {
    process.stderr.write(`${USAGE}\n`);
    process.exitCode = 1;
  } else {
    process.stdout.write(`${await encrypt(files)}\n`);
  }
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n\n${USAGE}\n`);
  process.exitCode = 1;
}
