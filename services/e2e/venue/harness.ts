import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ManualClock } from '../../../shared/core/clock.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { VenueExecutor } from '../../processor/execution/venue-executor.js';
import type { VenueOptions, VenueParts } from '../../processor/venue/config.js';
import { createVenue, type Venue } from '../../processor/venue/venue.js';
import { loadKeypairFile } from '../../processor/wallet/keypair-file.js';
import type { Signer } from '../../processor/wallet/signer.js';
import { mintOf } from '../../sandbox/mints.js';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.js';

/** Venue clients against the sandbox, on a clock and with blocks that only {@link Bench.drive} moves. */
export interface Bench {
  readonly sandbox: Sandbox;
  readonly clock: ManualClock;
  readonly signer: Signer;
  readonly venue: Venue;
  readonly executor: VenueExecutor;
  /** Another process: clients and executor of its own, on the same sandbox and clock. */
  another(options?: Partial<VenueOptions>, parts?: Partial<VenueParts>): { venue: Venue; executor: VenueExecutor };
  /** Lets time and blocks go by until `work` has ended. */
  drive<T>(work: Promise<T>, pace?: Pace): Promise<T>;
  close(): Promise<void>;
}

export interface Pace {
  /** Blocks per step; default 1. */
  readonly blocks?: number;
  /** Milliseconds per step; default 100. */
  readonly ms?: number;
}

/** Steps until a test gives up: ten times what the slowest needs. */
const STEPS_MAX = 20_000;

export async function startBench(options: Partial<VenueOptions> = {}): Promise<Bench> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'exitlane-venue-'));
  const sandbox = await startSandbox({ dataDir, port: 0, seed: 7, volatility: 0, paused: true });
  const clock = new ManualClock();
  const signer = loadKeypairFile(sandbox.walletPath);
  const venues: Venue[] = [];
  const another = (more: Partial<VenueOptions> = {}, parts: Partial<VenueParts> = {}) => {
    // Calls are real and the clock is not: a step of it may pass many seconds within one call.
    const patience = { requestTimeoutMs: 3_600_000 };
    const urls = { jupiterUrl: sandbox.url, rpcUrls: [sandbox.url] };
    const venue = createVenue({ ...urls, ...patience, ...options, ...more }, { clock, logger: silentLogger, ...parts });
    venues.push(venue);
    return { venue, executor: new VenueExecutor({ venue, signer, logger: silentLogger }) };
  };
  const drive = async <T>(work: Promise<T>, { blocks = 1, ms = 100 }: Pace = {}): Promise<T> => {
    let ended = false;
    work.then(
      () => {
        ended = true;
      },
      () => {
        ended = true;
      },
    );
    for (let step = 0; !ended; step++) {
      if (step > STEPS_MAX) throw new Error('the work did not end');
      if (blocks > 0) sandbox.control.advanceBlocks(blocks);
      await clock.advance(ms);
      // Calls to the sandbox need real time, a few milliseconds each.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return work;
  };
  const close = async () => {
    for (const venue of venues) venue.close();
    await sandbox.close();
    await rm(dataDir, { recursive: true });
  };
  return { sandbox, clock, signer, ...another(), another, drive, close };
}

/** A token of the sandbox as an order names it. */
export function token(symbol: string): { mint: string; decimals: number; symbol: string } {
  const { address, decimals } = mintOf(symbol);
  return { mint: address, decimals, symbol };
}
