import { ExitlaneError } from '../core/errors.js';
import { type AttemptState, attemptStatesBefore } from '../order/attempt-transitions.js';
import type { Order } from '../order/order.js';
import type { Queryable, Transaction } from './database.js';
import { type Claim, moveOrder } from './order-transitions.js';

/**
 * Signed transactions. An attempt is committed before its first byte is sent (E7): whatever dies later, the signature can be
 * looked up and the same bytes can be sent again.
 */
export interface Attempt {
  readonly orderId: string;
  readonly number: number;
  readonly signature: string;
  readonly rawTransaction: Buffer;
  readonly blockhash: string;
  readonly lastValidBlockHeight: bigint;
  readonly quote: Record<string, unknown>;
  readonly proposalId: string;
  readonly state: AttemptState;
  readonly slot: bigint | null;
  /** What the network took, once landed: with an error or without. */
  readonly feeLamports: bigint | null;
  readonly error: string;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
  readonly seenAt: Date | null;
  readonly resolvedAt: Date | null;
}

export interface NewAttempt {
  readonly signature: string;
  readonly rawTransaction: Uint8Array;
  readonly blockhash: string;
  readonly lastValidBlockHeight: bigint;
  readonly quote: Readonly<Record<string, unknown>>;
  readonly proposalId: string;
  /** Price the quote promised, SOL per whole token. */
  readonly expectedPrice: string;
}

/**
 * Commits a signed attempt: SUBMITTED -> CONFIRMING with the attempt's row. One conditional write decides the race against
 * cancel and pre-emption; the loser gets STALE_FENCE and sends nothing. TRANSACTION_TAKEN: another order committed the very same
 * transaction - two orders for the same amount, built on one blockhash - which would fill both with one swap; nothing is
 * written, build another one.
 */
export async function commitAttempt(
  tx: Transaction,
  claim: Claim,
  attempt: NewAttempt,
): Promise<{ order: Order; number: number }> {
  const { rows } = await tx.query<{ next: number }>(
    'SELECT coalesce(max(number), 0) + 1 AS next FROM attempts WHERE order_id = $1',
    [claim.orderId],
  );
  const number = rows[0]?.next ?? 1;
  const order = await moveOrder(tx, claim, {
    to: 'CONFIRMING',
    reason: 'ATTEMPT_COMMITTED',
    detail: `Attempt ${number} is signed and committed; sending it now.`,
    from: ['SUBMITTED'],
    attempt: number,
    set: { tx_signature: attempt.signature, expected_price: attempt.expectedPrice },
  });
  const { rowCount } = await tx.query(
    `INSERT INTO attempts (order_id, number, signature, raw_transaction, blockhash, last_valid_block_height, quote,
       proposal_id, fence, state, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'PERSISTED', exitlane_now())
     ON CONFLICT (signature) DO NOTHING`,
    [
      claim.orderId,
      number,
      attempt.signature,
      Buffer.from(attempt.rawTransaction),
      attempt.blockhash,
      attempt.lastValidBlockHeight,
      JSON.stringify(attempt.quote),
      attempt.proposalId,
      claim.fence,
    ],
  );
  if (rowCount !== 1) {
    throw new ExitlaneError('TRANSACTION_TAKEN', `transaction ${attempt.signature} belongs to another order already`, {
      metadata: { order_id: claim.orderId, tx_signature: attempt.signature },
    });
  }
  return { order, number };
}

/**
 * Notes how far an attempt got: first sent, or first seen in a block. Not a state of the order, so no message. Late and repeated
 * calls and calls under an old fence change nothing.
 */
export async function noteAttempt(db: Queryable, claim: Claim, number: number, state: 'SENT' | 'SEEN'): Promise<void> {
  const column = state === 'SENT' ? 'sent_at' : 'seen_at';
  await db.query(
    `UPDATE attempts SET state = $4, ${column} = exitlane_now()
     WHERE order_id = $1 AND number = $2 AND state = ANY($5)
       AND EXISTS (SELECT 1 FROM orders WHERE order_id = $1 AND fence = $3)`,
    [claim.orderId, number, claim.fence, state, attemptStatesBefore(state)],
  );
}

export interface Resolution {
  readonly state: 'LANDED' | 'LANDED_FAILED' | 'DEAD';
  readonly slot?: bigint;
  readonly feeLamports?: bigint;
  readonly error?: string;
}

/** Writes an attempt's fate, in the transaction that draws the order's conclusion from it. */
export async function resolveAttempt(
  tx: Transaction,
  orderId: string,
  number: number,
  fate: Resolution,
): Promise<void> {
  const { rowCount } = await tx.query(
    `UPDATE attempts SET state = $3, slot = $4, error = $5, fee_lamports = $7, resolved_at = exitlane_now()
     WHERE order_id = $1 AND number = $2 AND state = ANY($6)`,
    [
      orderId,
      number,
      fate.state,
      fate.slot ?? null,
      fate.error ?? '',
      attemptStatesBefore(fate.state),
      fate.feeLamports ?? null,
    ],
  );
  if (rowCount !== 1) throw new Error(`attempt ${number} of order ${orderId} was resolved before`);
}

interface AttemptRow {
  order_id: string;
  number: number;
  signature: string;
  raw_transaction: Buffer;
  blockhash: string;
  last_valid_block_height: string;
  quote: Record<string, unknown>;
  proposal_id: string;
  state: AttemptState;
  slot: string | null;
  fee_lamports: string | null;
  error: string;
  created_at: Date;
  sent_at: Date | null;
  seen_at: Date | null;
  resolved_at: Date | null;
}

function attemptOf(row: AttemptRow): Attempt {
  return {
    orderId: row.order_id,
    number: row.number,
    signature: row.signature,
    rawTransaction: row.raw_transaction,
    blockhash: row.blockhash,
    lastValidBlockHeight: BigInt(row.last_valid_block_height),
    quote: row.quote,
    proposalId: row.proposal_id,
    state: row.state,
    slot: row.slot === null ? null : BigInt(row.slot),
    feeLamports: row.fee_lamports === null ? null : BigInt(row.fee_lamports),
    error: row.error,
    createdAt: row.created_at,
    sentAt: row.sent_at,
    seenAt: row.seen_at,
    resolvedAt: row.resolved_at,
  };
}

/** Oldest first. */
export async function listAttempts(db: Queryable, orderId: string): Promise<Attempt[]> {
  const { rows } = await db.query<AttemptRow>('SELECT * FROM attempts WHERE order_id = $1 ORDER BY number', [orderId]);
  return rows.map(attemptOf);
}

/** The attempt whose fate is not known yet; there is at most one. */
export async function findOpenAttempt(db: Queryable, orderId: string): Promise<Attempt | undefined> {
  const { rows } = await db.query<AttemptRow>(
    `SELECT * FROM attempts WHERE order_id = $1 AND state IN ('PERSISTED', 'SENT', 'SEEN')`,
    [orderId],
  );
  return rows[0] && attemptOf(rows[0]);
}
