import { MAX_BASE_UNITS } from '../../shared/core/decimals.js';
import type { SandboxMint } from './mints.js';
import { startSolPrice } from './prices.js';

/**
 * What a swap pays out, in exact integers. The pool is modelled by a fixed depth per input token:
 *
 *     effectiveIn = in * depth / (depth + in) * (1 - spread)       price impact grows with size
 *     out         = effectiveIn * rate / 2^64                      rate: the market, moved by the price walk
 *
 * `effectiveIn` does not depend on the market, so `out >= least` is the same as `rate >= leastRate(least)`: one comparison,
 * which the guard program makes on chain when the transaction lands.
 */

/** Rates are output base units per input base unit, times 2^64. */
const RATE_BITS = 64n;

/** Depth of each pool at the start prices. 1 SOL moves the price by 0.5 basis points, 200 SOL by 1 %. */
const POOL_DEPTH_SOL = 20_000n;

/** What the pool keeps of every swap, in basis points. */
export const SPREAD_BPS = 5n;

const BPS = 10_000n;

export interface PricedToken {
  readonly mint: SandboxMint;
  /** SOL per whole token, times 10^18, now. */
  readonly solPrice: bigint;
}

/** Output base units per input base unit, times 2^64, rounded down. */
export function marketRate(input: PricedToken, output: PricedToken): bigint {
  const value = input.solPrice * 10n ** BigInt(output.mint.decimals);
  return (value << RATE_BITS) / (output.solPrice * 10n ** BigInt(input.mint.decimals));
}

/** Base units of the input token that the pool is deep. */
export function poolDepth(input: SandboxMint): bigint {
  return (POOL_DEPTH_SOL * 10n ** 18n * 10n ** BigInt(input.decimals)) / startSolPrice(input);
}

export function effectiveIn(amountIn: bigint, input: SandboxMint): bigint {
  const depth = poolDepth(input);
  return (amountIn * depth * (BPS - SPREAD_BPS)) / ((depth + amountIn) * BPS);
}

export function outAmount(rate: bigint, effective: bigint): bigint {
  return (rate * effective) >> RATE_BITS;
}

/** The lowest rate at which `effective` still brings `least`; undefined when no rate does. */
export function leastRate(least: bigint, effective: bigint): bigint | undefined {
  if (effective <= 0n) return undefined;
  return ((least << RATE_BITS) + effective - 1n) / effective;
}

/** Least output after slippage, rounded down as Jupiter does for ExactIn. */
export function otherAmountThreshold(out: bigint, slippageBps: number): bigint {
  return (out * (BPS - BigInt(slippageBps))) / BPS;
}

/** Share of the price lost to size, as a decimal fraction with 12 digits, such as `0.000049997500`. */
export function priceImpactPct(amountIn: bigint, input: SandboxMint): string {
  const digits = 12;
  const share = (amountIn * 10n ** BigInt(digits)) / (poolDepth(input) + amountIn);
  const text = share.toString().padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Whether a token account can hold it. */
export function fitsU64(amount: bigint): boolean {
  return amount > 0n && amount <= MAX_BASE_UNITS;
}
