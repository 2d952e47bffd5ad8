import { createHash, randomBytes } from 'node:crypto';
import { Keypair, PublicKey } from '@solana/web3.js';

/**
 * Everything a sandbox chain calls random (keys, blockhashes, the price walk) comes from one secret seed, so that a chain
 * can be rebuilt after a restart and replayed in a test. The keys are worthless outside the sandbox.
 */
export class ChainSeed {
  constructor(readonly hex: string) {}

  /** The same number always gives the same chain; without one the chain is new each time. */
  static from(seed: number | undefined): ChainSeed {
    if (seed === undefined) return new ChainSeed(randomBytes(32).toString('hex'));
    return new ChainSeed(createHash('sha256').update(`exitlane sandbox ${seed}`).digest('hex'));
  }

  /** 32 bytes that depend on the seed and the label only. */
  bytes(label: string): Buffer {
    return createHash('sha256').update(this.hex).update('\0').update(label).digest();
  }

  keypair(label: string): Keypair {
    return Keypair.fromSeed(this.bytes(label));
  }

  address(label: string): string {
    return new PublicKey(this.bytes(label)).toBase58();
  }

  /** 32-bit number to start a {@link import('../../shared/core/random.js').Random} with. */
  number(label: string): number {
    return this.bytes(label).readUInt32LE(0);
  }
}
