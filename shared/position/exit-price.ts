import { BigNumber } from 'bignumber.js';
import { PRICE_DECIMALS } from '../core/decimals.js';
import { isUrgentExit } from './exit-urgency.js';

/** Which price an exit expects when it is made (X7). Prices are decimal strings in SOL per whole token. */

export interface PricesOfPosition {
  /** An accepted price of now; undefined: there is none. */
  readonly current: string | undefined;
  /** The last accepted price, however old; undefined: there never was one. */
  readonly lastKnown: string | undefined;
  readonly entryPrice: string;
}

export type ExitPrice =
  | { readonly kind: 'price'; readonly price: string; readonly source: 'current' | 'last_known' | 'half_entry' }
  | { readonly kind: 'refuse'; readonly detail: string };

/**
 * A stop-loss or an emergency always gets a price: the current one, else the last known one, else half the entry price. Others
 * wait for the next price.
 */
export function exitPrice(
  exit: { readonly exitReason: string; readonly emergency: boolean },
  { current, lastKnown, entryPrice }: PricesOfPosition,
): ExitPrice {
  if (current !== undefined) return { kind: 'price', price: current, source: 'current' };
  if (!isUrgentExit(exit)) {
    const detail = `there is no current price, and ${exit.exitReason} is no stop-loss or emergency: it waits for the next price`;
    return { kind: 'refuse', detail };
  }
  if (lastKnown !== undefined) return { kind: 'price', price: lastKnown, source: 'last_known' };
  return { kind: 'price', price: half(entryPrice), source: 'half_entry' };
}

/** Rounded up, so that half of the smallest price is not nothing. */
function half(price: string): string {
  return new BigNumber(price).multipliedBy('0.5').decimalPlaces(PRICE_DECIMALS, BigNumber.ROUND_UP).toFixed();
}
