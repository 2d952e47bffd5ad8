import type { ExitPlan, Position } from '../../../proto/gen/exitlane/v1/position.js';
import type { GetPnlResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import { durationOf } from '../../../shared/grpc/duration.js';
import type { ExitPlanView, PnlView, PositionStatusName, PositionView } from '../model/view.js';
import { nameOf, orNull, spanOf, timeOf } from './basics.js';

const STATUSES = ['OPEN', 'EXIT_PENDING', 'PARTIAL_EXIT', 'CLOSED'] as const;

/** `now` turns the age of the price into a time, so that it goes on ageing on the page. */
export function positionView(position: Position, now: number): PositionView {
  const status: PositionStatusName = nameOf('POSITION_STATUS_', STATUSES, position.status);
  const age = spanOf(position.currentPriceAge);
  return {
    positionId: position.positionId,
    entryOrderId: position.entryOrderId,
    tokenAddress: position.tokenAddress,
    tokenSymbol: position.tokenSymbol,
    tokenDecimals: position.tokenDecimals,
    status,
    entryPrice: position.entryPrice,
    entryAmountSol: position.entryAmountSol,
    entryAmountTokens: position.entryAmountTokens,
    soldTokens: position.soldTokens,
    reservedTokens: position.reservedTokens,
    availableTokens: position.availableTokens,
    realizedPnl: position.realizedPnl,
    unrealizedPnl: position.unrealizedPnl,
    currentPrice: position.currentPrice,
    currentPriceAt: age === null ? null : now - age,
    feesSol: position.feesSol,
    exitReason: position.exitReason,
    lastExitOrderId: position.lastExitOrderId,
    lastExitPrice: position.lastExitPrice,
    lastExitAt: timeOf(position.lastExitAt),
    openedAt: timeOf(position.openedAt),
    closedAt: timeOf(position.closedAt),
    finalPnl: position.finalPnl,
    exitBlocker: position.exitBlocker,
    exitPlan: position.exitPlan ? planView(position.exitPlan) : null,
    isSimulated: position.isSimulated,
  };
}

function planView(plan: ExitPlan): ExitPlanView {
  return {
    stopLossPercent: orNull(plan.stopLossPercent),
    trailingStopPercent: orNull(plan.trailingStopPercent),
    trailingActivationPercent: orNull(plan.trailingActivationPercent),
    takeProfits: plan.takeProfits.map(({ gainPercent, sellPercent }) => ({ gainPercent, sellPercent })),
    timeLimitMs: spanOf(plan.timeLimit),
    stagnationWindowMs: spanOf(plan.stagnationWindow),
    stagnationPercent: orNull(plan.stagnationPercent),
  };
}

/** The other way round, for SetExitPlan. */
export function planToWire(plan: ExitPlanView): ExitPlan {
  const span = (ms: number | null) => (ms === null ? undefined : durationOf(ms));
  return {
    stopLossPercent: plan.stopLossPercent ?? undefined,
    trailingStopPercent: plan.trailingStopPercent ?? undefined,
    trailingActivationPercent: plan.trailingActivationPercent ?? undefined,
    takeProfits: plan.takeProfits.map(({ gainPercent, sellPercent }) => ({ gainPercent, sellPercent })),
    timeLimit: span(plan.timeLimitMs),
    stagnationWindow: span(plan.stagnationWindowMs),
    stagnationPercent: plan.stagnationPercent ?? undefined,
    noDefaults: true,
  };
}

export function pnlView(pnl: GetPnlResponse): PnlView {
  const { realizedPnl, unrealizedPnl, feesSol, openPositions, closedPositions, positionsWithoutPrice } = pnl;
  return { realizedPnl, unrealizedPnl, feesSol, openPositions, closedPositions, positionsWithoutPrice };
}
