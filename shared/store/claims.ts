import { ExitlaneError } from '../core/errors.js';
import type { Order, OrderStatus } from '../order/order.js';
import type { Database, Transaction } from './database.js';
import { type OrderRow, orderOf } from './order-row.js';
import { type Claim, staleFence } from './order-transitions.js';

/**
 * The right to run an order: lease (until when) and fence (which claim). See DESIGN.md, "Fences".
 */

/** An order as its runner gets it. */
export interface ClaimedOrder extends Order {
  /** Sequence of its last message at that moment: what came before is no news to the run. */
  readonly headSequence: bigint;
}

/** Call in the transaction that locked or wrote the order: then order and head belong together. */
export async function withHead(tx: Transaction, order: Order): Promise<ClaimedOrder> {
  const { rows } = await tx.query<{ head: string }>('SELECT head FROM order_sequences WHERE order_id = $1', [
    order.orderId,
  ]);
  return { ...order, headSequence: BigInt(rows[0]?.head ?? 0) };
}

/** Sets the end of a lease that begins now. */
export function leaseSql(leaseMs: number): string {
  return `lease_until = exitlane_now() + interval '1 millisecond' * ${Math.round(leaseMs)}`;
}

/**
 * Raises the fence of an order that `owner` holds, before it is dialled: from now on everything that ran under the old fence
 * can write nothing. Undefined when the order is no longer running under this claim.
 */
export async function raiseFence(
  db: Database,
  claim: Claim,
  owner: string,
  leaseMs: number,
): Promise<Order | undefined> {
  const { rows } = await db.query<OrderRow>(
    `UPDATE orders SET fence = fence + 1, ${leaseSql(leaseMs)}
     WHERE order_id = $1 AND fence = $2 AND lease_owner = $3 AND status IN ('SUBMITTED', 'CONFIRMING') RETURNING *`,
    [claim.orderId, claim.fence, owner],
  );
  return rows[0] && orderOf(rows[0]);
}

/** What `renewLeases` found out about an order. */
export interface Renewed {
  readonly orderId: string;
  readonly holdsSlot: boolean;
}

/**
 * Extends the leases of these orders, as far as `owner` still holds them, in one statement however many they are. Returns those;
 * the others are somebody else's by now.
 */
export async function renewLeases(
  db: Database,
  owner: string,
  orderIds: readonly string[],
  leaseMs: number,
): Promise<Renewed[]> {
  if (orderIds.length === 0) return [];
  const { rows } = await db.query<{ order_id: string; holds_slot: boolean }>(
    `UPDATE orders SET ${leaseSql(leaseMs)} WHERE lease_owner = $1 AND order_id = ANY($2::uuid[])
     RETURNING order_id, holds_slot`,
    [owner, orderIds],
  );
  return rows.map((row) => ({ orderId: row.order_id, holdsSlot: row.holds_slot }));
}

/** Whether the lease of an order other than these has run out. */
export async function hasEndedLease(db: Database, except: readonly string[]): Promise<boolean> {
  const { rows } = await db.query(
    `SELECT 1 FROM orders WHERE lease_owner IS NOT NULL AND lease_until <= exitlane_now() AND order_id <> ALL($1::uuid[]) LIMIT 1`,
    [except],
  );
  return rows.length > 0;
}

/**
 * Takes over running orders whose owner let the lease run out, except these, at most `limit`. Their slots come along: taking
 * over never exceeds the maximum.
 */
export async function takeOverOrders(
  db: Database,
  owner: string,
  leaseMs: number,
  except: readonly string[],
  limit: number,
): Promise<ClaimedOrder[]> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<OrderRow>(
      `UPDATE orders SET fence = fence + 1, lease_owner = $1, ${leaseSql(leaseMs)}
     WHERE order_id IN (
       SELECT order_id FROM orders
       WHERE lease_owner IS NOT NULL AND lease_until <= exitlane_now() AND order_id <> ALL($2::uuid[])
       ORDER BY priority, created_at FOR UPDATE SKIP LOCKED LIMIT $3)
     RETURNING *`,
      [owner, except, limit],
    );
    const taken: ClaimedOrder[] = [];
    for (const row of rows) taken.push(await withHead(tx, orderOf(row)));
    return taken;
  });
}

/**
 * Ends every lease at once. Only for an embedded database right after it was opened: its lock proves that whoever held the
 * leases is dead.
 */
export async function endAllLeases(db: Database): Promise<number> {
  if (db.kind !== 'pglite') throw new ExitlaneError('INTERNAL', 'leases of a shared database end by time only');
  const { rowCount } = await db.query('UPDATE orders SET lease_until = exitlane_now() WHERE lease_owner IS NOT NULL');
  return rowCount;
}

/** Orders with a committed attempt whose fate is not known, and their current fences; the most urgent first. */
export async function listConfirming(db: Database): Promise<Claim[]> {
  const { rows } = await db.query<{ order_id: string; fence: string }>(
    `SELECT order_id, fence FROM orders WHERE status = 'CONFIRMING' ORDER BY priority, created_at`,
  );
  return rows.map((row) => ({ orderId: row.order_id, fence: BigInt(row.fence) }));
}

/** A requestor that stops tells the others at once that its running orders may be taken over. */
export async function endLeasesOf(db: Database, owner: string): Promise<void> {
  await db.query('UPDATE orders SET lease_until = exitlane_now() WHERE lease_owner = $1', [owner]);
}

/** The order as it stands, for a processor that was dialled with `claim`: the fence must be the order's current one. */
export async function readClaimed(db: Database, claim: Claim): Promise<Order> {
  const { rows } = await db.query<OrderRow>('SELECT * FROM orders WHERE order_id = $1', [claim.orderId]);
  if (!rows[0]) {
    throw new ExitlaneError('ORDER_NOT_FOUND', `no order with order_id ${claim.orderId}`, {
      metadata: { order_id: claim.orderId },
    });
  }
  const order = orderOf(rows[0]);
  if (order.fence !== claim.fence) {
    throw staleFence(claim);
  }
  return order;
}

/**
 * Holds the order's row until the commit and makes sure that the fence is current and the order in this state; STALE_FENCE
 * otherwise. The end of an order does not raise its fence.
 */
export async function requireFence(tx: Transaction, claim: Claim, status: OrderStatus): Promise<void> {
  const { rows } = await tx.query(
    'SELECT 1 FROM orders WHERE order_id = $1 AND fence = $2 AND status = $3 FOR NO KEY UPDATE',
    [claim.orderId, claim.fence, status],
  );
  if (rows.length > 0) return;
  throw staleFence(claim);
}

/** Marks an order without a committed attempt as simulated, for good. */
export async function markSimulated(db: Database, claim: Claim): Promise<Order> {
  const { rows } = await db.query<OrderRow>(
    `UPDATE orders SET is_simulated = true, updated_at = exitlane_now()
     WHERE order_id = $1 AND fence = $2 AND status = 'SUBMITTED' RETURNING *`,
    [claim.orderId, claim.fence],
  );
  if (!rows[0]) throw staleFence(claim);
  return orderOf(rows[0]);
}
