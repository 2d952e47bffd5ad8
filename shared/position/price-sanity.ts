import { BigNumber } from 'bignumber.js';
import { PRICE_DECIMALS } from '../core/decimals.js';

/**
 * Which prices may make a position exit (X10). Pure: the caller keeps what was known before ({@link KnownPrices}, one per mint)
 * and gives it back with the next reading.
 *
 *   reading -> rejected             zero, negative, not a number, infinite, stale, from the future, older than the last
 *           -> accepted             near the last accepted price, or that is too old to compare with
 *           -> second look          a jump: kept as a suspect until the next reading
 *                -> accepted        it is near the suspect: the price did jump
 *                -> accepted        it jumped the same way: the nearer of both counts, for both say that the price went that far
 *                -> accepted        it is near the last accepted price: it did not jump, and the suspect is dropped
 *                -> second look     it jumped the other way, or came too late: it is the suspect now
 */

/** What a source said. `value` is SOL per whole token, as it came. */
export interface PriceReading {
  readonly value: string | number;
  readonly observedAt: Date;
  readonly source: string;
}

/** A price that may decide. `value` is a plain decimal above 0. */
export interface AcceptedPrice {
  readonly value: string;
  readonly observedAt: Date;
  readonly source: string;
}

export interface KnownPrices {
  readonly last?: AcceptedPrice | undefined;
  /** A jump that no second reading has confirmed yet. */
  readonly suspect?: AcceptedPrice | undefined;
}

export interface PriceLimits {
  /** A reading older than this is stale, milliseconds. */
  readonly maxAgeMs: number;
  /** Clocks differ: a reading this far ahead of ours is still now, milliseconds. */
  readonly maxAheadMs: number;
  /** A larger change than this against the last accepted price is a jump, percent. */
  readonly jumpPercent: number;
  /** ... unless the last accepted price is older than this, milliseconds. */
  readonly jumpWindowMs: number;
  /** Two readings at most this far apart confirm each other, percent of the first. */
  readonly confirmPercent: number;
  /** A suspect waits this long for its second reading, milliseconds. */
  readonly confirmWindowMs: number;
}

export const PRICE_LIMITS_DEFAULT: PriceLimits = {
  // Prices are asked for about once a second: ten missed looks are an outage.
  maxAgeMs: 10_000,
  maxAheadMs: 2_000,
  // Meme coins move a few percent between two looks; a fifth is a rug pull or a broken source, and one more look tells which.
  jumpPercent: 20,
  jumpWindowMs: 60_000,
  confirmPercent: 10,
  confirmWindowMs: 10_000,
};

export type PriceProblem =
  | 'not_a_number'
  | 'infinite'
  | 'zero'
  | 'negative'
  | 'stale'
  | 'from_the_future'
  | 'out_of_order';

export type PriceVerdict =
  | { readonly verdict: 'accept'; readonly price: AcceptedPrice; readonly known: KnownPrices }
  | { readonly verdict: 'reject'; readonly problem: PriceProblem; readonly detail: string; readonly known: KnownPrices }
  | { readonly verdict: 'second_look'; readonly detail: string; readonly known: KnownPrices };

/** Judges one reading; `known` of the verdict goes with the next one. */
export function judgePrice(reading: PriceReading, known: KnownPrices, now: Date, limits: PriceLimits): PriceVerdict {
  const value = numberIn(reading.value);
  const problem = problemOf(value, reading, known, now, limits);
  if (problem) return { verdict: 'reject', ...problem, known };
  const price: AcceptedPrice = {
    value: atLeastOneUnit(value).toFixed(),
    observedAt: reading.observedAt,
    source: reading.source,
  };
  const { last, suspect } = known;
  const comparable = last !== undefined && millisBetween(last, price) <= limits.jumpWindowMs;
  if (!comparable || within(price, last, limits.jumpPercent)) return accept(price);
  const way = suspect && directionOf(suspect, last);
  if (suspect && isSecondLook(price, suspect, limits) && directionOf(price, last) === way) {
    const further = directionOf(price, suspect) === way && !within(price, suspect, limits.confirmPercent);
    return further ? accept(suspect, price) : accept(price);
  }
  const detail = `price ${price.value} of ${price.source} is more than ${limits.jumpPercent} % away from ${last.value}, seen ${millisBetween(last, price)} ms before: waiting for a second reading`;
  // The same reading told again is no second one.
  const first = suspect && sameReading(suspect, price) ? suspect : price;
  return { verdict: 'second_look', detail, known: { last, suspect: first } };
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,9})?$/i;

/** NaN for whatever is no decimal number; text and numbers of JSON alike. */
function numberIn(given: string | number): BigNumber {
  const text = String(given).trim();
  const readable = NUMBER.test(text) || /^[+-]?Infinity$/.test(text);
  return new BigNumber(readable ? text : Number.NaN);
}

function accept(price: AcceptedPrice, suspect?: AcceptedPrice): PriceVerdict {
  return { verdict: 'accept', price, known: { last: price, suspect } };
}

function problemOf(
  value: BigNumber,
  { observedAt, value: given, source }: PriceReading,
  { last }: KnownPrices,
  now: Date,
  limits: PriceLimits,
): { problem: PriceProblem; detail: string } | undefined {
  const refuse = (problem: PriceProblem, text: string) => ({ problem, detail: `${source} said ${given}: ${text}` });
  if (value.isNaN()) return refuse('not_a_number', 'not a number');
  if (value.absoluteValue().isGreaterThan(PRICE_MAX)) return refuse('infinite', 'more than any price can be');
  if (value.isZero()) return refuse('zero', 'a price is above 0');
  if (value.isNegative()) return refuse('negative', 'a price is above 0');
  const ageMs = now.getTime() - observedAt.getTime();
  if (!(ageMs <= limits.maxAgeMs)) return refuse('stale', `${ageMs} ms old, at most ${limits.maxAgeMs} ms count`);
  if (-ageMs > limits.maxAheadMs) return refuse('from_the_future', `observed ${-ageMs} ms from now`);
  if (last && observedAt < last.observedAt) {
    return refuse('out_of_order', `observed ${-millisBetween(last, { observedAt })} ms before the last price`);
  }
  return undefined;
}

/** More SOL than there ever will be, for one token. */
const PRICE_MAX = new BigNumber('1e18');

/** Prices are stored with {@link PRICE_DECIMALS} digits: what is smaller still is not nothing. */
function atLeastOneUnit(value: BigNumber): BigNumber {
  return BigNumber.max(value.decimalPlaces(PRICE_DECIMALS, BigNumber.ROUND_HALF_EVEN), `1e-${PRICE_DECIMALS}`);
}

function isSecondLook(price: AcceptedPrice, suspect: AcceptedPrice, limits: PriceLimits): boolean {
  const apartMs = millisBetween(suspect, price);
  return !sameReading(suspect, price) && apartMs >= 0 && apartMs <= limits.confirmWindowMs;
}

/** 1: above, -1: below, 0: the same. */
function directionOf(price: AcceptedPrice, from: AcceptedPrice): number {
  return new BigNumber(price.value).comparedTo(from.value) ?? 0;
}

function sameReading(one: AcceptedPrice, other: AcceptedPrice): boolean {
  return one.source === other.source && millisBetween(one, other) === 0;
}

/** `price` is at most `percent` percent away from `from`; compared by multiplying, which is exact. */
function within(price: AcceptedPrice, from: AcceptedPrice, percent: number): boolean {
  const distance = new BigNumber(price.value).minus(from.value).absoluteValue();
  return distance.multipliedBy(100).isLessThanOrEqualTo(new BigNumber(from.value).multipliedBy(percent));
}

function millisBetween(earlier: { readonly observedAt: Date }, later: { readonly observedAt: Date }): number {
  return later.observedAt.getTime() - earlier.observedAt.getTime();
}
