import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { type ApiCallPriority, levelName } from './api-call-priority.js';
import { WARN_INTERVAL_MS } from './limits.js';

/** Facts of a call for the log: mints, amounts, ids. Never a URL, a header or a key. */
export type CallArguments = Readonly<Record<string, string | number | boolean>>;

export interface WaitFacts {
  readonly name: string;
  readonly level: ApiCallPriority;
  readonly host: string;
  readonly waitedMs: number;
  /** What it waited for, in words. */
  readonly why: string;
  readonly outcome: 'started' | 'started over the budget' | 'refused' | 'given up by its caller';
}

/** What the gate tells: critical calls and every wait at debug; long waits as warnings, one per ten seconds. */
export class GateLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #warnAfterMs: number;
  #nextWarningAt = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(logger: Logger, clock: Clock, warnAfterMs: number) {
    this.#logger = logger;
    this.#clock = clock;
    this.#warnAfterMs = warnAfterMs;
  }

  critical(name: string, args: (() => CallArguments) | undefined): void {
    if (this.#logger.isLevelEnabled('debug')) this.#logger.debug({ call: name, args: shown(args) }, 'critical call');
  }

  waited({ name, level, host, waitedMs, why, outcome }: WaitFacts): void {
    const facts = { call: name, priority: levelName(level), host, waitedMs, why, outcome };
    if (waitedMs < this.#warnAfterMs) {
      this.#logger.debug(facts, 'a call waited');
      return;
    }
    const now = this.#clock.now();
    if (now < this.#nextWarningAt) {
      this.#untold++;
      this.#logger.debug(facts, 'a call waited long');
      return;
    }
    this.#nextWarningAt = now + WARN_INTERVAL_MS;
    this.#logger.warn({ ...facts, untoldSinceLastWarning: this.#untold }, 'a call waited long');
    this.#untold = 0;
  }
}

/** What cannot be logged must not keep the call from being made. */
function shown(args: (() => CallArguments) | undefined): CallArguments {
  try {
    return args?.() ?? {};
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}
