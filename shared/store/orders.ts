import { clientOf, currentCallFacts, maySee, onlyClient } from '../core/call-context.js';
import { ExitlaneError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Order, OrderStatus, OrderType } from '../order/order.js';
import type { OrderPriority } from '../order/priority.js';
import type { Queryable, Transaction } from './database.js';
import { appendMessage } from './messages.js';
import { type OrderRow, orderOf } from './order-row.js';
import { DUE_TIME_SET, EXIT_WAITS, statusBody } from './order-transitions.js';

/** A validated order that is not in the store yet. Amounts are base units. */
export interface NewOrder {
  readonly orderReqId: string;
  readonly payloadHash: string;
  readonly orderType: OrderType;
  readonly priority: OrderPriority;
  readonly emergency: boolean;
  readonly mint: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly requestedLamports: bigint | null;
  readonly requestedTokens: bigint | null;
  readonly expectedPrice: string | null;
  readonly maxSlippageBps: number;
  /** An exit's slippage may step up to this, attempt by attempt (X11); null: it is the client's word and stays. */
  readonly slippageCapBps: number | null;
  readonly positionId: string | null;
  readonly exitReason: string;
  readonly exitPlan: Readonly<Record<string, unknown>>;
  readonly isSimulated: boolean;
  readonly maxAttempts: number;
  readonly expiresAt: Date | null;
  /** Id of the call that wanted it, where that is not the running one. */
  readonly requestId?: string;
  /** Of an entry made from a signal (X13). */
  readonly signal?: { readonly score: number | null; readonly reason: string };
}

/**
 * Inserts the order with message 1; undefined when its order_req_id was taken meanwhile, by an order or by a request that only follows
 * a sent exit. `checked`: the caller has the id locked and has looked, or the order is that of the request that only followed.
 */
export async function insertOrder(
  tx: Transaction,
  draft: NewOrder,
  reqId: 'unchecked' | 'checked' = 'unchecked',
): Promise<Order | undefined> {
  const facts = currentCallFacts();
  if (reqId === 'unchecked') await lockReqId(tx, draft.orderReqId);
  // Order and message counter in one statement: it makes up for the lock's.
  const { rows } = await tx.query<OrderRow>(
    `WITH made AS (
       INSERT INTO orders (order_id, order_req_id, payload_hash, order_type, priority, emergency, mint, symbol, decimals,
         requested_lamports, requested_tokens, expected_price, max_slippage_bps, position_id, exit_reason, exit_plan,
         is_simulated, max_attempts, expires_at, slippage_cap_bps, signal_score,
         signal_reason, client, request_id, status, reason, created_at, queued_at, updated_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
         coalesce((SELECT client FROM positions WHERE position_id = $14), $23), $24, 'PENDING', 'ACCEPTED', t, t, t
       FROM (SELECT exitlane_now() AS t) AS clock
       WHERE $25 OR NOT EXISTS (SELECT 1 FROM exit_wishes WHERE order_req_id = $2)
       ON CONFLICT (order_req_id) DO NOTHING RETURNING *),
     counted AS (INSERT INTO order_sequences (order_id) SELECT order_id FROM made)
     SELECT * FROM made`,
    [
      newId(),
      draft.orderReqId,
      draft.payloadHash,
      draft.orderType,
      draft.priority,
      draft.emergency,
      draft.mint,
      draft.symbol,
      draft.decimals,
      draft.requestedLamports,
      draft.requestedTokens,
      draft.expectedPrice,
      draft.maxSlippageBps,
      draft.positionId,
      draft.exitReason,
      JSON.stringify(draft.exitPlan),
      draft.isSimulated,
      draft.maxAttempts,
      draft.expiresAt,
      draft.slippageCapBps,
      draft.signal?.score ?? null,
      draft.signal?.reason ?? '',
      facts === undefined ? '' : clientOf(facts.caller),
      draft.requestId ?? facts?.requestId ?? '',
      reqId === 'checked',
    ],
  );
  if (!rows[0]) return undefined;
  const order = orderOf(rows[0]);
  await appendMessage(tx, order.orderId, {
    kind: 'status',
    body: statusBody(order, 'Accepted and waiting for a slot.'),
  });
  tx.moved({ order });
  tx.hint('queue', order.orderId);
  if (order.orderType === 'EXIT') tx.hint('queue', EXIT_WAITS);
  if (order.expiresAt !== null) tx.hint('queue', DUE_TIME_SET);
  return order;
}

/**
 * Whoever is about to use this order_req_id, for an order or for a wish to follow one, has it alone until the commit. What comes
 * next sees what the one before has written: ids are unique in either table, and nothing else keeps one from being used in both.
 */
export async function lockReqId(tx: Transaction, orderReqId: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [orderReqId]);
}

export async function findOrder(db: Queryable, orderId: string): Promise<Order | undefined> {
  const { rows } = await db.query<OrderRow>('SELECT * FROM orders WHERE order_id = $1', [orderId]);
  return rows[0] && orderOf(rows[0]);
}

export async function findOrderByReqId(db: Queryable, orderReqId: string): Promise<Order | undefined> {
  const { rows } = await db.query<OrderRow>('SELECT * FROM orders WHERE order_req_id = $1', [orderReqId]);
  return rows[0] && orderOf(rows[0]);
}

/** The order by whichever id the caller has; ORDER_NOT_FOUND otherwise. */
export async function getOrder(db: Queryable, id: { orderId: string } | { orderReqId: string }): Promise<Order> {
  const order = 'orderId' in id ? await findOrder(db, id.orderId) : await findOrderByReqId(db, id.orderReqId);
  // Another client's order is answered as if there were none: that it exists is nobody's business.
  if (!order || !maySee(order.client)) {
    const [name, value] = 'orderId' in id ? ['order_id', id.orderId] : ['order_req_id', id.orderReqId];
    throw new ExitlaneError('ORDER_NOT_FOUND', `no order with ${name} ${value}`, { metadata: { [name]: value } });
  }
  return order;
}

export interface OrderFilter {
  readonly statuses?: readonly OrderStatus[];
  readonly orderType?: OrderType;
  readonly mint?: string;
  readonly positionId?: string;
  /** Only orders older than this one: the last of the page before. */
  readonly beforeOrderId?: string;
  readonly limit: number;
}

/** Newest first: order ids are UUIDs of version 7 and sort by the time they were made. A client gets its own only. */
export async function listOrders(db: Queryable, filter: OrderFilter): Promise<Order[]> {
  const { rows } = await db.query<OrderRow>(
    `SELECT * FROM orders
     WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text IS NULL OR order_type = $2)
       AND ($3::text IS NULL OR mint = $3) AND ($4::uuid IS NULL OR position_id = $4)
       AND ($5::uuid IS NULL OR order_id < $5) AND ($6::text IS NULL OR client = $6)
     ORDER BY order_id DESC LIMIT $7`,
    [
      filter.statuses && filter.statuses.length > 0 ? filter.statuses : null,
      filter.orderType ?? null,
      filter.mint ?? null,
      filter.positionId ?? null,
      filter.beforeOrderId ?? null,
      onlyClient() ?? null,
      filter.limit,
    ],
  );
  return rows.map(orderOf);
}

/** Waiting entries, counted no further than `upTo`: the price of the count is bounded by the limit it is compared with. */
export async function countWaitingEntries(db: Queryable, upTo: number): Promise<number> {
  const { rows } = await db.query<{ n: string }>(
    `SELECT count(*) AS n FROM (
       (SELECT 1 FROM orders WHERE status = 'PENDING' AND priority = 100 LIMIT $1)
       UNION ALL (SELECT 1 FROM orders WHERE status = 'PENDING' AND priority = 0 AND order_type = 'ENTRY' LIMIT $1)
     ) AS waiting`,
    [upTo],
  );
  return Number(rows[0]?.n ?? 0);
}

/** Orders waiting for a slot. */
export async function countWaiting(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ n: string }>(`SELECT count(*) AS n FROM orders WHERE status = 'PENDING'`);
  return Number(rows[0]?.n ?? 0);
}

/** The orders with these ids, in the order they were made; unknown ids are left out. */
export async function findOrdersByIds(db: Queryable, orderIds: readonly string[]): Promise<Order[]> {
  if (orderIds.length === 0) return [];
  const { rows } = await db.query<OrderRow>('SELECT * FROM orders WHERE order_id = ANY($1::uuid[]) ORDER BY order_id', [
    orderIds,
  ]);
  return rows.map(orderOf);
}
