import { ExitlaneError } from '../core/errors.js';
import type { Order } from '../order/order.js';
import type { WantedExit } from '../position/exit-decision.js';
import type { Database } from './database.js';
import { placeExit, ReqIdTaken } from './exit-orders.js';
import { findOrderByReqId, insertOrder, type NewOrder } from './orders.js';

/** Accepting an order: order, message 1 and - for an exit - the reservation of its tokens, in one transaction. */

/** How much of a position an exit wants to sell. */
export type ExitAmount = WantedExit['amount'];

export interface Submission {
  readonly draft: Omit<NewOrder, 'requestedTokens'>;
  /** EXIT only. */
  readonly exitAmount?: ExitAmount;
}

export interface Accepted {
  readonly order: Order;
  /** The same request was accepted before; nothing was made. */
  readonly duplicate: boolean;
  /** See {@link PlacedExit}. */
  readonly follows: boolean;
}

/**
 * The order that the same request made before; undefined if this is the first one. Another payload under the same order_req_id
 * is ORDER_REQ_ID_TAKEN.
 */
export async function findRepeat(db: Database, orderReqId: string, payloadHash: string): Promise<Accepted | undefined> {
  const before = await findOrderByReqId(db, orderReqId);
  return before && sameOrRefuse(before, payloadHash);
}

/** Makes the order, or finds the one that the same request made in the same moment. An exit goes by {@link placeExit}. */
export async function submitOrder(db: Database, submission: Submission): Promise<Accepted> {
  const { draft, exitAmount } = submission;
  try {
    const { positionId } = draft;
    if (exitAmount && positionId !== null) {
      return { ...(await placeExit(db, { ...draft, positionId }, exitAmount)), duplicate: false };
    }
    const order = await db.transaction((tx) => insertOrder(tx, { ...draft, requestedTokens: null }));
    if (order) return { order, duplicate: false, follows: false };
  } catch (error) {
    if (!(error instanceof ReqIdTaken)) throw error;
  }
  const other = await findRepeat(db, draft.orderReqId, draft.payloadHash);
  if (!other) throw new Error(`order_req_id ${draft.orderReqId} was taken and is gone`);
  return other;
}

function sameOrRefuse(order: Order, payloadHash: string): Accepted {
  if (order.payloadHash === payloadHash) return { order, duplicate: true, follows: false };
  throw new ExitlaneError(
    'ORDER_REQ_ID_TAKEN',
    `order_req_id ${order.orderReqId} was used before for another order; use a new id for a new order`,
    { metadata: { order_req_id: order.orderReqId, order_id: order.orderId } },
  );
}
