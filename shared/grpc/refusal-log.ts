import type { Clock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { REFUSAL_LOG_INTERVAL_MS } from './bounds.js';
import { hostOf } from './loopback.js';

/** Different reasons and addresses kept apart; beyond that those of one reason share a line. */
const KINDS_MAX = 200;

interface Kind {
  readonly saidAt: number;
  /** Since then, and not said. */
  more: number;
}

/** Says in the log who was not let in: the first of a kind at once, then how many more there were. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  /** By reason, of which there are few. */
  readonly #shared = new Map<string, Kind>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  note(method: string, peer: string, error: unknown): void {
    if (!(error instanceof ExitlaneError)) return;
    const address = hostOf(peer);
    this.#say(error.reason, address, `a call was refused: ${error.message}`, {
      method,
      reason: error.reason,
    });
  }

  /** A connection that did not become one. */
  connection(address: string, why: string): void {
    this.#say('connection', address, `a connection was refused: ${why}`, {});
  }

  #say(reason: string, address: string, text: string, facts: Readonly<Record<string, string>>): void {
    const now = this.#clock.now();
    const own = `${reason} ${address}`;
    if (!this.#kinds.has(own) && this.#kinds.size >= KINDS_MAX) this.#forget(now);
    const isOwn = this.#kinds.has(own) || this.#kinds.size < KINDS_MAX;
    const [kinds, key] = isOwn ? [this.#kinds, own] : [this.#shared, reason];
    const kind = kinds.get(key);
    if (kind && now - kind.saidAt < REFUSAL_LOG_INTERVAL_MS) {
      kind.more += 1;
      return;
    }
    kinds.set(key, { saidAt: now, more: 0 });
    const more = kind?.more ?? 0;
    const peer = isOwn ? address : 'many addresses';
    this.#logger.warn({ ...facts, peer, ...(more > 0 ? { more_before: more } : {}) }, text);
  }

  /** Those that may speak again anyway. */
  #forget(now: number): void {
    for (const [key, { saidAt }] of this.#kinds) if (now - saidAt >= REFUSAL_LOG_INTERVAL_MS) this.#kinds.delete(key);
  }
}
