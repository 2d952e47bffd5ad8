import { orAborted } from '../core/abort.js';
import { type Clock, systemClock } from '../core/clock.js';
import { type Logger, silentLogger } from '../core/logger.js';
import { ApiCallPriority } from './api-call-priority.js';
import type { HostBudget } from './budget.js';
import { type CallArguments, GateLog } from './gate-log.js';
import { type GateStats, newTallies, readTallies } from './gate-stats.js';
import { Lane } from './lane.js';
import {
  BUDGET_WAIT_MS,
  CRITICAL_WAIT_MS,
  HOSTS_MAX,
  MAX_WAIT_MS,
  WAITING_CALLS_MAX,
  WARN_AFTER_MS,
} from './limits.js';
import type { RateLimitAnswer } from './rate-limit.js';
import { shuttingDown } from './refusals.js';
import { WaitingRoom } from './waiting-room.js';

export interface ApiGateOptions {
  /** Budgets by host; a host without one is not limited, except by its own word. */
  readonly budgets?: Readonly<Record<string, HostBudget>>;
  /** A call that is not critical waits for critical ones at most this long, ms (A2); default 5,000. */
  readonly maxWaitMs?: number;
  /** The same for HIGH calls, at most `maxWaitMs`, which is the default. */
  readonly highWaitMs?: number;
  /** A call that is not critical ends with RATE_LIMITED after waiting this long in all, ms; default 15,000. */
  readonly budgetWaitMs?: number;
  /** A critical call waits for its host's budget at most this long, ms; default 10,000. */
  readonly criticalWaitMs?: number;
  /**
   * Critical calls with this urgency or a higher number end with RATE_LIMITED after `criticalWaitMs`; all others go on, over the
   * budget: what we think of a host's limit may be wrong, and no limit may deny the call that must get out. Default: none ends.
   */
  readonly refusableUrgency?: number;
  /** Calls that wait at once; default 10,000. Beyond it a call is treated as at the end of its wait, or QUEUE_FULL. */
  readonly waitingMax?: number;
  /** Waits from here on are warned of, ms; default 2,000. */
  readonly warnAfterMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface CallOptions {
  /** Whose budget it uses; default: a host without one. */
  readonly host?: string | undefined;
  /** Among critical calls the lower number goes first; default 0. */
  readonly urgency?: number;
  /** Aborting it ends the wait, or the call as far as the gate is concerned, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Facts for the log, asked for only when they are logged. */
  readonly args?: (() => CallArguments) | undefined;
}

const NO_OPTIONS: CallOptions = {};
const { CRITICAL } = ApiCallPriority;

/**
 * Decides which call to an external API may start now; README.md tells the rules. One per process: its calls share the budgets, and
 * give way to its critical ones.
 */
export class ApiGate {
  readonly #clock: Clock;
  readonly #log: GateLog;
  readonly #lanes = new Map<string, Lane>();
  readonly #tallies = newTallies();
  readonly #room: WaitingRoom;
  #lastCritical = '';
  #closed = false;

  constructor(options: ApiGateOptions = {}) {
    const { clock = systemClock, logger = silentLogger, warnAfterMs = WARN_AFTER_MS } = options;
    const { maxWaitMs: holdMs = MAX_WAIT_MS, budgetWaitMs: othersMs = BUDGET_WAIT_MS } = options;
    const { highWaitMs: highHoldMs = holdMs } = options;
    const { criticalWaitMs: criticalMs = CRITICAL_WAIT_MS, waitingMax = WAITING_CALLS_MAX } = options;
    if (!(highHoldMs >= 0 && holdMs >= highHoldMs && othersMs >= holdMs && criticalMs >= 0)) {
      throw new RangeError(
        `no wait may be negative, nor budgetWaitMs (${othersMs}) below maxWaitMs (${holdMs}), nor that below highWaitMs`,
      );
    }
    this.#clock = clock;
    this.#log = new GateLog(logger, clock, warnAfterMs);
    for (const [host, budget] of Object.entries(options.budgets ?? {})) this.#lanes.set(host, new Lane(host, budget));
    this.#room = new WaitingRoom({
      clock,
      log: this.#log,
      tallies: this.#tallies,
      holdMs,
      highHoldMs,
      othersMs,
      criticalMs,
      waitingMax,
      refusableUrgency: options.refusableUrgency ?? Number.POSITIVE_INFINITY,
      begin: (lane, level, name, waitedMs) => this.#begin(lane, level, name, waitedMs),
      lastCritical: () => this.#lastCritical,
    });
  }

  /**
   * Starts `call` when its level and its host's budget let it, at once if nothing is in the way; resolves or rejects as it does.
   *
   * @throws RATE_LIMITED (the host's budget did not come in time), QUEUE_FULL, SHUTTING_DOWN, the signal's reason
   */
  executeWithPriority<T>(
    call: () => Promise<T>,
    level: ApiCallPriority,
    name: string,
    options: CallOptions = NO_OPTIONS,
  ): Promise<T> {
    const { host = '', signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.reject(shuttingDown());
    const lane = this.#lane(host);
    if (!this.#startsAtOnce(lane, level)) return this.#later(call, lane, level, name, options);
    this.#begin(lane, level, name, 0);
    return this.#run(call, lane, level, name, options);
  }

  /** Tells the gate what an answer said of its host's limit. `level` is that of the answered call. */
  noteAnswer(host: string, level: ApiCallPriority, answer: RateLimitAnswer): void {
    const lane = this.#lane(host);
    if (!answer.limited && answer.remaining === undefined && !lane.isCounted) return;
    lane.heard(level, answer, this.#clock.now());
    if (lane.waiting > 0) this.#room.release([lane]);
  }

  stats(): GateStats {
    const now = this.#clock.now();
    const hosts = [...this.#lanes.values()].map((lane) => lane.stats(now));
    return { levels: readTallies(this.#tallies), hosts: hosts.sort((a, b) => (a.host < b.host ? -1 : 1)) };
  }

  /** Ends every wait, and every call to come, with SHUTTING_DOWN. Calls under way end by themselves. */
  close(): void {
    this.#closed = true;
    this.#room.close(this.#lanes.values());
  }

  #lane(host: string): Lane {
    const known = this.#lanes.get(host);
    if (known) return known;
    if (this.#lanes.size >= HOSTS_MAX)
      throw new RangeError(`more than ${HOSTS_MAX} hosts: is "${host}" the name of one?`);
    const lane = new Lane(host, undefined);
    this.#lanes.set(host, lane);
    return lane;
  }

  #startsAtOnce(lane: Lane, level: ApiCallPriority): boolean {
    const isFirst =
      level === CRITICAL
        ? lane.waitingAt(CRITICAL) === 0
        : this.#tallies[CRITICAL].inFlight === 0 && lane.waiting === 0;
    return isFirst && (!lane.isCounted || lane.budgetWaitMs(level, this.#clock.now()) === 0);
  }

  #begin(lane: Lane, level: ApiCallPriority, name: string, waitedMs: number): void {
    lane.take(level, lane.isCounted ? this.#clock.now() : 0);
    this.#tallies[level].began(waitedMs);
    if (level === CRITICAL) this.#lastCritical = name;
  }

  #end(lane: Lane, level: ApiCallPriority): void {
    lane.inFlight--;
    this.#tallies[level].inFlight--;
    if (level !== CRITICAL || this.#room.size === 0 || this.#tallies[CRITICAL].inFlight > 0) return;
    this.#room.release([...this.#lanes.values()]);
  }

  /** The call is counted already. It is counted out when it ends or its signal aborts, whatever it does afterwards. */
  async #run<T>(
    call: () => Promise<T>,
    lane: Lane,
    level: ApiCallPriority,
    name: string,
    { signal, args }: CallOptions,
  ): Promise<T> {
    try {
      if (level === CRITICAL) this.#log.critical(name, args);
      return await (signal ? orAborted(call(), signal) : call());
    } finally {
      this.#end(lane, level);
    }
  }

  /** Waits first. What is called then runs in its caller's own context, not in that of whoever let it start. */
  async #later<T>(
    call: () => Promise<T>,
    lane: Lane,
    level: ApiCallPriority,
    name: string,
    options: CallOptions,
  ): Promise<T> {
    const { urgency = 0, signal } = options;
    await this.#room.turn({ lane, level, name, urgency, signal });
    if (signal?.aborted) {
      this.#end(lane, level);
      throw signal.reason;
    }
    return this.#run(call, lane, level, name, options);
  }
}
