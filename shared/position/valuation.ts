import { BigNumber } from 'bignumber.js';
import { SOL_DECIMALS } from '../core/decimals.js';
import { costOfSale, type Holding } from './accounting.js';

/** What a position is worth and what its rest would bring (X0, X8). Pure; amounts are base units. */

/** Lamports that this many base units are worth at `price` (SOL per whole token), rounded down. */
export function worthOf(tokens: bigint, decimals: number, price: string): bigint {
  const sol = new BigNumber(tokens.toString()).shiftedBy(-decimals).multipliedBy(price);
  return BigInt(sol.shiftedBy(SOL_DECIMALS).integerValue(BigNumber.ROUND_FLOOR).toFixed());
}

/** Profit of what is not sold yet, in lamports, if all of it were sold at `price`; chain fees not deducted. */
export function unrealizedPnl(holding: Holding, decimals: number, price: string): bigint {
  const held = holding.entryTokens - holding.soldTokens;
  return worthOf(held, decimals, price) - costOfSale(holding, held);
}
