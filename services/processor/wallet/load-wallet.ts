import { ExitlaneError } from '../../../shared/core/errors.js';
import { loadKeypairFile } from './keypair-file.js';
import { loadKeystoreFile } from './keystore-file.js';
import { readPasswordFile } from './password.js';
import type { Signer } from './signer.js';

/** Where the wallet's key is: in a keypair file, or in a keystore file with the file of its password. */
export interface WalletFiles {
  /** As the Solana CLI writes it. */
  readonly keypairFile?: string | undefined;
  /** Encrypted, after EIP-2335. */
  readonly keystoreFile?: string | undefined;
  /** Password of the keystore. A path, because what is in an environment variable is in every crash report. */
  readonly passwordFile?: string | undefined;
}

/** Whether any key is named. */
export function namesKey({ keypairFile, keystoreFile }: WalletFiles): boolean {
  return keypairFile !== undefined || keystoreFile !== undefined;
}

/** @throws ExitlaneError CONFIG_INVALID when two keys are named, or a keystore without a password or the other way round */
export function checkWalletFiles({ keypairFile, keystoreFile, passwordFile }: WalletFiles): void {
  if (keypairFile !== undefined && keystoreFile !== undefined) {
    throw invalid(
      'WALLET_KEYPAIR_FILE and WALLET_KEYSTORE_FILE are both set: a wallet has one key. Unset one of them.',
    );
  }
  if (keystoreFile !== undefined && passwordFile === undefined) {
    throw invalid('WALLET_KEYSTORE_FILE is set but WALLET_PASSWORD_FILE is not: the keystore could not be decrypted.');
  }
  if (keystoreFile === undefined && passwordFile !== undefined) {
    throw invalid('WALLET_PASSWORD_FILE is set but WALLET_KEYSTORE_FILE is not: only a keystore has a password.');
  }
}

/**
 * Loads the key that is named; undefined when none is.
 *
 * @throws ExitlaneError CONFIG_INVALID, free of secrets
 */
export async function loadWallet(files: WalletFiles): Promise<Signer | undefined> {
  checkWalletFiles(files);
  const { keypairFile, keystoreFile, passwordFile } = files;
  if (keypairFile !== undefined) return loadKeypairFile(keypairFile);
  if (keystoreFile === undefined || passwordFile === undefined) return undefined;
  const password = readPasswordFile(passwordFile);
  try {
    return await loadKeystoreFile(keystoreFile, password);
  } finally {
    password.fill(0);
  }
}

function invalid(text: string): ExitlaneError {
  return new ExitlaneError('CONFIG_INVALID', text);
}
