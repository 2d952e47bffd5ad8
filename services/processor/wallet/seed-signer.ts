import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { inspect } from 'node:util';
import { PublicKey, type VersionedTransaction } from '@solana/web3.js';
import type { Signer } from './signer.js';

/** What stands before the 32 bytes of an ed25519 seed in PKCS #8, https://www.rfc-editor.org/rfc/rfc8410#section-7 */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Signs with a key in this process's memory. The key lives in OpenSSL, out of reach of anything that prints or walks objects;
 * printed, logged or turned into JSON the signer shows the public key only.
 */
export class SeedSigner implements Signer {
  readonly source: Signer['source'];
  readonly publicKey: PublicKey;
  readonly #key: KeyObject;

  /** @param seed 32 bytes, which the caller wipes */
  constructor(seed: Uint8Array, source: Signer['source']) {
    this.#key = privateKeyOf(seed);
    this.publicKey = publicKeyOf(this.#key);
    this.source = source;
  }

  async signTransaction(transaction: VersionedTransaction): Promise<VersionedTransaction> {
    transaction.addSignature(this.publicKey, sign(null, transaction.message.serialize(), this.#key));
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

/** The public key that belongs to a seed of 32 bytes. */
export function publicKeyOfSeed(seed: Uint8Array): PublicKey {
  return publicKeyOf(privateKeyOf(seed));
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new RangeError('an ed25519 seed has 32 bytes');
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** The raw key is the end of its SPKI form. */
function publicKeyOf(key: KeyObject): PublicKey {
  return new PublicKey(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32));
}
