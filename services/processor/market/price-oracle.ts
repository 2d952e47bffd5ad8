import { orAborted } from '../../../shared/core/abort.js';
import type { Clock } from '../../../shared/core/clock.js';
import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import type { Jupiter } from '../venue/jupiter.js';
import { PRICES_PER_CALL_MAX } from '../venue/limits.js';
import { isRateLimit } from '../venue/venue-error.js';
import { checkAddress, type MintRegistry } from './mint-registry.js';
import { priceFromQuote } from './quote-price.js';

/** What a price is for: guarding a position goes before looking at the market. */
export type PricePurpose = 'POSITION' | 'SCAN';

export interface Price {
  readonly mint: string;
  /** SOL per whole token, a positive decimal string. */
  readonly price: string;
  readonly source: 'jupiter-price' | 'jupiter-quote';
  /** Clock time at which the source was asked, ms since the epoch. */
  readonly at: number;
}

export interface PriceOracleOptions {
  readonly jupiter: Jupiter;
  readonly mints: Pick<MintRegistry, 'get' | 'getForScan'>;
  readonly clock: Clock;
  /** A price this old is asked for anew, milliseconds; default 500 for positions and 2,000 for scanning. */
  readonly maxAgeMs?: Partial<Readonly<Record<PricePurpose, number>>>;
}

/** Prices kept; a bot follows hundreds of tokens, not tens of thousands. */
const PRICES_MAX = 10_000;

/**
 * Prices in SOL. Jupiter's price API comes first; for a token it has no price of, a sale is quoted. Prices are kept for a
 * moment, and one that is being asked for is not asked for twice - within one purpose, so that a position's price never waits
 * for one that a scan asked for.
 */
export class PriceOracle {
  readonly #options: PriceOracleOptions;
  readonly #prices = new Map<string, Price>();
  readonly #asking = new Map<string, Promise<Price>>();

  constructor(options: PriceOracleOptions) {
    this.#options = options;
  }

  /** @throws ExitlaneError INVALID_FIELD (not an address), MINT_NOT_FOUND, PRICE_UNAVAILABLE */
  async price(mint: string, purpose: PricePurpose, signal?: AbortSignal): Promise<Price> {
    checkAddress(mint);
    const fresh = this.#fresh(mint, purpose);
    if (fresh) return fresh;
    signal?.throwIfAborted();
    const key = `${purpose} ${mint}`;
    let asking = this.#asking.get(key);
    if (!asking) {
      asking = this.#ask(mint, purpose).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    // Others may wait for the same answer, so an abort ends the wait and not the call.
    return signal ? orAborted(asking, signal) : asking;
  }

  /** Prices of many mints with few calls. Mints without a price are left out; fallback quotes are not made. */
  async prices(mints: readonly string[], purpose: PricePurpose, signal?: AbortSignal): Promise<Map<string, Price>> {
    const found = new Map<string, Price>();
    const stale = [];
    for (const mint of new Set(mints)) {
      checkAddress(mint);
      const fresh = this.#fresh(mint, purpose);
      if (fresh) found.set(mint, fresh);
      else stale.push(mint);
    }
    for (let at = 0; at < stale.length; at += PRICES_PER_CALL_MAX) {
      const chunk = stale.slice(at, at + PRICES_PER_CALL_MAX);
      for (const price of await this.#fromPriceApi(chunk, purpose, signal)) found.set(price.mint, price);
    }
    return found;
  }

  #fresh(mint: string, purpose: PricePurpose): Price | undefined {
    const price = this.#prices.get(mint);
    const maxAgeMs = this.#options.maxAgeMs?.[purpose] ?? (purpose === 'POSITION' ? 500 : 2_000);
    return price && this.#options.clock.now() - price.at <= maxAgeMs ? price : undefined;
  }

  async #ask(mint: string, purpose: PricePurpose): Promise<Price> {
    let cause: unknown;
    try {
      const [price] = await this.#fromPriceApi([mint], purpose);
      if (price) return price;
    } catch (error) {
      // A quote comes out of the same budget: it would fare no better, and take from who waits for it.
      if (isRateLimit(error)) throw unavailable(mint, error);
      cause = error;
    }
    return this.#fromQuote(mint, purpose, cause);
  }

  async #fromPriceApi(mints: readonly string[], purpose: PricePurpose, signal?: AbortSignal): Promise<Price[]> {
    const { jupiter, clock } = this.#options;
    const at = clock.now();
    const prices = await (purpose === 'POSITION'
      ? jupiter.pricesForPositions(mints, signal)
      : jupiter.pricesForScan(mints, signal));
    return [...prices].map(([mint, price]) => this.#keep({ mint, price, source: 'jupiter-price', at }));
  }

  async #fromQuote(mint: string, purpose: PricePurpose, earlier: unknown): Promise<Price> {
    const { jupiter, mints, clock } = this.#options;
    const { decimals } = await (purpose === 'POSITION' ? mints.get(mint) : mints.getForScan(mint));
    const at = clock.now();
    try {
      const price = await priceFromQuote(jupiter, mint, decimals, purpose);
      return this.#keep({ mint, price, source: 'jupiter-quote', at });
    } catch (cause) {
      throw unavailable(mint, cause, earlier === undefined ? '' : `${messageOf(earlier)}; `);
    }
  }

  #keep(price: Price): Price {
    this.#prices.delete(price.mint);
    this.#prices.set(price.mint, price);
    if (this.#prices.size > PRICES_MAX) this.#prices.delete(this.#prices.keys().next().value ?? '');
    return price;
  }
}

function unavailable(mint: string, cause: unknown, earlier = ''): ExitlaneError {
  const text = `there is no price of ${mint} now: ${earlier}${messageOf(cause)}`;
  const retryDelayMs = (isRateLimit(cause) ? cause.retryDelayMs : undefined) ?? 1_000;
  return new ExitlaneError('PRICE_UNAVAILABLE', text, { cause, metadata: { token_address: mint }, retryDelayMs });
}
