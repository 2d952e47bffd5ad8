import { createHash } from 'node:crypto';
import bs58 from 'bs58';
import type { Clock, Timer } from '../../shared/core/clock.js';
import type { ChainSeed } from './seed.js';

/** A blockhash may be used while the block height is at most this much above its block's. */
export const BLOCKHASH_LIFE_BLOCKS = 150;

/** Slots run ahead of block heights on mainnet, because slots are skipped; taking one for the other must show. */
const SLOT_AHEAD = 20_000;

/** A new chain starts here, so that blocks behind the head (finalized ones, old blockhashes) exist at once. */
export const FIRST_HEIGHT = 1_000;

/** Blocks whose hash and time are remembered: twice the life of a blockhash. */
const REMEMBERED_BLOCKS = 2 * BLOCKHASH_LIFE_BLOCKS;

export interface BlockClockOptions {
  readonly clock: Clock;
  readonly seed: ChainSeed;
  readonly slotMs: number;
  /** Height of the last block that exists. */
  readonly height: number;
  /** Called by the timer when a block is due. */
  readonly onDue: () => void;
}

/**
 * Block heights, slots, block times and blockhashes. A blockhash is random to everyone without the chain's seed, and the
 * same again after a restart: a transaction signed before it stays valid exactly as long as it should.
 */
export class BlockClock {
  readonly #options: BlockClockOptions;
  readonly #heights = new Map<string, number>();
  readonly #times = new Map<number, number>();
  #height: number;
  #timeMs: number;
  #timer: Timer | undefined;
  #dueAt = 0;
  #paused = false;
  #running = false;

  constructor(options: BlockClockOptions) {
    this.#options = options;
    this.#height = options.height;
    this.#timeMs = options.clock.now();
    for (let height = options.height - REMEMBERED_BLOCKS; height <= options.height; height++) {
      this.#remember(height, this.#timeMs - (options.height - height) * options.slotMs);
    }
  }

  get height(): number {
    return this.#height;
  }

  get slot(): number {
    return slotAt(this.#height);
  }

  get slotMs(): number {
    return this.#options.slotMs;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Unix seconds of the head block. */
  get unixSeconds(): number {
    return Math.floor(this.#timeMs / 1000);
  }

  /** Adds one block now. */
  advance(): void {
    this.#height += 1;
    this.#timeMs = Math.max(this.#timeMs, this.#options.clock.now());
    this.#remember(this.#height, this.#timeMs);
    const old = this.#height - REMEMBERED_BLOCKS - 1;
    this.#times.delete(old);
    this.#heights.delete(this.hashAt(old));
  }

  hashAt(height: number): string {
    return bs58.encode(
      createHash('sha256')
        .update(this.#options.seed.bytes(`block ${height}`))
        .digest(),
    );
  }

  /** Height of the block with this hash, if it is one of the last few hundred. */
  heightOf(blockhash: string): number | undefined {
    return this.#heights.get(blockhash);
  }

  /** Unix seconds of a block, if it is one of the last few hundred. */
  timeOf(height: number): number | undefined {
    const ms = this.#times.get(height);
    return ms === undefined ? undefined : Math.floor(ms / 1000);
  }

  /** Whether a transaction with this blockhash may stand in the block of this height. */
  isLive(blockhash: string, height: number): boolean {
    const born = this.heightOf(blockhash);
    return born !== undefined && born <= height && height <= born + BLOCKHASH_LIFE_BLOCKS;
  }

  start(): void {
    this.#running = true;
    if (!this.#paused) this.#schedule(this.#options.clock.now());
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  pause(): void {
    this.#paused = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#running) this.#schedule(this.#options.clock.now());
  }

  /** Keeps the rhythm: a late block does not delay the next, a long stall is not made up for. */
  #schedule(from: number): void {
    const { clock, slotMs } = this.#options;
    this.#dueAt = Math.max(from + slotMs, clock.now());
    this.#timer = clock.setTimer(() => {
      this.#options.onDue();
      if (this.#running && !this.#paused) this.#schedule(this.#dueAt);
    }, this.#dueAt - clock.now());
  }

  #remember(height: number, timeMs: number): void {
    this.#heights.set(this.hashAt(height), height);
    this.#times.set(height, timeMs);
  }
}

export function slotAt(height: number): number {
  return height + SLOT_AHEAD;
}

export function heightAt(slot: number): number {
  return slot - SLOT_AHEAD;
}
