import { formatAmount, SOL_DECIMALS } from '../core/decimals.js';
import type { ProposalBody, ProposalState } from '../order/message.js';
import type { Order } from '../order/order.js';
import type { Queryable, Transaction } from './database.js';
import { appendMessage } from './messages.js';
import { trimPrice } from './order-row.js';

/** A priced offer to fill an order. Amounts are base units. */
export interface Proposal {
  readonly orderId: string;
  readonly proposalId: string;
  readonly source: string;
  readonly state: ProposalState;
  readonly lamports: bigint;
  readonly tokens: bigint;
  /** SOL per whole token. */
  readonly price: string;
  readonly note: string;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}

interface ProposalRow {
  order_id: string;
  proposal_id: string;
  source: string;
  state: ProposalState;
  lamports: string;
  tokens: string;
  price: string;
  note: string;
  expires_at: Date | null;
  created_at: Date;
}

function proposalOf(row: ProposalRow): Proposal {
  return {
    orderId: row.order_id,
    proposalId: row.proposal_id,
    source: row.source,
    state: row.state,
    lamports: BigInt(row.lamports),
    tokens: BigInt(row.tokens),
    price: trimPrice(row.price),
    note: row.note,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
  };
}

/** The proposal as its message tells it. */
export function proposalBody(proposal: Proposal, decimals: number): ProposalBody {
  return {
    proposalId: proposal.proposalId,
    source: proposal.source,
    state: proposal.state,
    amountSol: formatAmount(proposal.lamports, SOL_DECIMALS),
    amountTokens: formatAmount(proposal.tokens, decimals),
    price: proposal.price,
    note: proposal.note,
    createdAt: proposal.createdAt.toISOString(),
    ...(proposal.expiresAt === null ? {} : { expiresAt: proposal.expiresAt.toISOString() }),
  };
}

export type NewProposal = Omit<Proposal, 'state' | 'createdAt'>;

/** Puts an offer on the order's queue; undefined when the id was used before. */
export async function insertProposal(
  tx: Transaction,
  offer: NewProposal,
  decimals: number,
): Promise<{ proposal: Proposal; sequence: bigint } | undefined> {
  const { rows } = await tx.query<ProposalRow>(
    `INSERT INTO proposals (order_id, proposal_id, source, state, lamports, tokens, price, note, expires_at, created_at)
     VALUES ($1, $2, $3, 'NEW', $4, $5, $6, $7, $8, exitlane_now())
     ON CONFLICT (order_id, proposal_id) DO NOTHING RETURNING *`,
    [
      offer.orderId,
      offer.proposalId,
      offer.source,
      offer.lamports,
      offer.tokens,
      offer.price,
      offer.note,
      offer.expiresAt,
    ],
  );
  if (!rows[0]) return undefined;
  const proposal = proposalOf(rows[0]);
  const sequence = await appendMessage(tx, offer.orderId, {
    kind: 'proposal',
    body: proposalBody(proposal, decimals),
  });
  return { proposal, sequence };
}

/** NEW -> the given state, with its message; false when it was not NEW any more. */
export async function moveProposal(
  tx: Transaction,
  order: Pick<Order, 'orderId' | 'decimals'>,
  proposalId: string,
  to: Exclude<ProposalState, 'NEW'>,
): Promise<boolean> {
  const { rows } = await tx.query<ProposalRow>(
    `UPDATE proposals SET state = $3 WHERE order_id = $1 AND proposal_id = $2 AND state = 'NEW' RETURNING *`,
    [order.orderId, proposalId, to],
  );
  if (!rows[0]) return false;
  await appendMessage(tx, order.orderId, {
    kind: 'proposal',
    body: proposalBody(proposalOf(rows[0]), order.decimals),
  });
  return true;
}

/** Offers still open when an execution ends, or when another one begins, are over. */
export async function expireProposals(tx: Transaction, order: Pick<Order, 'orderId' | 'decimals'>): Promise<void> {
  const { rows } = await tx.query<ProposalRow>(
    `UPDATE proposals SET state = 'EXPIRED' WHERE order_id = $1 AND state = 'NEW' RETURNING *`,
    [order.orderId],
  );
  for (const row of rows) {
    await appendMessage(tx, order.orderId, { kind: 'proposal', body: proposalBody(proposalOf(row), order.decimals) });
  }
}

export async function findProposal(db: Queryable, orderId: string, proposalId: string): Promise<Proposal | undefined> {
  const { rows } = await db.query<ProposalRow>('SELECT * FROM proposals WHERE order_id = $1 AND proposal_id = $2', [
    orderId,
    proposalId,
  ]);
  return rows[0] && proposalOf(rows[0]);
}

/** How many offers others made on the order, in all and in the last second. */
export async function countForeignProposals(
  db: Queryable,
  orderId: string,
  ownSources: readonly string[],
): Promise<{ total: number; lastSecond: number }> {
  const { rows } = await db.query<{ total: string; recent: string }>(
    `SELECT count(*) AS total, count(*) FILTER (WHERE created_at > exitlane_now() - interval '1 second') AS recent
     FROM proposals WHERE order_id = $1 AND source <> ALL($2)`,
    [orderId, ownSources],
  );
  return { total: Number(rows[0]?.total ?? 0), lastSecond: Number(rows[0]?.recent ?? 0) };
}

/** Open offers whose time ran out, of any order; each becomes EXPIRED with its message. Returns how many. */
export async function expireDueProposals(tx: Transaction, limit: number): Promise<number> {
  const { rows } = await tx.query<ProposalRow & { decimals: number }>(
    `UPDATE proposals p SET state = 'EXPIRED' FROM orders o
     WHERE o.order_id = p.order_id AND (p.order_id, p.proposal_id) IN (
       SELECT order_id, proposal_id FROM proposals WHERE state = 'NEW' AND expires_at <= exitlane_now() LIMIT $1)
     RETURNING p.*, o.decimals`,
    [limit],
  );
  for (const row of rows) {
    await appendMessage(tx, row.order_id, { kind: 'proposal', body: proposalBody(proposalOf(row), row.decimals) });
  }
  return rows.length;
}

/** Sequence of the message that first told of a proposal. */
export async function findProposalSequence(db: Queryable, orderId: string, proposalId: string): Promise<bigint> {
  const { rows } = await db.query<{ sequence: string }>(
    `SELECT min(sequence) AS sequence FROM order_messages
     WHERE order_id = $1 AND kind = 'proposal' AND body ->> 'proposalId' = $2`,
    [orderId, proposalId],
  );
  return BigInt(rows[0]?.sequence ?? 0);
}
