import { inspect } from 'node:util';
import { Keypair, type PublicKey, type VersionedTransaction } from '@solana/web3.js';
import type { Signer } from './signer.js';

/** Signs with a key in this process's memory. Printed, logged or turned into JSON it shows the public key only. */
export class KeypairSigner implements Signer {
  readonly source: Signer['source'];
  readonly publicKey: PublicKey;
  readonly #keypair: Keypair;

  /** @param secretKey seed and public key, 64 bytes; copied, so the caller wipes its own. Throws when the halves differ. */
  constructor(secretKey: Uint8Array, source: Signer['source']) {
    this.#keypair = Keypair.fromSecretKey(Uint8Array.from(secretKey));
    this.publicKey = this.#keypair.publicKey;
    this.source = source;
  }

  async signTransaction(transaction: VersionedTransaction): Promise<VersionedTransaction> {
    transaction.sign([this.#keypair]);
    return transaction;
  }

  toString(): string {
    return `wallet ${this.publicKey.toBase58()}`;
  }

  toJSON(): { publicKey: string } {
    return { publicKey: this.publicKey.toBase58() };
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
