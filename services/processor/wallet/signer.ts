import type { PublicKey, VersionedTransaction } from '@solana/web3.js';

/**
 * Who signs for the wallet. A key file today; a key management service fits the same port. Nothing of the secret can be had
 * from it, and printing it shows the public key only.
 */
export interface Signer {
  readonly publicKey: PublicKey;
  /** Where the key is from. */
  readonly source: 'keypair-file' | 'keystore-file';
  /** Adds the wallet's signature. The message and the signatures of others stay as they are. */
  signTransaction(transaction: VersionedTransaction): Promise<VersionedTransaction>;
}
