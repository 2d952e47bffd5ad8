import type { SubmitProposalRequest } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { formatAmount, type ParsedAmount, parseAmount, priceOf, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { ExitlaneError, type FieldViolation, invalidFields } from '../../../shared/core/errors.js';
import { ORDER_REQ_ID_PATTERN } from '../../../shared/core/ids.js';
import { PROPOSALS_PER_ORDER_MAX, PROPOSALS_PER_ORDER_PER_SECOND_MAX } from '../../../shared/core/limits.js';
import { isTerminal, type Order } from '../../../shared/order/order.js';
import { recordAudit } from '../../../shared/store/audit.js';
import type { Database, Transaction } from '../../../shared/store/database.js';
import { lockMessages } from '../../../shared/store/messages.js';
import { getOrder } from '../../../shared/store/orders.js';
import {
  countForeignProposals,
  findProposal,
  findProposalSequence,
  insertProposal,
  type NewProposal,
  type Proposal,
} from '../../../shared/store/proposals.js';

/** Sources that are Exitlane's own: nobody else may speak in their name. */
export const OWN_SOURCES: readonly string[] = ['jupiter', 'simulated', 'mock'];

const SOURCE_PATTERN = /^[A-Za-z0-9._:-]{1,64}$/;
const NOTE_CHARS_MAX = 200;

export interface Placed {
  readonly proposal: Proposal;
  readonly decimals: number;
  readonly sequence: bigint;
  readonly duplicate: boolean;
}

/** Takes offers from outside onto an order's queue (S4): bounded in number and rate, refused once the order is over. */
export interface ProposalDesk {
  /** Checks the request and hands the offer to `addToQueue`, which ends up at {@link ProposalDesk.place}. */
  submit(request: SubmitProposalRequest, addToQueue: (offer: ProposalOffer) => Promise<void>): Promise<Placed>;
  /** Writes an offer to the order's log, in one transaction with every check; returns its sequence. */
  place(offer: ProposalOffer): Promise<bigint>;
}

/** An offer on its way to the log. */
export interface ProposalOffer {
  readonly order: Pick<Order, 'orderId' | 'orderReqId' | 'decimals'>;
  readonly proposal: NewProposal;
}

export function createProposalDesk(db: Database): ProposalDesk {
  const answers = new WeakMap<ProposalOffer, Placed>();
  return {
    async submit(request, addToQueue) {
      checkIds(request);
      const order = await getOrder(db, { orderReqId: request.orderReqId });
      const offer = { order, proposal: proposalOf(request, order) };
      await addToQueue(offer);
      const placed = answers.get(offer);
      if (!placed) throw new Error(`the queue did not place proposal ${request.proposalId}`);
      return placed;
    },
    async place(offer) {
      const placed = await db.transaction((tx) => place(tx, offer));
      answers.set(offer, placed);
      return placed.sequence;
    },
  };
}

async function place(tx: Transaction, { order, proposal }: ProposalOffer): Promise<Placed> {
  // From here on the order cannot end before this offer's message is in front of its last one.
  await lockMessages(tx, order.orderId);
  const repeat = await findProposal(tx, order.orderId, proposal.proposalId);
  if (repeat) return sameOrRefuse(tx, repeat, proposal, order.decimals);
  await refuseIfOver(tx, order.orderReqId);
  await refuseFlood(tx, order.orderId);
  const placed = await insertProposal(tx, proposal, order.decimals);
  if (!placed) throw new Error(`proposal ${proposal.proposalId} appeared under the lock`);
  const { proposalId: proposal_id, source, lamports, tokens } = proposal;
  const amounts = {
    amount_sol: formatAmount(lamports, SOL_DECIMALS),
    amount_tokens: formatAmount(tokens, order.decimals),
  };
  const facts = { order_req_id: order.orderReqId, proposal_id, source, ...amounts };
  await recordAudit(tx, { subject: order.orderId, detail: facts });
  return { ...placed, decimals: order.decimals, duplicate: false };
}

function checkIds(request: SubmitProposalRequest): void {
  const violations: FieldViolation[] = [];
  const idRule = 'must be 1 to 128 characters of letters, digits and . _ : -';
  if (!ORDER_REQ_ID_PATTERN.test(request.orderReqId)) violations.push({ field: 'order_req_id', description: idRule });
  if (!ORDER_REQ_ID_PATTERN.test(request.proposalId)) violations.push({ field: 'proposal_id', description: idRule });
  if (!SOURCE_PATTERN.test(request.source)) {
    violations.push({ field: 'source', description: 'must be 1 to 64 characters of letters, digits and . _ : -' });
  } else if (OWN_SOURCES.includes(request.source.toLowerCase())) {
    violations.push({
      field: 'source',
      description: `${request.source} is reserved for Exitlane's own offers; use your name`,
    });
  }
  if (request.note.length > NOTE_CHARS_MAX) {
    violations.push({ field: 'note', description: `has more than ${NOTE_CHARS_MAX} characters` });
  }
  if (violations.length > 0) throw invalidFields(violations);
}

function proposalOf(request: SubmitProposalRequest, order: Order): NewProposal {
  const lamports = parseAmount(request.amountSol, SOL_DECIMALS);
  const tokens = parseAmount(request.amountTokens, order.decimals);
  const violations = [violationOf('amount_sol', lamports), violationOf('amount_tokens', tokens)].filter(
    (v) => v !== undefined,
  );
  if (!lamports.ok || !tokens.ok) throw invalidFields(violations);
  return {
    orderId: order.orderId,
    proposalId: request.proposalId,
    source: request.source,
    lamports: lamports.units,
    tokens: tokens.units,
    price: priceOf(lamports.units, tokens.units, order.decimals),
    note: request.note,
    expiresAt: request.expiresAt ?? null,
  };
}

function violationOf(field: string, amount: ParsedAmount): FieldViolation | undefined {
  return amount.ok ? undefined : { field, description: amount.problem };
}

async function sameOrRefuse(tx: Transaction, before: Proposal, offer: NewProposal, decimals: number): Promise<Placed> {
  const same =
    before.source === offer.source &&
    before.lamports === offer.lamports &&
    before.tokens === offer.tokens &&
    before.note === offer.note &&
    before.expiresAt?.getTime() === offer.expiresAt?.getTime();
  if (same) {
    const sequence = await findProposalSequence(tx, before.orderId, before.proposalId);
    return { proposal: before, decimals, sequence, duplicate: true };
  }
  throw new ExitlaneError(
    'PROPOSAL_ID_TAKEN',
    `proposal_id ${offer.proposalId} was used before for another offer on this order; use a new id for a new offer`,
    { metadata: { proposal_id: offer.proposalId } },
  );
}

async function refuseIfOver(tx: Transaction, orderReqId: string): Promise<void> {
  const { status } = await getOrder(tx, { orderReqId });
  if (!isTerminal(status)) return;
  throw new ExitlaneError('ORDER_TERMINAL', `order ${orderReqId} is ${status}; it takes no more proposals`, {
    metadata: { order_req_id: orderReqId, status },
  });
}

async function refuseFlood(tx: Transaction, orderId: string): Promise<void> {
  const { total, lastSecond } = await countForeignProposals(tx, orderId, OWN_SOURCES);
  if (total >= PROPOSALS_PER_ORDER_MAX) {
    throw new ExitlaneError('RATE_LIMITED', `the order has ${PROPOSALS_PER_ORDER_MAX} proposals, the most it takes`);
  }
  if (lastSecond >= PROPOSALS_PER_ORDER_PER_SECOND_MAX) {
    throw new ExitlaneError(
      'RATE_LIMITED',
      `the order was sent ${PROPOSALS_PER_ORDER_PER_SECOND_MAX} proposals within a second, the most it takes`,
      { retryDelayMs: 1_000 },
    );
  }
}
