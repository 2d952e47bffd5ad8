import type { Order } from '../order/order.js';
import { type OrderType, priorityName } from '../order/priority.js';
import { type ClaimedOrder, leaseSql, withHead } from './claims.js';
import type { Database, Transaction } from './database.js';
import { type OrderRow, orderOf } from './order-row.js';
import { type Claim, moveOrder } from './order-transitions.js';
import { expireProposals } from './proposals.js';
import type { TradingState } from './scheduler-state.js';

/**
 * The claim: which order starts now, and in whose place. Claims take turns on the scheduler row; only then are order and limit
 * exact across requestors - SKIP LOCKED would skip the best order whenever anything else held its row.
 *
 *   best waiting order that may start (trading state, expiry, reserved slots)
 *     a slot is free ................................. takes it
 *     an emergency exit, and an extra slot is free ... takes that
 *     an exit, and a less urgent order is sent ....... takes its slot; the watching goes on without one
 *     an exit, and an entry has nothing committed .... takes its slot; the entry goes back to its place
 *     otherwise ...................................... waits
 */

/** Claims the best order that may start now for `owner`; undefined when none may. */
export async function claimNextOrder(db: Database, owner: string, leaseMs: number): Promise<ClaimedOrder | undefined> {
  return db.transaction(async (tx) => {
    const rules = await lockScheduler(tx);
    for (let tries = 0; tries < LOOKS_MAX; tries++) {
      const best = await lookForBest(tx, rules);
      if (!best) return undefined;
      const victim = best.free ? undefined : await lockVictim(tx, best);
      if (!best.free && !victim) continue;
      const claim = await take(tx, best.order_id);
      if (!claim) continue;
      if (victim) await displace(tx, victim, best.priority);
      const order = await moveOrder(tx, claim, {
        to: 'SUBMITTED',
        reason: 'CLAIMED',
        detail: `Took a slot as number ${claim.dispatched} of all claims.`,
        from: ['PENDING'],
        setSql: ['holds_slot = true', 'submitted_at = exitlane_now()', leaseSql(leaseMs)],
        set: { lease_owner: owner },
      });
      return withHead(tx, order);
    }
    return undefined;
  });
}

/** A cancel may take the best order, or a commit change the one to displace, between look and lock; then look again. */
const LOOKS_MAX = 10;

interface Rules {
  readonly trading_state: TradingState;
  readonly max_concurrent: number;
  readonly exit_reserved: number;
  readonly emergency_extra: number;
}

/** A statement of its own: what the next one reads must be younger than the lock. */
async function lockScheduler(tx: Transaction): Promise<Rules> {
  const { rows } = await tx.query<Rules>(
    'SELECT trading_state, max_concurrent, exit_reserved, emergency_extra FROM scheduler WHERE id = 1 FOR UPDATE',
  );
  if (!rows[0]) throw new Error('the scheduler row is missing: the database is damaged');
  return rows[0];
}

interface Best {
  readonly order_id: string;
  readonly order_type: OrderType;
  readonly priority: number;
  /** A slot is free for it. Otherwise one can be had from a less urgent order. */
  readonly free: boolean;
}

/**
 * The best order that may start: by priority, then exits before entries, then age. An emergency entry is as urgent as an emergency exit by
 * its number, and must not keep it waiting: whoever may submit could submit many. Each branch reads the first row of an index, of however
 * many that wait.
 */
async function lookForBest(tx: Transaction, rules: Rules): Promise<Best | undefined> {
  const { rows } = await tx.query<Best>(
    `WITH slots AS (
       SELECT count(*) AS taken, count(*) FILTER (WHERE order_type = 'ENTRY') AS entries FROM orders WHERE holds_slot
     ), room AS (
       SELECT $1 = 'ACTIVE' AND taken < $2 AND entries < $2 - $3 AS for_entry FROM slots
     ), best AS (
       SELECT * FROM (
         (SELECT order_id, order_type, emergency, priority FROM orders
          WHERE status = 'PENDING' AND order_type = 'EXIT' AND ($1 <> 'HALTED' OR emergency) AND ${NOT_EXPIRED}
          ORDER BY priority, created_at, order_id LIMIT 1)
         UNION ALL
         (SELECT order_id, order_type, emergency, priority FROM orders
          WHERE status = 'PENDING' AND priority = 0 AND order_type = 'ENTRY' AND (SELECT for_entry FROM room) AND ${NOT_EXPIRED}
          ORDER BY created_at, order_id LIMIT 1)
         UNION ALL
         (SELECT order_id, order_type, emergency, priority FROM orders
          WHERE status = 'PENDING' AND priority = 100 AND order_type = 'ENTRY' AND (SELECT for_entry FROM room) AND ${NOT_EXPIRED}
          ORDER BY created_at, order_id LIMIT 1)
       ) AS candidates ORDER BY priority, order_type = 'ENTRY' LIMIT 1
     ), found AS (
       SELECT order_id, order_type, priority, taken < $2 + CASE WHEN emergency THEN $4 ELSE 0 END AS free FROM best, slots
     )
     SELECT order_id, order_type, priority, free FROM found
     WHERE free OR EXISTS (
       SELECT 1 FROM orders WHERE ${DISPLACEABLE} AND ${presses('found.priority', 'found.order_type')})`,
    [rules.trading_state, rules.max_concurrent, rules.exit_reserved, rules.emergency_extra],
  );
  return rows[0];
}

const NOT_EXPIRED = '(expires_at IS NULL OR expires_at > exitlane_now())';

/** SQL: the order at hand gives way to one of this priority and type; of equals an entry gives way to an exit. */
function presses(priority: string, orderType: string): string {
  return `(priority > ${priority} OR (priority = ${priority} AND order_type = 'ENTRY' AND ${orderType} = 'EXIT'))`;
}

/** Sent, so that only watching is left; or an entry of which nothing is committed. Exits at work are never interrupted. */
const DISPLACEABLE = `holds_slot AND (status = 'CONFIRMING' OR (status = 'SUBMITTED' AND order_type = 'ENTRY'))`;

interface Victim {
  readonly claim: Claim;
  readonly status: 'SUBMITTED' | 'CONFIRMING';
}

/** The order that loses least by giving up its slot: a sent one loses nothing, of the others the one that began last. */
async function lockVictim(tx: Transaction, morePressing: Best): Promise<Victim | undefined> {
  const { rows } = await tx.query<{ order_id: string; fence: string; status: Victim['status'] }>(
    `SELECT order_id, fence, status FROM orders WHERE ${DISPLACEABLE} AND ${presses('$1::smallint', '$2::text')}
     ORDER BY status = 'CONFIRMING' DESC, priority DESC, dispatch_sequence DESC LIMIT 1 FOR UPDATE`,
    [morePressing.priority, morePressing.order_type],
  );
  const row = rows[0];
  return row && { claim: { orderId: row.order_id, fence: BigInt(row.fence) }, status: row.status };
}

/** Gives the order its fence and its number among all claims; undefined when it does not wait any more. */
async function take(tx: Transaction, orderId: string): Promise<(Claim & { dispatched: string }) | undefined> {
  const { rows } = await tx.query<{ fence: string; dispatched: string }>(
    `WITH turn AS (UPDATE scheduler SET dispatched = dispatched + 1 WHERE id = 1 RETURNING dispatched)
     UPDATE orders SET fence = fence + 1, dispatch_sequence = turn.dispatched FROM turn
     WHERE order_id = $1 AND status = 'PENDING' RETURNING fence, turn.dispatched`,
    [orderId],
  );
  return rows[0] && { orderId, fence: BigInt(rows[0].fence), dispatched: rows[0].dispatched };
}

/** P8. The fence of an interrupted entry is raised, so that its run can write nothing more; a watched order keeps its own. */
async function displace(tx: Transaction, { claim, status }: Victim, priority: number): Promise<void> {
  const exit = `an exit (${priorityName(priority)})`;
  if (status === 'CONFIRMING') {
    await moveOrder(tx, claim, {
      to: 'CONFIRMING',
      reason: 'SLOT_HANDED_OVER',
      detail: `Sent, and only being watched: gave its slot to ${exit}. The watching goes on.`,
      from: ['CONFIRMING'],
      freesSlot: true,
    });
    return;
  }
  const order = await raise(tx, claim);
  await expireProposals(tx, order);
  await moveOrder(tx, order, {
    to: 'PENDING',
    reason: 'PREEMPTED',
    detail: `Gave its slot to ${exit} before anything was committed. Back in its place in the queue; no attempt is used up.`,
    from: ['SUBMITTED'],
  });
}

async function raise(tx: Transaction, { orderId, fence }: Claim): Promise<Order> {
  const { rows } = await tx.query<OrderRow>(
    'UPDATE orders SET fence = fence + 1 WHERE order_id = $1 AND fence = $2 RETURNING *',
    [orderId, fence],
  );
  if (!rows[0]) throw new Error(`order ${orderId} moved although its row was locked`);
  return orderOf(rows[0]);
}
