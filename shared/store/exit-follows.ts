import type { Order } from '../order/order.js';
import type { OrderPriority } from '../order/priority.js';
import type { Transaction } from './database.js';
import { trimPrice } from './order-row.js';
import { insertOrder, type NewOrder } from './orders.js';

/**
 * Exits that take over where a sent one dies (X11). While a less urgent exit is on the wire only the chain may end it; what shall
 * happen to its tokens then is written down beside it, and carried out by the transaction that learns of its end.
 */

/** How the tokens are to be sold. */
export type FollowTerms = Pick<
  NewOrder,
  'priority' | 'exitReason' | 'emergency' | 'expectedPrice' | 'maxSlippageBps' | 'slippageCapBps' | 'maxAttempts'
>;

interface FollowRow {
  priority: OrderPriority;
  exit_reason: string;
  emergency: boolean;
  expected_price: string | null;
  max_slippage_bps: number;
  slippage_cap_bps: number | null;
  max_attempts: number;
}

/** Notes for each of these sent exits what follows it; of two wishes the more urgent one stands. */
export async function followExits(tx: Transaction, sent: readonly Order[], terms: FollowTerms): Promise<void> {
  for (const { orderId } of sent) {
    await tx.query(
      `INSERT INTO exit_follows (order_id, priority, exit_reason, emergency, expected_price, max_slippage_bps,
         slippage_cap_bps, max_attempts, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, exitlane_now())
       ON CONFLICT (order_id) DO UPDATE SET priority = excluded.priority, exit_reason = excluded.exit_reason,
         emergency = excluded.emergency, expected_price = excluded.expected_price,
         max_slippage_bps = excluded.max_slippage_bps, slippage_cap_bps = excluded.slippage_cap_bps,
         max_attempts = excluded.max_attempts
       WHERE excluded.priority < exit_follows.priority`,
      [
        orderId,
        terms.priority,
        terms.exitReason,
        terms.emergency,
        terms.expectedPrice,
        terms.maxSlippageBps,
        terms.slippageCapBps,
        terms.maxAttempts,
      ],
    );
  }
}

/** What follows this order, if anything does; taken away, since the order has ended. */
export async function takeFollow(tx: Transaction, orderId: string): Promise<FollowTerms | undefined> {
  const { rows } = await tx.query<FollowRow>('DELETE FROM exit_follows WHERE order_id = $1 RETURNING *', [orderId]);
  const row = rows[0];
  return (
    row && {
      priority: row.priority,
      exitReason: row.exit_reason,
      emergency: row.emergency,
      expectedPrice: row.expected_price === null ? null : trimPrice(row.expected_price),
      maxSlippageBps: row.max_slippage_bps,
      slippageCapBps: row.slippage_cap_bps,
      maxAttempts: row.max_attempts,
    }
  );
}

/** Makes the exit that sells what `dead` did not. It keeps the dead one's reservation: the position's tokens stay with it. */
export async function insertFollower(tx: Transaction, dead: Order, terms: FollowTerms): Promise<Order> {
  const order = await insertOrder(tx, {
    ...terms,
    orderReqId: `follow:${dead.orderId}`,
    payloadHash: '',
    orderType: 'EXIT',
    mint: dead.mint,
    symbol: dead.symbol,
    decimals: dead.decimals,
    requestedLamports: null,
    requestedTokens: dead.requestedTokens,
    positionId: dead.positionId,
    exitPlan: {},
    isSimulated: dead.isSimulated,
    expiresAt: null,
  });
  if (!order) throw new Error(`order ${dead.orderId} has a follower already`);
  return order;
}
