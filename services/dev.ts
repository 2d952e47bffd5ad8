import type { Clock } from '../shared/core/clock.js';
import type { Logger } from '../shared/core/logger.js';

/** Everything in one process: embedded database, sandbox venue, processor, requestor. For a first look and for tests. */
export interface DevOptions {
  /** Folder of database, chain and wallet; made if missing. */
  readonly dataDir: string;
  /** 0 takes any free port. */
  readonly requestorPort: number;
  readonly processorPort: number;
  readonly sandboxPort: number;
  /** Milliseconds per block of the sandbox's chain; 400 is like the real one. */
  readonly slotMs: number;
  /** Seed of the sandbox's prices and hashes; default random, logged at start. */
  readonly seed?: number;
  /** P4; default 3. */
  readonly maxConcurrentOrders?: number;
  readonly clock?: Clock;
  readonly logger: Logger;
}

export interface DevStack {
  /** `host:port` for clients. */
  readonly requestorAddress: string;
  readonly processorAddress: string;
  readonly sandboxUrl: string;
  /** Public key of the funded sandbox wallet, base58. */
  readonly walletAddress: string;
  readonly dataDir: string;
  close(): Promise<void>;
}

export async function startDev(options: DevOptions): Promise<DevStack> {
  throw new Error(`being built: ${options.dataDir}`);
}
