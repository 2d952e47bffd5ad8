import { ExitlaneError } from '../core/errors.js';
import type { Order, OrderStatus } from '../order/order.js';
import type { Database, Transaction } from './database.js';
import { type OrderRow, orderOf } from './order-row.js';
import { type Claim, moveOrder, staleFence } from './order-transitions.js';

/**
 * The right to run an order: lease (until when) and fence (which claim). See DESIGN.md, "Fences".
 */

/**
 * Claims the best waiting order for `owner`, or nothing when none may start now. Claims take turns on the scheduler row:
 * only then are order and limit exact across requestors - SKIP LOCKED would skip the best order whenever anything else
 * held its row.
 */
export async function claimNextOrder(db: Database, owner: string, leaseMs: number): Promise<Order | undefined> {
  return db.transaction(async (tx) => {
    // A statement of its own: what the next one reads must be younger than the lock.
    const { rows: state } = await tx.query<SchedulerRow>(
      'SELECT trading_state, max_concurrent FROM scheduler WHERE id = 1 FOR UPDATE',
    );
    const claimed = await pickBest(tx, state[0]);
    if (!claimed) return undefined;
    const claim = { orderId: claimed.order_id, fence: BigInt(claimed.fence) };
    return moveOrder(tx, claim, {
      to: 'SUBMITTED',
      reason: 'CLAIMED',
      detail: `Took a slot as number ${claimed.dispatched} of all claims.`,
      from: ['PENDING'],
      setSql: ['holds_slot = true', 'submitted_at = exitlane_now()', leaseSql(leaseMs)],
      set: { lease_owner: owner },
    });
  });
}

interface SchedulerRow {
  trading_state: string;
  max_concurrent: number;
}

interface Picked {
  order_id: string;
  fence: string;
  dispatched: string;
}

/** A cancel or an expiry may take the best order between look and write; then the next best is looked for. */
const PICK_TRIES_MAX = 10;

async function pickBest(tx: Transaction, state: SchedulerRow | undefined): Promise<Picked | undefined> {
  if (!state) throw new Error('the scheduler row is missing: the database is damaged');
  for (let tries = 0; tries < PICK_TRIES_MAX; tries++) {
    const { rows } = await tx.query<Picked | { order_id: null; fence: null; dispatched: null }>(
      `WITH best AS (
         SELECT order_id FROM orders
         WHERE status = 'PENDING'
           AND ($1 = 'ACTIVE' OR (order_type = 'EXIT' AND ($1 = 'EXITS_ONLY' OR emergency)))
           AND (expires_at IS NULL OR expires_at > exitlane_now())
           AND (SELECT count(*) FROM orders WHERE holds_slot) < $2
         ORDER BY priority, created_at, order_id LIMIT 1
       ), turn AS (
         UPDATE scheduler SET dispatched = dispatched + 1 WHERE id = 1 AND EXISTS (SELECT 1 FROM best) RETURNING dispatched
       ), picked AS (
         UPDATE orders SET fence = fence + 1, dispatch_sequence = turn.dispatched
         FROM best, turn WHERE orders.order_id = best.order_id AND orders.status = 'PENDING'
         RETURNING orders.order_id, orders.fence, turn.dispatched
       )
       SELECT picked.order_id, picked.fence, picked.dispatched FROM best LEFT JOIN picked USING (order_id)`,
      [state.trading_state, state.max_concurrent],
    );
    const row = rows[0];
    if (!row) return undefined;
    if (row.order_id !== null) return row;
  }
  return undefined;
}

function leaseSql(leaseMs: number): string {
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

/** Extends the leases of these orders, as far as `owner` still holds them; one statement however many they are. */
export async function renewLeases(
  db: Database,
  owner: string,
  orderIds: readonly string[],
  leaseMs: number,
): Promise<number> {
  if (orderIds.length === 0) return 0;
  const { rowCount } = await db.query(
    `UPDATE orders SET ${leaseSql(leaseMs)} WHERE lease_owner = $1 AND order_id = ANY($2::uuid[])`,
    [owner, orderIds],
  );
  return rowCount;
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
): Promise<Order[]> {
  const { rows } = await db.query<OrderRow>(
    `UPDATE orders SET fence = fence + 1, lease_owner = $1, ${leaseSql(leaseMs)}
     WHERE order_id IN (
       SELECT order_id FROM orders
       WHERE lease_owner IS NOT NULL AND lease_until <= exitlane_now() AND order_id <> ALL($2::uuid[])
       ORDER BY priority, created_at FOR UPDATE SKIP LOCKED LIMIT $3)
     RETURNING *`,
    [owner, except, limit],
  );
  return rows.map(orderOf);
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
