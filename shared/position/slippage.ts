import { BigNumber } from 'bignumber.js';

/**
 * Slippage of a fill in basis points against the price expected, rounded half-even; positive is worse for the trader:
 * a buy that paid more, a sale that brought less.
 */
export function slippageBps(side: 'BUY' | 'SELL', expectedPrice: string, actualPrice: string): number {
  const expected = new BigNumber(expectedPrice);
  const difference = new BigNumber(actualPrice).minus(expected);
  const worse = side === 'BUY' ? difference : difference.negated();
  const bps = worse.dividedBy(expected).multipliedBy(10_000).integerValue(BigNumber.ROUND_HALF_EVEN);
  return BigNumber.max(-2_000_000_000, BigNumber.min(2_000_000_000, bps)).toNumber();
}
