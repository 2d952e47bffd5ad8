import { BigNumber } from 'bignumber.js';
import type { GetPnlResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import { dateTime, signed } from './format.js';
import type { View } from './order.js';
import { profitColour } from './position.js';
import { facts } from './table.js';

/** Profit of all positions. `from`: only those opened since. */
export function pnlLines(pnl: GetPnlResponse, from: Date | undefined, { style }: View): string[] {
  const coloured = (amount: string): string =>
    amount === '' ? '' : profitColour(style, amount)(`${signed(amount)} SOL`);
  const { openPositions: open, closedPositions: closed, positionsWithoutPrice: unpriced } = pnl;
  return [
    ...facts(
      [
        ['opened since', dateTime(from)],
        ['positions', `${open} open, ${closed} closed`],
        ['realized pnl', coloured(pnl.realizedPnl)],
        ['unrealized pnl', coloured(pnl.unrealizedPnl)],
        ['fees', pnl.feesSol === '' ? '' : `${pnl.feesSol} SOL`],
        ['after fees', coloured(afterFees(pnl))],
      ],
      style.dim,
    ),
    ...(unpriced === 0 ? [] : [style.yellow(`${unpriced} open without a price: not in the unrealized pnl`)]),
  ];
}

/** Realized and unrealized, less the fees. Decimal string in SOL. */
function afterFees({ realizedPnl, unrealizedPnl, feesSol }: GetPnlResponse): string {
  const [realized, unrealized, fees] = [realizedPnl, unrealizedPnl, feesSol].map((text) => new BigNumber(text || 0));
  return realized && unrealized && fees ? realized.plus(unrealized).minus(fees).toFixed() : '';
}
