import type { StatusUpdate, OrderMessage as WireMessage } from '../../../proto/gen/exitlane/v1/message.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { ProposalState, type Proposal as WireProposal } from '../../../proto/gen/exitlane/v1/proposal.js';
import type { OrderMessage, ProposalBody, StatusBody } from '../../../shared/order/message.js';
import { isTerminal } from '../../../shared/order/order.js';

/** A logged message as the API shows it. */
export function messageToWire(message: OrderMessage, orderReqId: string): WireMessage {
  return {
    orderId: message.orderId,
    orderReqId,
    sequence: message.sequence,
    createdAt: message.createdAt,
    text: message.text,
    content:
      message.kind === 'status'
        ? { $case: 'status', value: statusToWire(message.body) }
        : { $case: 'proposal', value: proposalToWire(message.body) },
  };
}

function statusToWire(body: StatusBody): StatusUpdate {
  return {
    status: OrderStatus[body.status],
    reason: body.reason,
    detail: body.detail,
    attempt: body.attempt ?? 0,
    txSignature: body.txSignature ?? '',
    amountSol: body.amountSol ?? '',
    amountTokens: body.amountTokens ?? '',
    expectedPrice: body.expectedPrice ?? '',
    actualPrice: body.actualPrice ?? '',
    slippageBps: body.slippageBps,
    feeSol: body.feeSol ?? '',
    positionId: body.positionId ?? '',
    nextRetryAt: body.nextRetryAt === undefined ? undefined : new Date(body.nextRetryAt),
    isTerminal: isTerminal(body.status),
    attemptCount: body.attemptCount,
  };
}

export function proposalToWire(body: ProposalBody): WireProposal {
  return {
    proposalId: body.proposalId,
    source: body.source,
    state: ProposalState[body.state],
    amountSol: body.amountSol,
    amountTokens: body.amountTokens,
    price: body.price,
    expiresAt: body.expiresAt === undefined ? undefined : new Date(body.expiresAt),
    createdAt: new Date(body.createdAt),
    note: body.note,
  };
}
