import type { OrderMessage, StatusUpdate } from '../../../proto/gen/exitlane/v1/message.js';
import type { Attempt, Order } from '../../../proto/gen/exitlane/v1/order.js';
import type { Proposal } from '../../../proto/gen/exitlane/v1/proposal.js';
import type {
  AttemptStateName,
  AttemptView,
  MessageView,
  OrderStatusName,
  OrderTypeName,
  OrderView,
  ProposalStateName,
  ProposalView,
  StatusMessageView,
} from '../model/view.js';
import { nameOf, orNull, timeOf } from './basics.js';

const STATUSES = ['PENDING', 'SUBMITTED', 'CONFIRMING', 'FILLED', 'FAILED', 'CANCELLED'] as const;
const TYPES = ['ENTRY', 'EXIT'] as const;
const ATTEMPT_STATES = ['PERSISTED', 'SENT', 'SEEN', 'LANDED', 'LANDED_FAILED', 'DEAD'] as const;
const PROPOSAL_STATES = ['NEW', 'ACCEPTED', 'REJECTED', 'EXPIRED'] as const;

export function statusOf(value: string): OrderStatusName {
  return nameOf('ORDER_STATUS_', STATUSES, value);
}

export function typeOf(value: string): OrderTypeName {
  return nameOf('ORDER_TYPE_', TYPES, value);
}

export function orderView(order: Order): OrderView {
  return {
    orderId: order.orderId,
    orderReqId: order.orderReqId,
    type: typeOf(order.orderType),
    tokenAddress: order.tokenAddress,
    tokenSymbol: order.tokenSymbol,
    amountSol: order.amountSol,
    amountTokens: order.amountTokens,
    expectedPrice: order.expectedPrice,
    actualPrice: order.actualPrice,
    maxSlippageBps: order.maxSlippageBps,
    slippageBps: orNull(order.slippageBps),
    positionId: order.positionId,
    exitReason: order.exitReason,
    emergency: order.emergency,
    isSimulated: order.isSimulated,
    status: statusOf(order.status),
    reason: order.reason,
    txSignature: order.txSignature,
    attemptCount: order.attemptCount,
    maxAttempts: order.maxAttempts,
    lastError: order.lastError,
    nextRetryAt: timeOf(order.nextRetryAt),
    createdAt: timeOf(order.createdAt),
    submittedAt: timeOf(order.submittedAt),
    filledAt: timeOf(order.filledAt),
    updatedAt: timeOf(order.updatedAt),
    expiresAt: timeOf(order.expiresAt),
    isTerminal: order.isTerminal,
    canRetry: order.canRetry,
    priority: order.priority,
    feeSol: order.feeSol,
    rentSol: order.rentSol,
    dispatchSequence: Number(order.dispatchSequence),
  };
}

export function attemptView(attempt: Attempt): AttemptView {
  const state: AttemptStateName = nameOf('ATTEMPT_STATE_', ATTEMPT_STATES, attempt.state);
  return {
    number: attempt.number,
    txSignature: attempt.txSignature,
    state,
    slot: Number(attempt.slot),
    error: attempt.error,
    feeSol: attempt.feeSol,
    createdAt: timeOf(attempt.createdAt),
    sentAt: timeOf(attempt.sentAt),
    seenAt: timeOf(attempt.seenAt),
    resolvedAt: timeOf(attempt.resolvedAt),
  };
}

export function messageView(message: OrderMessage): MessageView {
  const { content } = message;
  return {
    sequence: Number(message.sequence),
    at: timeOf(message.createdAt),
    text: message.text,
    status: content?.$case === 'status' ? statusMessageView(content.value) : null,
    proposal: content?.$case === 'proposal' ? proposalView(content.value) : null,
  };
}

function statusMessageView(update: StatusUpdate): StatusMessageView {
  return {
    status: statusOf(update.status),
    reason: update.reason,
    detail: update.detail,
    attempt: update.attempt,
    txSignature: update.txSignature,
    amountSol: update.amountSol,
    amountTokens: update.amountTokens,
    expectedPrice: update.expectedPrice,
    actualPrice: update.actualPrice,
    slippageBps: orNull(update.slippageBps),
    feeSol: update.feeSol,
    nextRetryAt: timeOf(update.nextRetryAt),
  };
}

function proposalView(proposal: Proposal): ProposalView {
  const state: ProposalStateName = nameOf('PROPOSAL_STATE_', PROPOSAL_STATES, proposal.state);
  return {
    proposalId: proposal.proposalId,
    source: proposal.source,
    state,
    amountSol: proposal.amountSol,
    amountTokens: proposal.amountTokens,
    price: proposal.price,
    expiresAt: timeOf(proposal.expiresAt),
    note: proposal.note,
  };
}
