import {
  ExitPlan,
  type Position as WirePosition,
  PositionStatus as WireStatus,
} from '../../../proto/gen/exitlane/v1/position.js';
import { formatAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { durationOf } from '../../../shared/grpc/duration.js';
import { availableTokens } from '../../../shared/position/accounting.js';
import { unrealizedPnl } from '../../../shared/position/valuation.js';
import type { Position } from '../../../shared/store/positions.js';

/** `now`: what the age of the price is counted to. */
export function positionToWire(position: Position, now: number): WirePosition {
  const tokens = (units: bigint) => formatAmount(units, position.decimals);
  const sol = (lamports: bigint) => formatAmount(lamports, SOL_DECIMALS);
  const held = position.status !== 'CLOSED';
  return {
    positionId: position.positionId,
    entryOrderId: position.entryOrderId,
    tokenAddress: position.mint,
    tokenSymbol: position.symbol,
    tokenDecimals: position.decimals,
    status: WireStatus[position.status],
    entryPrice: position.entryPrice,
    entryAmountSol: sol(position.entryLamports),
    entryAmountTokens: tokens(position.entryTokens),
    soldTokens: tokens(position.soldTokens),
    reservedTokens: tokens(position.reservedTokens),
    availableTokens: tokens(availableTokens(position)),
    realizedPnl: sol(position.realizedPnlLamports),
    unrealizedPnl:
      held && position.currentPrice !== null
        ? sol(unrealizedPnl(position, position.decimals, position.currentPrice))
        : '',
    currentPrice: position.currentPrice ?? '',
    currentPriceAge:
      position.currentPriceAt === null ? undefined : durationOf(Math.max(0, now - position.currentPriceAt.getTime())),
    feesSol: sol(position.feeLamports),
    exitReason: position.exitReason,
    lastExitOrderId: position.lastExitOrderId ?? '',
    lastExitPrice: position.lastExitPrice ?? '',
    lastExitAt: position.lastExitAt ?? undefined,
    openedAt: position.openedAt,
    closedAt: position.closedAt ?? undefined,
    finalPnl: position.closedAt === null ? '' : sol(position.realizedPnlLamports),
    exitBlocker: position.exitBlocker,
    exitPlan: ExitPlan.fromJSON(position.exitPlan),
    isSimulated: position.isSimulated,
  };
}
