import type { Database } from '../../../shared/store/database.js';
import type { Bot } from '../crash/bot.js';
import type { Env, Service } from '../crash/process.js';
import type { VenueControl } from '../crash/venue.js';

/** Processes that chaos is let loose on, and how to look at them from outside. */
export interface Fleet {
  readonly bot: Bot;
  readonly venue: VenueControl;
  readonly requestorAddresses: readonly string[];
  readonly sandbox: Service;
  readonly prey: readonly Prey[];
  /** Processes that may be away at once. */
  readonly awayMax: number;
  /** Least and most milliseconds between two deeds. */
  readonly pauseMs: readonly [number, number];
  /** What every service said last. */
  readonly logs: string;
  /** P4: orders that hold a slot now; undefined when nobody is there to say. */
  heldSlots(): Promise<number | undefined>;
  /** The database, for the checker. Where only one process can have it open, that one is stopped first, for good. */
  openDatabase(): Promise<Database>;
  close(): Promise<void>;
}

/** Processes of one kind; the heavier, the more often one of them is killed. */
export interface Prey {
  readonly services: readonly Service[];
  readonly weight: number;
}

/** Milliseconds between blocks: a blockhash lives for 7.5 s. */
export const SLOT_MS = 50;

/** Orders are tried again within the run, and say UNKNOWN while the venue is in trouble. */
export const PROCESSOR_ENV: Env = {
  RETRY_FIRST_DELAY_MS: '200',
  RETRY_MAX_DELAY_MS: '4000',
  CONFIRM_TIMEOUT_SECONDS: '5',
};
