import { BigNumber } from 'bignumber.js';

/**
 * Money is a bigint of base units (lamports, token base units) everywhere inside; the API speaks decimal strings in
 * whole units. These functions are the only border between the two, and they refuse rather than round.
 */

/** Lamports per SOL is 10^9. */
export const SOL_DECIMALS = 9;

/** The largest amount an SPL token account can hold (u64). */
export const MAX_BASE_UNITS = 2n ** 64n - 1n;

/** Digits after the point that a price keeps. A meme coin at 1e-12 SOL still has 6 significant digits. */
export const PRICE_DECIMALS = 18;

/** Divides with one rounding, at the last digit that is kept. */
const Ratio = BigNumber.clone({ DECIMAL_PLACES: PRICE_DECIMALS, ROUNDING_MODE: BigNumber.ROUND_HALF_EVEN });

const PLAIN_DECIMAL = /^(\d{1,30})(?:\.(\d{1,30}))?$/;

export type DecimalProblem =
  | 'not a plain decimal number such as "1.5" (no sign, exponent, comma or spaces)'
  | `has more than ${number} decimals`
  | 'must be greater than 0'
  | 'is larger than any token amount can be (2^64 - 1 base units)';

export type ParsedAmount = { ok: true; units: bigint } | { ok: false; problem: DecimalProblem };

/**
 * Reads a positive amount such as `"1.5"` into base units. Zero, signs, exponents, separators and more decimals than the
 * mint has are problems, never guesses: loose protobuf clients turn bad numbers into 0 without a word.
 */
export function parseAmount(text: string, decimals: number): ParsedAmount {
  const match = PLAIN_DECIMAL.exec(text);
  if (!match) {
    return { ok: false, problem: 'not a plain decimal number such as "1.5" (no sign, exponent, comma or spaces)' };
  }
  const [, whole = '', fraction = ''] = match;
  if (fraction.length > decimals && /[1-9]/.test(fraction.slice(decimals))) {
    return { ok: false, problem: `has more than ${decimals} decimals` };
  }
  const units = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  if (units === 0n) return { ok: false, problem: 'must be greater than 0' };
  if (units > MAX_BASE_UNITS) {
    return { ok: false, problem: 'is larger than any token amount can be (2^64 - 1 base units)' };
  }
  return { ok: true, units };
}

/** Base units as a whole-unit decimal string without trailing zeros: `formatAmount(1500000000n, 9)` is `"1.5"`. */
export function formatAmount(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return sign + whole + (fraction ? `.${fraction}` : '');
}

/**
 * Price in SOL per whole token from exact amounts, rounded half-even to {@link PRICE_DECIMALS}. A ratio for people and
 * limits; amounts are never computed back from it.
 */
export function priceOf(lamports: bigint, tokenUnits: bigint, tokenDecimals: number): string {
  if (tokenUnits <= 0n) throw new RangeError('a price needs a positive token amount');
  const sol = new Ratio(lamports.toString()).shiftedBy(-SOL_DECIMALS);
  const tokens = new Ratio(tokenUnits.toString()).shiftedBy(-tokenDecimals);
  return sol.dividedBy(tokens).toFixed();
}

/** Reads a price (SOL per whole token): a positive plain decimal with at most {@link PRICE_DECIMALS} decimals. */
export function parsePrice(text: string): BigNumber | undefined {
  const match = PLAIN_DECIMAL.exec(text);
  if (!match || (match[2]?.length ?? 0) > PRICE_DECIMALS) return undefined;
  const price = new BigNumber(text);
  return price.isGreaterThan(0) ? price : undefined;
}

/** Token base units that `lamports` buy at `price` (SOL per whole token), rounded down: nobody gets a unit for free. */
export function tokensForLamports(lamports: bigint, price: BigNumber, tokenDecimals: number): bigint {
  const sol = new BigNumber(lamports.toString()).shiftedBy(-SOL_DECIMALS);
  return toBigInt(sol.dividedBy(price).shiftedBy(tokenDecimals));
}

/** Lamports that `tokenUnits` bring at `price` (SOL per whole token), rounded down. */
export function lamportsForTokens(tokenUnits: bigint, price: BigNumber, tokenDecimals: number): bigint {
  const tokens = new BigNumber(tokenUnits.toString()).shiftedBy(-tokenDecimals);
  return toBigInt(tokens.multipliedBy(price).shiftedBy(SOL_DECIMALS));
}

function toBigInt(value: BigNumber): bigint {
  return BigInt(value.integerValue(BigNumber.ROUND_FLOOR).toFixed());
}
