import type { Clock, Timer } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Price, PriceOracle, PricePurpose } from './price-oracle.js';

export interface PriceFeedOptions {
  readonly oracle: Pick<PriceOracle, 'price' | 'prices'>;
  readonly purpose: PricePurpose;
  /** Between the begin of two looks while anybody listens, ms. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What listeners follow at one moment. */
export interface Followed {
  readonly tokens: number;
  /** Age of the oldest newest price; of a token without one, since somebody began to follow it. 0 without tokens. */
  readonly oldestMs: number;
}

interface Subscriber {
  readonly mints: ReadonlySet<string>;
  readonly tell: (price: Price) => void;
  /** Clock time, ms. */
  readonly since: number;
}

/** Mints without a price of Jupiter's price API that are quoted in one look; the others come with the next ones. */
const QUOTES_PER_LOOK = 10;

/**
 * Prices for everyone who listens, by one look at the venue for all of them: the mints of all subscribers together, again and
 * again while there are any. A mint without a price is left out of a look; its listeners see the age of the last one grow.
 */
export class PriceFeed {
  readonly #options: PriceFeedOptions;
  readonly #subscribers = new Set<Subscriber>();
  /** When the newest price was asked for, by mint; of those that are followed. */
  readonly #seenAt = new Map<string, number>();
  readonly #stop = new AbortController();
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #failing = false;
  /** Where the next look's quotes begin among the mints that need one. */
  #quoteFrom = 0;

  constructor(options: PriceFeedOptions) {
    this.#options = options;
  }

  /** Calls `tell` with each price of these mints, from a look that begins at once; returns the function that ends it. */
  subscribe(mints: readonly string[], tell: (price: Price) => void): () => void {
    const subscriber = { mints: new Set(mints), tell, since: this.#options.clock.now() };
    this.#subscribers.add(subscriber);
    this.#look();
    return () => {
      this.#subscribers.delete(subscriber);
      for (const mint of subscriber.mints) if (!this.#isFollowed(mint)) this.#seenAt.delete(mint);
    };
  }

  followed(now: number): Followed {
    const since = new Map<string, number>();
    for (const subscriber of this.#subscribers) {
      for (const mint of subscriber.mints) since.set(mint, Math.min(subscriber.since, since.get(mint) ?? now));
    }
    const ages = [...since].map(([mint, begun]) => now - (this.#seenAt.get(mint) ?? begun));
    return { tokens: since.size, oldestMs: ages.reduce((oldest, age) => Math.max(oldest, age), 0) };
  }

  /** Mints whose newest price is known; never more than are followed. */
  get remembered(): number {
    return this.#seenAt.size;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#timer?.cancel();
    this.#subscribers.clear();
    this.#seenAt.clear();
    await this.#looking;
  }

  /** One look at a time; who came meanwhile is in the next one, which then begins at once. */
  #look(): void {
    if (this.#stop.signal.aborted || this.#subscribers.size === 0) return;
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    this.#timer?.cancel();
    const { clock, intervalMs } = this.#options;
    const began = clock.now();
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined;
      const waitMs = this.#again ? 0 : Math.max(0, began + intervalMs - clock.now());
      this.#again = false;
      if (!this.#stop.signal.aborted) this.#timer = clock.setTimer(() => this.#look(), waitMs);
    });
  }

  async #lookOnce(): Promise<void> {
    const { oracle, purpose, logger } = this.#options;
    const mints = [...new Set([...this.#subscribers].flatMap((subscriber) => [...subscriber.mints]))];
    try {
      const found = await oracle.prices(mints, purpose, this.#stop.signal);
      for (const price of found.values()) this.#tell(price);
      await this.#quote(mints.filter((mint) => !found.has(mint)));
      if (this.#failing) logger.info({ purpose }, 'prices can be had again');
      this.#failing = false;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (!this.#failing) logger.warn({ purpose, mints: mints.length, err: messageOf(error) }, 'no prices; looking on');
      this.#failing = true;
      await this.#quote(mints);
    }
  }

  /** What the price API does not know, or cannot say now, is quoted one by one, a few in each look. */
  async #quote(mints: readonly string[]): Promise<void> {
    const { oracle, purpose, logger } = this.#options;
    if (mints.length === 0) return;
    const from = this.#quoteFrom % mints.length;
    const turn = [...mints.slice(from), ...mints.slice(0, from)].slice(0, QUOTES_PER_LOOK);
    this.#quoteFrom = from + turn.length;
    for (const mint of turn) {
      if (this.#stop.signal.aborted) return;
      try {
        this.#tell(await oracle.price(mint, purpose, this.#stop.signal));
      } catch (error) {
        logger.debug({ mint, purpose, err: messageOf(error) }, 'no price');
      }
    }
  }

  #isFollowed(mint: string): boolean {
    return [...this.#subscribers].some(({ mints }) => mints.has(mint));
  }

  #tell(price: Price): void {
    // A look may end after the last one who followed this mint has left.
    if (this.#isFollowed(price.mint)) this.#seenAt.set(price.mint, price.at);
    for (const { mints, tell } of [...this.#subscribers]) if (mints.has(price.mint)) tell(price);
  }
}
