import type { Order } from '../order/order.js';
import type { Database } from './database.js';
import { type OrderRow, orderOf } from './order-row.js';
import { moveOrder } from './order-transitions.js';

/**
 * Frees the slots of orders whose attempt was committed `afterMs` ago or earlier (P8): a processor does so itself when the
 * confirmation time is over, but one that is frozen or cut off cannot. The orders stay CONFIRMING and watched.
 */
export async function releaseOverdueSlots(db: Database, afterMs: number): Promise<Order[]> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<OrderRow>(
      `SELECT orders.* FROM orders JOIN attempts USING (order_id)
       WHERE holds_slot AND status = 'CONFIRMING' AND attempts.state IN ('PERSISTED', 'SENT', 'SEEN')
         AND attempts.created_at <= exitlane_now() - interval '1 millisecond' * $1
       FOR UPDATE OF orders SKIP LOCKED`,
      [afterMs],
    );
    const released: Order[] = [];
    for (const order of rows.map(orderOf)) {
      const detail = 'No verdict within the confirmation time: the slot is free for others. The watching goes on.';
      const move = {
        to: 'CONFIRMING',
        reason: 'SLOT_TIMED_OUT',
        detail,
        from: ['CONFIRMING'],
        freesSlot: true,
      } as const;
      released.push(await moveOrder(tx, order, move));
    }
    return released;
  });
}
