import { currentCallFacts } from '../core/call-context.js';
import { OWN_REQ_ID_PREFIX } from '../core/ids.js';
import type { Order } from '../order/order.js';
import type { OrderPriority } from '../order/priority.js';
import type { Queryable, Transaction } from './database.js';
import { trimPrice } from './order-row.js';
import { insertOrder, type NewOrder } from './orders.js';
import { freeReqId } from './own-req-ids.js';

/**
 * Exits that take over where a sent one dies (X11). While a less urgent exit is on the wire only the chain may end it; what shall
 * happen to its tokens then is written down beside it, and carried out by the transaction that learns of its end.
 */

/** How the tokens are to be sold. */
export type FollowTerms = Pick<
  NewOrder,
  'priority' | 'exitReason' | 'emergency' | 'expectedPrice' | 'maxSlippageBps' | 'slippageCapBps' | 'maxAttempts'
> & {
  /** The request whose order this will be (S6); undefined: it has an order already, this will be one more. */
  readonly request: Pick<NewOrder, 'orderReqId' | 'payloadHash'> | undefined;
};

interface FollowRow {
  priority: OrderPriority;
  exit_reason: string;
  emergency: boolean;
  expected_price: string | null;
  max_slippage_bps: number;
  slippage_cap_bps: number | null;
  max_attempts: number;
  order_req_id: string;
  payload_hash: string;
  request_id: string;
}

/** Notes for each of these sent exits what follows it; of two wishes the more urgent one stands. */
export async function followExits(tx: Transaction, sent: readonly Order[], terms: FollowTerms): Promise<void> {
  const { request } = terms;
  for (const { orderId } of sent) {
    await tx.query(
      `INSERT INTO exit_follows (order_id, priority, exit_reason, emergency, expected_price, max_slippage_bps,
         slippage_cap_bps, max_attempts, order_req_id, payload_hash, request_id, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, exitlane_now())
       ON CONFLICT (order_id) DO UPDATE SET priority = excluded.priority, exit_reason = excluded.exit_reason,
         emergency = excluded.emergency, expected_price = excluded.expected_price,
         max_slippage_bps = excluded.max_slippage_bps, slippage_cap_bps = excluded.slippage_cap_bps,
         max_attempts = excluded.max_attempts, order_req_id = excluded.order_req_id,
         payload_hash = excluded.payload_hash, request_id = excluded.request_id
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
        request?.orderReqId ?? '',
        request?.payloadHash ?? '',
        currentCallFacts()?.requestId ?? '',
      ],
    );
  }
}

/** What follows an order, and the call that wanted it. */
export type Follow = FollowTerms & { readonly requestId: string };

/** What follows this order, if anything does; taken away, since the order has ended. */
export async function takeFollow(tx: Transaction, orderId: string): Promise<Follow | undefined> {
  const { rows } = await tx.query<FollowRow>('DELETE FROM exit_follows WHERE order_id = $1 RETURNING *', [orderId]);
  const row = rows[0];
  if (!row) return undefined;
  const { order_req_id: orderReqId, payload_hash: payloadHash } = row;
  return {
    priority: row.priority,
    exitReason: row.exit_reason,
    emergency: row.emergency,
    expectedPrice: row.expected_price === null ? null : trimPrice(row.expected_price),
    maxSlippageBps: row.max_slippage_bps,
    slippageCapBps: row.slippage_cap_bps,
    maxAttempts: row.max_attempts,
    request: orderReqId === '' ? undefined : { orderReqId, payloadHash },
    requestId: row.request_id,
  };
}

/**
 * Makes the exit that sells what `dead` did not. It keeps the dead one's reservation: the position's tokens stay with it. It is the
 * order of the request that only could follow; where one wish followed several sent exits, of the first of them to die.
 */
export async function insertFollower(tx: Transaction, dead: Order, follow: Follow): Promise<Order> {
  const { request, ...terms } = follow;
  const draft = {
    ...terms,
    orderType: 'EXIT' as const,
    mint: dead.mint,
    symbol: dead.symbol,
    decimals: dead.decimals,
    requestedLamports: null,
    requestedTokens: dead.requestedTokens,
    positionId: dead.positionId,
    exitPlan: {},
    isSimulated: dead.isSimulated,
    expiresAt: null,
  };
  const own = request && (await insertOrder(tx, { ...draft, ...request }, 'checked'));
  const order = own ?? (await insertOneMore(tx, draft, `${OWN_REQ_ID_PREFIX.follower}${dead.orderId}`));
  await tx.query('UPDATE exit_wishes SET order_id = $2 WHERE order_id = $1', [dead.orderId, order.orderId]);
  return order;
}

/** An id that was free can be taken until the insert, which sees to it that it is not used twice. */
const INSERTS_MAX = 20;

/** The order under this id, or if that is taken under the next free one: a client's order must not keep tokens from being sold. */
async function insertOneMore(
  tx: Transaction,
  draft: Omit<NewOrder, 'orderReqId' | 'payloadHash'>,
  wanted: string,
): Promise<Order> {
  for (let inserts = 1; inserts <= INSERTS_MAX; inserts++) {
    const orderReqId = await freeReqId(tx, wanted);
    const order = await insertOrder(tx, { ...draft, orderReqId, payloadHash: '' });
    if (order) return order;
  }
  throw new Error(`ids such as ${wanted} are taken faster than one can be used`);
}

/**
 * Remembers a request that made no order, since `order` has all the tokens: a repeat gets the same answer (S6). False: the
 * order_req_id was taken meanwhile. The caller has it locked.
 */
export async function insertWish(
  tx: Transaction,
  { orderReqId, payloadHash }: Pick<NewOrder, 'orderReqId' | 'payloadHash'>,
  order: Order,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO exit_wishes (order_req_id, payload_hash, order_id, client, created_at)
     SELECT $1, $2, $3, $4, exitlane_now() WHERE NOT EXISTS (SELECT 1 FROM orders WHERE order_req_id = $1)
     ON CONFLICT (order_req_id) DO NOTHING`,
    [orderReqId, payloadHash, order.orderId, order.client],
  );
  return rowCount > 0;
}

/** A request that made no order when it came. */
export interface ExitWish {
  /** The exit that has the tokens it wanted to sell. */
  readonly orderId: string;
  /** Its own order will be made if a sent exit dies. */
  readonly mayBeMade: boolean;
  /** Whose it is: its position's. */
  readonly client: string;
}

/** Undefined: no request with this id only follows. It may have an order by now; look for that first. */
export async function findWish(db: Queryable, orderReqId: string): Promise<ExitWish | undefined> {
  const { rows } = await db.query<{ order_id: string; may_be_made: boolean; client: string }>(
    `SELECT order_id, client, order_req_id IN (SELECT order_req_id FROM exit_follows) AS may_be_made
     FROM exit_wishes WHERE order_req_id = $1`,
    [orderReqId],
  );
  const row = rows[0];
  return row && { orderId: row.order_id, mayBeMade: row.may_be_made, client: row.client };
}
