import { API_CALL_PRIORITIES, type ApiCallPriority, type ApiCallPriorityName, levelName } from './api-call-priority.js';
import { AVERAGED_CALLS } from './limits.js';

/** The gate at one moment. Times are milliseconds. */
export interface GateStats {
  /** Most urgent first. */
  readonly levels: readonly GateLevelStats[];
  /** Hosts with a budget and those that were called, by name. */
  readonly hosts: readonly GateHostStats[];
}

export interface GateLevelStats {
  readonly level: ApiCallPriorityName;
  readonly inFlight: number;
  readonly waiting: number;
  /** Calls that were started. */
  readonly calls: number;
  /** Calls that had to wait, however their wait ended, and for how long. */
  readonly waits: { readonly count: number; readonly totalMs: number; readonly maxMs: number };
  /** Wait of the last 64 calls or so, those that did not wait included. */
  readonly averageWaitMs: number;
  /** Calls that were not started: their wait had become too long, or too many waited. */
  readonly refused: number;
}

export interface GateHostStats {
  readonly host: string;
  readonly inFlight: number;
  readonly waiting: number;
  /** Undefined: the host has no budget. */
  readonly budget: { readonly requests: number; readonly windowMs: number; readonly reserve: number } | undefined;
  /** Calls that may still start: by our count, or by the host's where that is less. Undefined: nobody counts. */
  readonly left: number | undefined;
  /** When the host counts anew, by its own word; ms since the epoch. */
  readonly resetsAt: number | undefined;
  /** Until when nothing but critical calls starts because the host refused one; ms since the epoch. */
  readonly limitedUntil: number | undefined;
  /** Calls the host refused for its limit. */
  readonly limited: number;
  /** Critical calls that went on at the end of their longest wait, over the budget. */
  readonly overBudget: number;
}

/** The numbers of one level, kept as it works. */
export class LevelTally {
  inFlight = 0;
  waiting = 0;
  refused = 0;
  #calls = 0;
  #waits = 0;
  #totalMs = 0;
  #maxMs = 0;
  #averageMs = 0;

  /** A call starts, after waiting so long. */
  began(waitedMs: number): void {
    this.inFlight++;
    this.#calls++;
    this.#averageMs += (waitedMs - this.#averageMs) / AVERAGED_CALLS;
  }

  /** A wait is over: the call starts, was refused, or its caller is gone. */
  waited(ms: number): void {
    this.#waits++;
    this.#totalMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  read(level: ApiCallPriority): GateLevelStats {
    const { inFlight, waiting, refused } = this;
    const waits = { count: this.#waits, totalMs: this.#totalMs, maxMs: this.#maxMs };
    const calls = this.#calls;
    return { level: levelName(level), inFlight, waiting, calls, waits, averageWaitMs: this.#averageMs, refused };
  }
}

/** One tally per level, at the level's number. */
export type Tallies = Readonly<Record<ApiCallPriority, LevelTally>>;

export function newTallies(): Tallies {
  return { 1: new LevelTally(), 2: new LevelTally(), 3: new LevelTally(), 4: new LevelTally() };
}

export function readTallies(tallies: Tallies): GateLevelStats[] {
  return API_CALL_PRIORITIES.map((level) => tallies[level].read(level));
}
