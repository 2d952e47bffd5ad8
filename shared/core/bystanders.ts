import { type Clock, systemClock } from './clock.js';
import type { Logger } from './logger.js';

/** One that fails on every statement must not fill the log with it. */
const SAY_AGAIN_MS = 60_000;

/**
 * Those who only look on: numbers, traces, lines in the log. Work goes on, and what is committed stays told as committed, whatever
 * they throw: it is counted, and said in the log at most once a minute.
 */
export class Bystanders {
  readonly #who: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #failures = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param who for the log, such as `an observer of calls` */
  constructor(who: string, logger: Logger, clock: Clock = systemClock) {
    this.#who = who;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** How often one of them threw. */
  get failures(): number {
    return this.#failures;
  }

  /** Never throws. */
  tell(what: () => void): void {
    try {
      what();
    } catch (error) {
      this.#failures += 1;
      this.#say(error);
    }
  }

  #say(error: unknown): void {
    const now = this.#clock.now();
    if (now - this.#saidAt < SAY_AGAIN_MS) return;
    this.#saidAt = now;
    try {
      this.#logger.warn({ err: error, failures: this.#failures }, `${this.#who} failed; the work went on`);
    } catch {
      // The log is a bystander as well: `failures` has counted it.
    }
  }
}
