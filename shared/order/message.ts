import type { OrderStatus } from './order.js';

/**
 * What an order's queue holds. Bodies are stored as JSON and are ready for the API: amounts and prices are decimal strings
 * in whole units, times ISO 8601 in UTC.
 */
export interface StatusBody {
  readonly status: OrderStatus;
  /** Machine-readable, see {@link StatusReason}. */
  readonly reason: string;
  /** For people. */
  readonly detail: string;
  readonly attemptCount: number;
  readonly attempt?: number;
  readonly txSignature?: string;
  readonly amountSol?: string;
  readonly amountTokens?: string;
  readonly expectedPrice?: string;
  readonly actualPrice?: string;
  readonly slippageBps?: number;
  readonly feeSol?: string;
  readonly positionId?: string;
  readonly nextRetryAt?: string;
}

export type ProposalState = 'NEW' | 'ACCEPTED' | 'REJECTED' | 'EXPIRED';

export interface ProposalBody {
  readonly proposalId: string;
  readonly source: string;
  readonly state: ProposalState;
  readonly amountSol: string;
  readonly amountTokens: string;
  readonly price: string;
  readonly note: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
}

export type MessageBody = { kind: 'status'; body: StatusBody } | { kind: 'proposal'; body: ProposalBody };

export type OrderMessage = MessageBody & {
  readonly orderId: string;
  readonly sequence: bigint;
  readonly text: string;
  readonly createdAt: Date;
};

/** Why an order stands where it stands. Names are part of the API: add, never rename. */
export type StatusReason =
  | 'ACCEPTED'
  | 'CLAIMED'
  | 'PREEMPTED'
  | 'SLOT_HANDED_OVER'
  | 'SLOT_TIMED_OUT'
  | 'ATTEMPT_COMMITTED'
  | 'UNKNOWN'
  | 'SETTLING'
  | 'FILLED'
  | 'RETRY_DUE'
  | 'ATTEMPTS_EXHAUSTED'
  | 'RESTORED'
  | 'CANCELLED_BY_CLIENT'
  | 'EXPIRED'
  | 'SUPERSEDED'
  | FailureReason;

/** The order was taken away from its run by somebody else: the run is over at once, whatever it was doing. */
export function endsRun(reason: string): boolean {
  return reason === 'PREEMPTED' || reason === 'CANCELLED_BY_CLIENT' || reason === 'SUPERSEDED';
}

/** The run goes on, but without a slot (P8): only watching is left. */
export function freesSlot(reason: string): boolean {
  return reason === 'SLOT_HANDED_OVER' || reason === 'SLOT_TIMED_OUT' || reason === 'UNKNOWN';
}

/** Why one execution of an order failed: nothing of it is or will be on chain. */
export type FailureReason =
  | 'QUOTE_FAILED'
  | 'NO_ROUTE'
  | 'TOKEN_NOT_TRADABLE'
  | 'SWAP_BUILD_FAILED'
  | 'POLICY_VIOLATION'
  | 'SIMULATION_FAILED'
  | 'SLIPPAGE_EXCEEDED'
  | 'INSUFFICIENT_FUNDS'
  | 'LANDED_WITH_ERROR'
  | 'TRANSACTION_EXPIRED'
  | 'PRICE_UNAVAILABLE'
  | 'NO_WALLET'
  | 'EXECUTOR_ERROR';

const STATE_WORDS: Readonly<Record<ProposalState, string>> = {
  NEW: 'New',
  ACCEPTED: 'Accepted',
  REJECTED: 'Rejected',
  EXPIRED: 'Expired',
};

/** The message in one line (Q5): `PROP456/New`, or the status. */
export function messageText(message: MessageBody): string {
  if (message.kind === 'status') return message.body.status;
  return `${message.body.proposalId}/${STATE_WORDS[message.body.state]}`;
}
