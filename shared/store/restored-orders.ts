import type { Order } from '../order/order.js';
import type { Transaction } from './database.js';
import { type OrderRow, orderOf } from './order-row.js';
import { moveOrder } from './order-transitions.js';
import { expireProposals } from './proposals.js';
import { releaseReservation } from './settlement.js';

/**
 * Orders of a restored database. What a backup holds as unfinished may have traded since, and the trading state HALTED alone does not
 * keep all of it from trading again: a running order is taken over whatever the state, and an emergency exit starts in any state (P9).
 *
 *   emergency exit, nothing committed .... CANCELLED, its tokens are free again
 *   other order in a slot, the same ...... PENDING, and waits there under HALTED
 *   emergency exit, committed ............ watched on; if its attempt is dead it ends with the alert instead of starting anew
 *   emergency that was to follow an exit . forgotten; the request keeps its answer, which is that exit
 *
 * What else is unfinished waits by itself.
 */

/** What was done so that nothing trades by itself; lists are of order_req_ids. */
export interface StoodStill {
  /** Orders that had a slot and nothing committed. They wait again. */
  readonly returned: readonly string[];
  /** Emergency exits of which nothing was committed. */
  readonly cancelled: readonly string[];
  /** Emergency exits with an attempt whose fate is not known yet. */
  readonly lastTries: readonly string[];
  /** Sent exits that an emergency exit was to follow. */
  readonly notFollowed: readonly string[];
}

/** Only for a database that nothing else works with. `takenAt`: when the backup was taken, ISO 8601. */
export async function standStill(tx: Transaction, takenAt: string): Promise<StoodStill> {
  const from = `The database was restored from a backup taken at ${takenAt}`;
  const cancelled = await cancelEmergencies(tx, from);
  const returned = await returnSubmitted(tx, from);
  const notFollowed = await forgetEmergencyFollows(tx);
  const lastTries = await endTries(tx, from);
  return { returned, cancelled, lastTries, notFollowed };
}

async function cancelEmergencies(tx: Transaction, from: string): Promise<string[]> {
  const exits = await raise(tx, `emergency AND order_type = 'EXIT' AND status IN ('PENDING', 'FAILED', 'SUBMITTED')`);
  for (const order of exits) {
    await expireProposals(tx, order);
    const detail = `${from}: what this exit was to sell may be sold by now. Exit the position again if it is not.`;
    const after = await moveOrder(tx, order, { to: 'CANCELLED', reason: 'RESTORED', detail });
    await releaseReservation(tx, after);
  }
  return idsOf(exits);
}

async function returnSubmitted(tx: Transaction, from: string): Promise<string[]> {
  const orders = await raise(tx, `status = 'SUBMITTED'`);
  for (const order of orders) {
    await expireProposals(tx, order);
    const detail = `${from} while this order was at work: back in its place in the queue; no attempt is used up.`;
    await moveOrder(tx, order, { to: 'PENDING', reason: 'RESTORED', detail, from: ['SUBMITTED'] });
  }
  return idsOf(orders);
}

/** Without it a dead exit is tried again itself, as patiently as before; under HALTED it waits. */
async function forgetEmergencyFollows(tx: Transaction): Promise<string[]> {
  const { rows } = await tx.query<OrderRow>(
    `WITH gone AS (DELETE FROM exit_follows WHERE emergency RETURNING order_id)
     SELECT o.* FROM orders o JOIN gone USING (order_id) ORDER BY o.order_id`,
  );
  return idsOf(rows.map(orderOf));
}

/** A try after this one would start in any trading state, and sell what another may have sold since. */
async function endTries(tx: Transaction, from: string): Promise<string[]> {
  const exits = await raise(tx, `emergency AND order_type = 'EXIT' AND status = 'CONFIRMING'`);
  for (const order of exits) {
    const detail = `${from}: the chain decides about its attempt, and no other one follows by itself.`;
    await moveOrder(tx, order, {
      to: 'CONFIRMING',
      reason: 'RESTORED',
      detail,
      from: ['CONFIRMING'],
      setSql: ['max_attempts = attempt_count + 1'],
    });
  }
  return idsOf(exits);
}

/** Whatever ran under the old fences can write nothing more. */
async function raise(tx: Transaction, which: string): Promise<Order[]> {
  const { rows } = await tx.query<OrderRow>(
    `WITH raised AS (UPDATE orders SET fence = fence + 1 WHERE ${which} RETURNING *) SELECT * FROM raised ORDER BY order_id`,
  );
  return rows.map(orderOf);
}

function idsOf(orders: readonly Order[]): string[] {
  return orders.map(({ orderReqId }) => orderReqId);
}
