import type { Clock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { REFUSAL_LOG_INTERVAL_MS } from './bounds.js';
import { hostOf } from './loopback.js';

/** Different reasons and addresses kept apart; beyond that they share one line. */
const KINDS_MAX = 200;

/** Says in the log who was not let in: the first of a kind at once, then how many more there were. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, { saidAt: number; more: number }>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  note(method: string, peer: string, error: unknown): void {
    if (!(error instanceof ExitlaneError)) return;
    const address = hostOf(peer);
    this.#say(`${error.reason} ${address}`, `a call was refused: ${error.message}`, {
      method,
      peer: address,
      reason: error.reason,
    });
  }

  /** A connection that did not become one. */
  connection(address: string, why: string): void {
    this.#say(`connection ${address}`, `a connection was refused: ${why}`, { peer: address });
  }

  #say(key: string, text: string, facts: Readonly<Record<string, string>>): void {
    if (this.#kinds.size >= KINDS_MAX) this.#kinds.clear();
    const now = this.#clock.now();
    const kind = this.#kinds.get(key);
    if (kind && now - kind.saidAt < REFUSAL_LOG_INTERVAL_MS) {
      kind.more += 1;
      return;
    }
    this.#kinds.set(key, { saidAt: now, more: 0 });
    const more = kind?.more ?? 0;
    this.#logger.warn({ ...facts, ...(more > 0 ? { more_before: more } : {}) }, text);
  }
}
