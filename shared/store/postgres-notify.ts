import { type Clock, systemClock, type Timer } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { encodeHints, HINT_CHANNEL } from './hint-payload.js';
import { HINT_INTERVAL_MS } from './limits.js';
import type { Hint } from './session.js';

/** The part of pg.Pool that is used. */
export interface NotifyPool {
  query(sql: string, params: unknown[]): Promise<unknown>;
}

/**
 * Sends hints as one NOTIFY at most every 10 ms, one at a time, outside of any transaction: inside, a NOTIFY takes a
 * database-wide lock at commit. The first hint after a pause leaves at once.
 */
export class HintSender {
  readonly #sender: string;
  readonly #pool: NotifyPool;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** By topic and key: the same hint twice is one. */
  readonly #waiting = new Map<string, Hint>();
  #sending: Promise<void> | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #closed = false;

  constructor(sender: string, pool: NotifyPool, logger: Logger, clock: Clock = systemClock) {
    this.#sender = sender;
    this.#clock = clock;
    this.#pool = pool;
    this.#logger = logger;
  }

  send(hints: readonly Hint[]): void {
    for (const hint of hints) this.#waiting.set(hint.join(' '), hint);
    this.#schedule();
  }

  /** Sends what waits, then nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#sending;
    await this.#flush();
  }

  #schedule(): void {
    if (this.#timer || this.#sending || this.#closed || this.#waiting.size === 0) return;
    // The clock may be set back: never wait longer than the interval for it to catch up.
    const waitMs = Math.min(HINT_INTERVAL_MS, this.#sentAt + HINT_INTERVAL_MS - this.#clock.now());
    if (waitMs <= 0) {
      this.#start();
      return;
    }
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.#start();
    }, waitMs);
  }

  #start(): void {
    this.#sending = this.#flush().finally(() => {
      this.#sending = undefined;
      this.#schedule();
    });
  }

  async #flush(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const payload = encodeHints({ sender: this.#sender, hints: [...this.#waiting.values()] });
    this.#waiting.clear();
    this.#sentAt = this.#clock.now();
    try {
      await this.#pool.query('SELECT pg_notify($1, $2)', [HINT_CHANNEL, payload]);
    } catch (error) {
      this.#logger.warn({ err: error }, 'hints to other processes were lost; those look by themselves soon');
    }
  }
}
