import {
  AttemptState,
  OrderSide,
  OrderStatus,
  OrderType,
  type Attempt as WireAttempt,
  type Order as WireOrder,
} from '../../../proto/gen/exitlane/v1/order.js';
import { formatAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { isTerminal, type Order } from '../../../shared/order/order.js';
import type { Attempt } from '../../../shared/store/attempts.js';

/** Orders as the API shows them: enums and decimal strings instead of base units. */
export function orderToWire(order: Order, attempts: readonly Attempt[] = []): WireOrder {
  const lamports = order.filledLamports ?? order.requestedLamports;
  const tokens = order.filledTokens ?? order.requestedTokens;
  return {
    orderId: order.orderId,
    orderReqId: order.orderReqId,
    orderType: OrderType[order.orderType],
    side: order.orderType === 'ENTRY' ? OrderSide.BUY : OrderSide.SELL,
    tokenAddress: order.mint,
    tokenSymbol: order.symbol,
    tokenDecimals: order.decimals,
    amountSol: lamports === null ? '' : formatAmount(lamports, SOL_DECIMALS),
    amountTokens: tokens === null ? '' : formatAmount(tokens, order.decimals),
    expectedPrice: order.expectedPrice ?? '',
    actualPrice: order.actualPrice ?? '',
    maxSlippageBps: order.maxSlippageBps,
    slippageBps: order.slippageBps ?? undefined,
    slippageCapBps: order.slippageCapBps ?? undefined,
    signalScore: order.signalScore ?? undefined,
    signalReason: order.signalReason,
    positionId: order.positionId ?? '',
    exitReason: order.exitReason,
    emergency: order.emergency,
    isSimulated: order.isSimulated,
    status: OrderStatus[order.status],
    reason: order.reason,
    txSignature: order.txSignature,
    attemptCount: order.attemptCount,
    maxAttempts: order.maxAttempts,
    lastError: order.lastError,
    nextRetryAt: order.nextRetryAt ?? undefined,
    createdAt: order.createdAt,
    submittedAt: order.submittedAt ?? undefined,
    filledAt: order.filledAt ?? undefined,
    updatedAt: order.updatedAt,
    isTerminal: isTerminal(order.status),
    canRetry: order.status === 'CANCELLED',
    priority: order.priority,
    attempts: attempts.map(attemptToWire),
    expiresAt: order.expiresAt ?? undefined,
    feeSol: order.feeLamports === null ? '' : formatAmount(order.feeLamports, SOL_DECIMALS),
    rentSol: order.rentLamports === null ? '' : formatAmount(order.rentLamports, SOL_DECIMALS),
    dispatchSequence: order.dispatchSequence,
  };
}

function attemptToWire(attempt: Attempt): WireAttempt {
  return {
    number: attempt.number,
    txSignature: attempt.signature,
    state: AttemptState[attempt.state],
    lastValidBlockHeight: attempt.lastValidBlockHeight,
    slot: attempt.slot ?? 0n,
    feeSol: attempt.feeLamports === null ? '' : formatAmount(attempt.feeLamports, SOL_DECIMALS),
    error: attempt.error,
    createdAt: attempt.createdAt,
    sentAt: attempt.sentAt ?? undefined,
    seenAt: attempt.seenAt ?? undefined,
    resolvedAt: attempt.resolvedAt ?? undefined,
  };
}
