import { maySee, onlyClient } from '../core/call-context.js';
import {
  type MessageBody,
  messageText,
  type OrderMessage,
  type ProposalBody,
  type StatusBody,
} from '../order/message.js';
import type { Queryable, Transaction } from './database.js';

/**
 * The message log: one sequence per order, from 1, without gaps, because the number and the message are written by the same
 * transaction as the fact they tell.
 */

/** Appends one message. The counter's row lock makes messages of one order take turns. */
export async function appendMessage(tx: Transaction, orderId: string, message: MessageBody): Promise<bigint> {
  const { rows } = await tx.query<{ sequence: string }>(
    `WITH counter AS (UPDATE order_sequences SET head = head + 1 WHERE order_id = $1 RETURNING head)
     INSERT INTO order_messages (order_id, sequence, kind, text, body, created_at)
     SELECT $1, head, $2, $3, $4, exitlane_now() FROM counter
     RETURNING sequence`,
    [orderId, message.kind, messageText(message), JSON.stringify(message.body)],
  );
  const row = rows[0];
  if (!row) throw new Error(`order ${orderId} has no message counter`);
  tx.hint('order', orderId);
  return BigInt(row.sequence);
}

/** Takes the order's turn at its message counter, so that what is read next stays true until the commit. */
export async function lockMessages(tx: Transaction, orderId: string): Promise<void> {
  await tx.query('SELECT 1 FROM order_sequences WHERE order_id = $1 FOR UPDATE', [orderId]);
}

interface MessageRow {
  order_id: string;
  sequence: string;
  kind: 'status' | 'proposal';
  text: string;
  body: StatusBody | ProposalBody;
  created_at: Date;
}

function messageOf(row: MessageRow): OrderMessage {
  const message =
    row.kind === 'status'
      ? { kind: 'status' as const, body: row.body as StatusBody }
      : { kind: 'proposal' as const, body: row.body as ProposalBody };
  return {
    ...message,
    orderId: row.order_id,
    sequence: BigInt(row.sequence),
    text: row.text,
    createdAt: row.created_at,
  };
}

/** The next messages after `afterSequence`, oldest first, at most `limit`. */
export async function readMessages(
  db: Queryable,
  orderId: string,
  afterSequence: bigint,
  limit: number,
): Promise<OrderMessage[]> {
  const { rows } = await db.query<MessageRow>(
    `SELECT order_id, sequence, kind, text, body, created_at FROM order_messages
     WHERE order_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3`,
    [orderId, afterSequence, limit],
  );
  return rows.map(messageOf);
}

export interface LogHeader {
  /** Changes only when the log was lost or restored. */
  readonly epoch: string;
  readonly earliest: bigint;
  readonly head: bigint;
  readonly orderId: string;
  readonly orderReqId: string;
  readonly isTerminal: boolean;
}

/** See {@link LogHeader.epoch}. */
export async function readLogEpoch(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ epoch: string }>('SELECT epoch FROM log_epoch');
  if (!rows[0]) throw new Error('the epoch of the message log is missing: the database is damaged');
  return rows[0].epoch;
}

/** What the log holds of one order, in one look; undefined for an unknown order. */
export async function readLogHeader(db: Queryable, orderReqId: string): Promise<LogHeader | undefined> {
  const { rows } = await db.query<{
    epoch: string;
    earliest: string;
    head: string;
    order_id: string;
    status: string;
    client: string;
  }>(
    `SELECT e.epoch, s.earliest, s.head, o.order_id, o.status, o.client
     FROM orders o JOIN order_sequences s USING (order_id) CROSS JOIN log_epoch e
     WHERE o.order_req_id = $1`,
    [orderReqId],
  );
  const row = rows[0];
  if (!row || !maySee(row.client)) return undefined;
  return {
    epoch: row.epoch,
    earliest: BigInt(row.earliest),
    head: BigInt(row.head),
    orderId: row.order_id,
    orderReqId,
    isTerminal: row.status === 'FILLED' || row.status === 'CANCELLED',
  };
}

/** Message heads of orders that are not terminal, oldest order first, at most `limit`, and how many there are in all. */
export async function readLiveHeads(
  db: Queryable,
  limit: number,
): Promise<{ total: bigint; heads: { orderReqId: string; head: bigint }[] }> {
  const { rows } = await db.query<{ order_req_id: string; head: string; total: string }>(
    `SELECT o.order_req_id, s.head, count(*) OVER () AS total
     FROM orders o JOIN order_sequences s USING (order_id)
     WHERE o.status IN ('PENDING', 'SUBMITTED', 'CONFIRMING', 'FAILED') AND ($2::text IS NULL OR o.client = $2)
     ORDER BY o.order_id LIMIT $1`,
    [limit, onlyClient() ?? null],
  );
  return {
    total: BigInt(rows[0]?.total ?? 0),
    heads: rows.map((row) => ({ orderReqId: row.order_req_id, head: BigInt(row.head) })),
  };
}
