import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { Keypair, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { expect } from 'chai';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { loadKeypairFile } from './keypair-file.js';

describe('keypair file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'exitlane-key-'));
    file = path.join(folder, 'wallet.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const keypair = Keypair.generate();
  const good = JSON.stringify([...keypair.secretKey]);

  const refusal = (): ExitlaneError => {
    try {
      loadKeypairFile(file);
    } catch (error) {
      if (error instanceof ExitlaneError) return error;
      throw error;
    }
    throw new Error('it was accepted');
  };

  it('loads what the Solana CLI writes, and signs', async () => {
    await writeFile(file, `${good}\n`, { mode: 0o600 });
    const signer = loadKeypairFile(file);
    expect(signer.publicKey.equals(keypair.publicKey)).to.equal(true);
    expect(signer.source).to.equal('keypair-file');
    const message = new TransactionMessage({
      payerKey: keypair.publicKey,
      recentBlockhash: keypair.publicKey.toBase58(),
      instructions: [
        SystemProgram.transfer({ fromPubkey: keypair.publicKey, toPubkey: keypair.publicKey, lamports: 1 }),
      ],
    }).compileToV0Message();
    const ours = await signer.signTransaction(new VersionedTransaction(message));
    const theirs = new VersionedTransaction(message);
    theirs.sign([keypair]);
    expect(Buffer.from(ours.serialize()).equals(Buffer.from(theirs.serialize()))).to.equal(true);
  });

  it('shows the public key however it is printed, and nothing of the secret', async () => {
    await writeFile(file, good, { mode: 0o600 });
    const signer = loadKeypairFile(file);
    const shown = `${String(signer)} ${JSON.stringify({ signer })} ${inspect({ signer }, { depth: 9, showHidden: true })}`;
    const secret = [...keypair.secretKey.slice(0, 4)].join(',');
    expect(shown).to.contain(keypair.publicKey.toBase58());
    expect(shown.replace(/\s/g, '')).not.to.contain(secret);
    expect(Object.getOwnPropertyNames(signer)).to.have.members(['source', 'publicKey']);
  });

  for (const mode of [0o640, 0o604, 0o660, 0o601]) {
    it(`refuses mode ${mode.toString(8)} and names the chmod that mends it`, async () => {
      await writeFile(file, good);
      await chmod(file, mode);
      expect(refusal()).to.include({ reason: 'CONFIG_INVALID' });
      expect(refusal().message).to.contain(`chmod 600 ${file}`);
    });
  }

  const pieces = [...keypair.secretKey];
  const malformed: Record<string, string> = {
    'half a file': good.slice(0, 90),
    'a string': JSON.stringify('5KJvsngHeMpm884wtkJNzQGaCErckhHJBGFsvd3VyK5qMZXj3hS'),
    'too few numbers': JSON.stringify(pieces.slice(1)),
    'numbers that are no bytes': JSON.stringify(pieces.map((each) => each + 256)),
    'halves that do not belong together': JSON.stringify([
      ...pieces.slice(0, 32),
      ...Keypair.generate().publicKey.toBytes(),
    ]),
  };
  for (const [what, text] of Object.entries(malformed)) {
    it(`refuses ${what} without repeating it`, async () => {
      await writeFile(file, text, { mode: 0o600 });
      const error = refusal();
      const shown = inspect(error, { depth: 9 });
      expect(error.reason).to.equal('CONFIG_INVALID');
      expect(error.cause).to.equal(undefined);
      expect(shown.replaceAll(file, '')).not.to.contain(text.slice(1, 12));
    });
  }

  it('refuses what is not there, not a file, or far too large', async () => {
    expect(refusal().message).to.contain('ENOENT');
    await writeFile(file, ' '.repeat(5_000), { mode: 0o600 });
    expect(refusal().message).to.contain('too large');
    await chmod(folder, 0o700);
    expect(() => loadKeypairFile(folder)).to.throw(ExitlaneError, 'not a regular file');
  });
});
