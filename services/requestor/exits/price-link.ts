import type { StreamPricesResponse } from '../../../proto/gen/exitlane/v1/market_service.js';
import { isAbortOf } from '../../../shared/core/abort.js';
import type { Clock } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { PriceReading } from '../../../shared/position/price-sanity.js';

export interface PriceLinkOptions {
  readonly open: (mints: readonly string[], signal: AbortSignal) => AsyncIterable<StreamPricesResponse>;
  readonly onReading: (mint: string, reading: PriceReading) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RECONNECT_MS_MIN = 100;
const RECONNECT_MS_MAX = 2_000;

/** Several positions often open or close together: the stream is opened anew for all of them at once. */
const SETTLE_MS = 50;

/**
 * The prices of the mints that are held: one StreamPrices stream, opened anew when the mints change and, with growing pauses, when
 * it broke. It says what it hears; what a missing price means is the listener's business.
 */
export class PriceLink {
  readonly #options: PriceLinkOptions;
  readonly #closed = new AbortController();
  #mints: ReadonlySet<string> = new Set();
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #broken = false;

  constructor(options: PriceLinkOptions) {
    this.#options = options;
  }

  /** From now on these. */
  watch(mints: ReadonlySet<string>): void {
    if (mints.size === this.#mints.size && [...mints].every((mint) => this.#mints.has(mint))) return;
    this.#mints = new Set(mints);
    this.#stop.abort();
    this.#stop = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, this.#closed.signal]);
    this.#running = Promise.all([this.#running, this.#follow([...mints], signal)]).then(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  async #follow(mints: readonly string[], signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    if (mints.length === 0) return;
    let pauseMs = SETTLE_MS;
    for (;;) {
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        for await (const { price } of this.#options.open(mints, signal)) {
          if (!price?.at) continue;
          if (this.#broken) logger.info('prices of positions come again');
          this.#broken = false;
          pauseMs = RECONNECT_MS_MIN;
          this.#options.onReading(price.tokenAddress, {
            value: price.price,
            observedAt: price.at,
            source: price.source,
          });
        }
      } catch (error) {
        if (isAbortOf(signal, error)) return;
        if (!this.#broken) logger.warn({ err: messageOf(error) }, 'no prices of positions; trying again');
        this.#broken = true;
      }
      pauseMs = Math.min(RECONNECT_MS_MAX, Math.max(RECONNECT_MS_MIN, pauseMs * 2));
    }
  }
}
