import { ExitlaneError } from '../core/errors.js';
import type { Order } from '../order/order.js';
import type { Queryable } from './database.js';
import { type OrderRow, orderOf } from './order-row.js';
import type { Position } from './positions.js';

/**
 * The exit of the position that was given up last, to be tried again (X6).
 * @throws NOTHING_TO_RETRY when none was, or when it was made up for since
 */
export async function findFailedExit(db: Queryable, position: Position): Promise<Order> {
  const { positionId } = position;
  const { rows } = await db.query<OrderRow>(
    `SELECT * FROM orders WHERE position_id = $1 AND order_type = 'EXIT' AND status IN ('FILLED', 'CANCELLED')
       AND (status = 'FILLED' OR reason = 'ATTEMPTS_EXHAUSTED')
     ORDER BY updated_at DESC, order_id DESC LIMIT 1`,
    [positionId],
  );
  const last = rows[0] && orderOf(rows[0]);
  if (position.status !== 'CLOSED' && last?.status === 'CANCELLED') return last;
  const why =
    position.status === 'CLOSED'
      ? 'it is closed'
      : last
        ? `its last exit that ended, ${last.exitReason} order ${last.orderReqId}, was filled`
        : 'no exit of it was given up';
  const text = `position ${positionId} has no failed exit to retry: ${why}; ExitPosition makes a new exit`;
  throw new ExitlaneError('NOTHING_TO_RETRY', text, { metadata: { position_id: positionId } });
}
