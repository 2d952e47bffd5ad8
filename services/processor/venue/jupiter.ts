import { Configuration, FetchError, type QuoteResponse, SwapApi } from '@jup-ag/api';
import { BigNumber } from 'bignumber.js';
import { PRICE_DECIMALS } from '../../../shared/core/decimals.js';
import {
  budgetName,
  type Call,
  type CallLevel,
  type CallOptions,
  callUnder,
  type OnAnswer,
  type Work,
} from './calls.js';
import type { PriorityLevel } from './config.js';
import { excerpt, fetchJson, hostOf, jsonOrUndefined, kindOf, secretsOf } from './http.js';
import { parsePriceAnswer, quoteAnswer, refusal, swapAnswer } from './jupiter-schemas.js';
import { PRICES_PER_CALL_MAX, TRANSACTION_BYTES_MAX } from './limits.js';
import { SOL_MINT } from './spl.js';
import { VenueError, type VenueErrorKind } from './venue-error.js';

export interface JupiterOptions {
  /** Without a path, such as `https://api.jup.ag`. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly call: Call;
}

export interface QuoteRequest {
  readonly inputMint: string;
  readonly outputMint: string;
  /** Base units of the input mint, all of which will be spent. */
  readonly amount: bigint;
  readonly slippageBps: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Quote {
  /** Base units in and out. */
  readonly inAmount: bigint;
  readonly outAmount: bigint;
  /** The least base units that come out, or the swap fails. */
  readonly leastOut: bigint;
  /** Names of the pools on the route. */
  readonly labels: readonly string[];
  /** The answer as Jupiter wants it back. */
  readonly response: QuoteResponse;
}

export interface SwapRequest {
  readonly quote: Quote;
  readonly userPublicKey: string;
  readonly priorityLevel: PriorityLevel;
  /** The most to pay for priority, lamports. */
  readonly priorityFeeMaxLamports: bigint;
  readonly signal?: AbortSignal | undefined;
}

/** Prices in SOL per whole token, by mint; mints Jupiter has no usable price for are left out. */
export type Prices = ReadonlyMap<string, string>;

/** Codes that say "nobody trades this", https://dev.jup.ag/docs/swap-api/common-errors */
const NO_ROUTE_CODES = new Set([
  'COULD_NOT_FIND_ANY_ROUTE',
  'NO_ROUTES_FOUND',
  'ROUTE_PLAN_DOES_NOT_CONSUME_ALL_THE_AMOUNT',
  'MARKET_NOT_FOUND',
]);

/** Jupiter's swap API v1 and price API v3. Each method is one use with its level built in (A1). */
export class Jupiter {
  readonly host: string;
  readonly #options: JupiterOptions;
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(options: JupiterOptions) {
    this.#options = options;
    this.host = hostOf(options.url, "Jupiter's API");
    this.#url = options.url.replace(/\/+$/, '');
    this.#headers = options.apiKey ? { 'x-api-key': options.apiKey } : {};
  }

  /** CRITICAL. A quote for an order. */
  quote(request: QuoteRequest): Promise<Quote> {
    return this.#quote('CRITICAL', request);
  }

  /** HIGH. A quote that only tells the price of a position. */
  quoteForPosition(request: QuoteRequest): Promise<Quote> {
    return this.#quote('HIGH', request);
  }

  /** NORMAL. A quote that only tells a price. */
  quoteForScan(request: QuoteRequest): Promise<Quote> {
    return this.#quote('NORMAL', request);
  }

  /** CRITICAL. The unsigned transaction for a quote. */
  swap(request: SwapRequest): Promise<{ bytes: Uint8Array; lastValidBlockHeight: bigint }> {
    const { quote, userPublicKey, priorityLevel, priorityFeeMaxLamports, signal } = request;
    const maxLamports = Number(priorityFeeMaxLamports);
    const swapRequest = {
      userPublicKey,
      quoteResponse: quote.response,
      wrapAndUnwrapSol: true,
      dynamicComputeUnitLimit: true,
      prioritizationFeeLamports: { priorityLevelWithMaxLamports: { maxLamports, priorityLevel } },
    };
    const { inputMint, outputMint } = quote.response;
    const args = () => ({ inputMint, outputMint, inAmount: quote.inAmount.toString(), userPublicKey, maxLamports });
    return this.#ask('CRITICAL', 'swap', { signal, args }, async (inner, onAnswer) => {
      const { raw } = await this.#api(onAnswer).swapPostRaw({ swapRequest }, { signal: inner });
      const answer = swapAnswer.safeParse(await raw.json());
      if (!answer.success) throw this.#garbage('a swap');
      const bytes = Buffer.from(answer.data.swapTransaction, 'base64');
      if (bytes.length === 0 || bytes.length > TRANSACTION_BYTES_MAX) throw this.#garbage('a swap');
      return { bytes, lastValidBlockHeight: BigInt(answer.data.lastValidBlockHeight) };
    });
  }

  /** HIGH. Prices that guard positions; at most 50 mints. */
  pricesForPositions(mints: readonly string[], signal?: AbortSignal): Promise<Prices> {
    return this.#prices('HIGH', mints, signal);
  }

  /** NORMAL. Prices for looking at the market; at most 50 mints. */
  pricesForScan(mints: readonly string[], signal?: AbortSignal): Promise<Prices> {
    return this.#prices('NORMAL', mints, signal);
  }

  #quote(level: CallLevel, { inputMint, outputMint, amount, slippageBps, signal }: QuoteRequest): Promise<Quote> {
    const args = () => ({ inputMint, outputMint, amount: amount.toString(), slippageBps });
    return this.#ask(level, 'quote', { signal, args }, async (inner, onAnswer) => {
      // The generated type wants a number, which cannot hold every u64; it is put into the URL as it comes.
      const exact = amount.toString() as unknown as number;
      const query = { inputMint, outputMint, amount: exact, slippageBps, swapMode: 'ExactIn' as const };
      const { raw } = await this.#api(onAnswer).quoteGetRaw(query, { signal: inner });
      const body: unknown = await raw.json();
      const answer = quoteAnswer.safeParse(body);
      if (!answer.success) throw this.#garbage('a quote');
      const { inAmount, outAmount, otherAmountThreshold: leastOut, routePlan } = answer.data;
      const asked = answer.data.inputMint === inputMint && answer.data.outputMint === outputMint && inAmount === amount;
      const least = (outAmount * BigInt(10_000 - slippageBps)) / 10_000n;
      if (!asked || outAmount === 0n || leastOut < least || leastOut > outAmount) {
        throw new VenueError('GARBAGE', `${this.host} quoted something else than what was asked for`);
      }
      const labels = routePlan.map(({ swapInfo }) => swapInfo.label ?? swapInfo.ammKey);
      return { inAmount, outAmount, leastOut, labels, response: body as QuoteResponse };
    });
  }

  #prices(level: CallLevel, mints: readonly string[], signal: AbortSignal | undefined): Promise<Prices> {
    if (mints.length > PRICES_PER_CALL_MAX) throw new RangeError(`at most ${PRICES_PER_CALL_MAX} mints per price call`);
    return this.#ask(level, 'price', { signal }, async (inner, onAnswer) => {
      const ids = [...new Set([SOL_MINT, ...mints])].join(',');
      const init = { headers: this.#headers, signal: inner };
      const response = await this.#fetch(`${this.#url}/price/v3?ids=${encodeURIComponent(ids)}`, init, onAnswer);
      const usd = this.#usdPrices(await response.text());
      const sol = usd.get(SOL_MINT);
      if (!sol) throw new VenueError('GARBAGE', `${this.host} has no usable price of SOL`);
      const prices = new Map<string, string>();
      for (const mint of mints) {
        const price = usd.get(mint)?.dividedBy(sol).decimalPlaces(PRICE_DECIMALS, BigNumber.ROUND_HALF_EVEN);
        if (price?.isGreaterThan(0)) prices.set(mint, price.toFixed());
      }
      return prices;
    });
  }

  /** Positive finite prices only. */
  #usdPrices(text: string): Map<string, BigNumber> {
    try {
      const entries = Object.entries(parsePriceAnswer(text)).map(([mint, entry]) => {
        return [mint, new BigNumber(entry?.usdPrice ?? Number.NaN)] as const;
      });
      return new Map(entries.filter(([, price]) => price.isFinite() && price.isGreaterThan(0)));
    } catch {
      throw this.#garbage('prices');
    }
  }

  /** Costs nothing next to the call: the generated client has no other way to tell the answers of one call from another's. */
  #api(onAnswer: OnAnswer): SwapApi {
    const fetchApi: typeof fetch = (url, init) => this.#fetch(String(url), init ?? {}, onAnswer);
    return new SwapApi(new Configuration({ basePath: `${this.#url}/swap/v1`, headers: this.#headers, fetchApi }));
  }

  #fetch(url: string, init: RequestInit, onAnswer: OnAnswer): Promise<Response> {
    const { url: own, apiKey = '' } = this.#options;
    const server = { host: this.host, secrets: [apiKey, ...secretsOf(own)], onAnswer, refusal: refusalOf(this.host) };
    return fetchJson(server, url, init);
  }

  async #ask<T>(level: CallLevel, method: string, options: CallOptions, work: Work<T>): Promise<T> {
    try {
      const budget = budgetName('jupiter', this.host);
      return await callUnder(this.#options.call, level, `${this.host}:${method}`, { ...options, budget }, work);
    } catch (error) {
      // The generated client wraps whatever its fetch throws.
      throw error instanceof FetchError ? error.cause : error;
    }
  }

  #garbage(what: string): VenueError {
    return new VenueError('GARBAGE', `${this.host} answered with something that is not ${what}`);
  }
}

function refusalOf(host: string) {
  return (status: number, body: string): VenueError | undefined => {
    const parsed = refusal.safeParse(jsonOrUndefined(body));
    if (!parsed.success) return undefined;
    const { error, errorCode: code, message } = parsed.data;
    const text = excerpt(error ?? message ?? body);
    return new VenueError(refusalKind(status, code), `${host}: ${text}`, { httpStatus: status, code });
  };
}

function refusalKind(status: number, code: string | undefined): VenueErrorKind {
  if (code !== undefined && NO_ROUTE_CODES.has(code)) return 'NO_ROUTE';
  return code === 'TOKEN_NOT_TRADABLE' ? 'NOT_TRADABLE' : kindOf(status);
}
