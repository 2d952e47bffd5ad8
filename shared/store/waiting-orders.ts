import { ExitlaneError } from '../core/errors.js';
import type { Order } from '../order/order.js';
import { recordAudit } from './audit.js';
import type { Database } from './database.js';
import { type OrderRow, orderOf } from './order-row.js';
import { moveOrder } from './order-transitions.js';
import { expireProposals } from './proposals.js';
import { releaseReservation } from './settlement.js';

/** Orders that hold no slot: cancelling, expiring, and coming back for a retry. */

/**
 * Cancels an order (E9): one that waits ends at once, one in a slot without a committed attempt ends by the same conditional
 * write that its attempt's commit would need, so that exactly one of the two wins. CONFIRMING is refused: only the chain knows.
 */
export async function cancelOrder(db: Database, orderId: string, detail: string): Promise<Order> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<OrderRow>(
      `UPDATE orders SET fence = fence + 1 WHERE order_id = $1 AND status IN ('PENDING', 'FAILED', 'SUBMITTED') RETURNING *`,
      [orderId],
    );
    const order = rows[0] && orderOf(rows[0]);
    if (!order) {
      const { rows: found } = await tx.query<OrderRow>('SELECT * FROM orders WHERE order_id = $1', [orderId]);
      throw refusal(orderId, found[0] && orderOf(found[0]));
    }
    await expireProposals(tx, order);
    const after = await moveOrder(tx, order, { to: 'CANCELLED', reason: 'CANCELLED_BY_CLIENT', detail });
    await releaseReservation(tx, after);
    const { orderReqId: order_req_id, orderType: order_type, positionId } = after;
    const facts = { order_req_id, order_type, position_id: positionId ?? undefined, reason: detail };
    await recordAudit(tx, { subject: orderId, detail: facts });
    return after;
  });
}

function refusal(orderId: string, order: Order | undefined): ExitlaneError {
  if (!order) return new ExitlaneError('ORDER_NOT_FOUND', `no order with order_id ${orderId}`);
  const why =
    order.status === 'CONFIRMING'
      ? `attempt ${order.txSignature} is committed and may land; only the chain can end it now. Follow the order to see how it ends.`
      : `it is ${order.status} already.`;
  return new ExitlaneError('ORDER_NOT_CANCELLABLE', `order ${orderId} cannot be cancelled: ${why}`, {
    metadata: { order_id: orderId, status: order.status },
  });
}

/** FAILED orders whose time has come go back to their place, at most `limit`; their seniority is their created_at. */
export async function requeueDueRetries(db: Database, limit: number): Promise<Order[]> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<OrderRow>(
      `UPDATE orders SET fence = fence + 1 WHERE order_id IN (
         SELECT order_id FROM orders WHERE status = 'FAILED' AND next_retry_at <= exitlane_now()
         ORDER BY priority, next_retry_at FOR UPDATE SKIP LOCKED LIMIT $1) RETURNING *`,
      [limit],
    );
    const requeued: Order[] = [];
    for (const order of rows.map(orderOf)) {
      const detail = `Waiting for a slot again after ${order.reason} (attempt ${order.attemptCount + 1} of ${order.maxAttempts}).`;
      requeued.push(await moveOrder(tx, order, { to: 'PENDING', reason: 'RETRY_DUE', detail }));
    }
    return requeued;
  });
}

/** Milliseconds until the next retry or expiry falls due, 0 if one has; undefined when there is none. */
export async function nextDueMs(db: Database): Promise<number | undefined> {
  const { rows } = await db.query<{ ms: string | null }>(
    `SELECT extract(epoch FROM least(
         (SELECT min(next_retry_at) FROM orders WHERE status = 'FAILED'),
         (SELECT min(expires_at) FROM orders WHERE status = 'PENDING' AND expires_at IS NOT NULL)
       ) - exitlane_now()) * 1000 AS ms`,
  );
  const ms = rows[0]?.ms;
  // Not by SQL's greatest(0, ...), which takes "none" for 0.
  return ms === null || ms === undefined ? undefined : Math.max(0, Number(ms));
}

/** Entries still waiting past their time end CANCELLED (P10), at most `limit`: they never trade late. */
export async function expireWaitingEntries(db: Database, limit: number): Promise<Order[]> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<OrderRow>(
      `UPDATE orders SET fence = fence + 1 WHERE order_id IN (
         SELECT order_id FROM orders WHERE status = 'PENDING' AND expires_at <= exitlane_now()
         ORDER BY expires_at FOR UPDATE SKIP LOCKED LIMIT $1) RETURNING *`,
      [limit],
    );
    const expired: Order[] = [];
    for (const order of rows.map(orderOf)) {
      await expireProposals(tx, order);
      const detail = `Still waiting at ${order.expiresAt?.toISOString()}, its expiry.`;
      expired.push(await moveOrder(tx, order, { to: 'CANCELLED', reason: 'EXPIRED', detail }));
    }
    return expired;
  });
}
