import type { Clock, Timer } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import { PRICES_PER_CALL_MAX } from '../venue/limits.js';
import { isRateLimit } from '../venue/venue-error.js';
import type { Price, PriceOracle } from './price-oracle.js';

export interface ScannerOptions {
  readonly oracle: Pick<PriceOracle, 'prices'>;
  /** Mint addresses to keep prices of. */
  readonly mints: readonly string[];
  /** Between the begin of two scans, ms. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Pause after failed scans: doubles from the interval up to this, or to the interval where that is longer. */
const SCAN_PAUSE_MS_MAX = 300_000;

/** A price that is this much older than the interval was due a while ago. */
const SCAN_LATE_MS = 2_000;

/**
 * Keeps the prices of a watch-list, by calls that give way to all that guard positions and orders. A scan that fails is not made up
 * for: the next comes after twice the pause, later still if the limit says so, and begins where the failed one stopped, so that no
 * mint is left out for good.
 */
export class MarketScanner {
  readonly #options: ScannerOptions;
  readonly #prices = new Map<string, Price>();
  readonly #stop = new AbortController();
  #timer: Timer | undefined;
  /** Index of the mint the next scan begins with. */
  #from = 0;
  #failures = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ScannerOptions) {
    this.#options = options;
  }

  /** The first call comes after `firstCallDelayMs`. */
  start(firstCallDelayMs: number): void {
    const { mints, intervalMs, logger } = this.#options;
    logger.info({ mints: mints.length, intervalMs }, 'market scanner started');
    this.#next(firstCallDelayMs);
  }

  /** The newest price, unless a newer one is overdue. Undefined: never seen, or not on the list. */
  freshPrice(mint: string): Price | undefined {
    const price = this.#prices.get(mint);
    const { clock, intervalMs } = this.#options;
    return price && clock.now() - price.at <= intervalMs + SCAN_LATE_MS ? price : undefined;
  }

  /** Ends the scan under way too. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#timer?.cancel();
    await this.#running;
  }

  #next(delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#timer = this.#options.clock.setTimer(() => {
      this.#running = this.#scan();
    }, delayMs);
  }

  async #scan(): Promise<void> {
    const { clock, intervalMs, logger } = this.#options;
    const began = clock.now();
    try {
      await this.#scanAll();
      if (this.#failures > 0) logger.info('market scanning works again');
      this.#failures = 0;
      this.#next(Math.max(0, began + intervalMs - clock.now()));
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#failures += 1;
      const pauseMs = this.#pauseAfter(error);
      const level = this.#failures === 1 ? 'warn' : 'debug';
      const facts = { err: messageOf(error), limited: isRateLimit(error), failures: this.#failures, pauseMs };
      logger[level](facts, 'market scanning backs off');
      this.#next(pauseMs);
    }
  }

  async #scanAll(): Promise<void> {
    const { oracle, mints } = this.#options;
    for (let left = mints.length; left > 0; ) {
      const chunk = mints.slice(this.#from, this.#from + Math.min(left, PRICES_PER_CALL_MAX));
      for (const price of (await oracle.prices(chunk, 'SCAN', this.#stop.signal)).values()) {
        this.#prices.set(price.mint, price);
      }
      left -= chunk.length;
      this.#from = (this.#from + chunk.length) % mints.length;
    }
  }

  #pauseAfter(error: unknown): number {
    const { intervalMs } = this.#options;
    const doubled = Math.min(intervalMs * 2 ** Math.min(this.#failures, 16), SCAN_PAUSE_MS_MAX);
    const named = isRateLimit(error) ? (error.retryDelayMs ?? 0) : 0;
    return Math.max(intervalMs, doubled, named);
  }
}
