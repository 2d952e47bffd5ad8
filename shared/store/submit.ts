import { maySee } from '../core/call-context.js';
import { ExitlaneError } from '../core/errors.js';
import type { Order } from '../order/order.js';
import type { WantedExit } from '../position/exit-decision.js';
import { type AuditFact, orderFacts, recordAudit } from './audit.js';
import type { Database, Queryable } from './database.js';
import { type PlacedExit, placeExit, ReqIdTaken } from './exit-orders.js';
import { getOrder, insertOrder, type NewOrder } from './orders.js';

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
 * What the same request was answered before, with the order as it is now; undefined if this is the first one. Another payload under
 * the same order_req_id is ORDER_REQ_ID_TAKEN.
 */
export async function findRepeat(db: Database, orderReqId: string, payloadHash: string): Promise<Accepted | undefined> {
  const before = await findAnswered(db, orderReqId);
  if (before === undefined) return undefined;
  const { orderId, follows } = before;
  if (before.payloadHash === payloadHash && maySee(before.client))
    return { order: await getOrder(db, { orderId }), duplicate: true, follows };
  throw new ExitlaneError(
    'ORDER_REQ_ID_TAKEN',
    `order_req_id ${orderReqId} was used before for another order; use a new id for a new order`,
    { metadata: { order_req_id: orderReqId, ...(maySee(before.client) ? { order_id: orderId } : {}) } },
  );
}

interface Answered {
  readonly orderId: string;
  readonly payloadHash: string;
  readonly follows: boolean;
  readonly client: string;
}

/** In one look, since every new order asks: the order of the request, or else the exit that it follows. */
async function findAnswered(db: Queryable, orderReqId: string): Promise<Answered | undefined> {
  const { rows } = await db.query<{ order_id: string; payload_hash: string; follows: boolean; client: string }>(
    `SELECT order_id, payload_hash, false AS follows, client FROM orders WHERE order_req_id = $1
     UNION ALL SELECT w.order_id, w.payload_hash, true, o.client FROM exit_wishes w JOIN orders o USING (order_id)
       WHERE w.order_req_id = $1
     ORDER BY follows LIMIT 1`,
    [orderReqId],
  );
  const row = rows[0];
  return row && { orderId: row.order_id, payloadHash: row.payload_hash, follows: row.follows, client: row.client };
}

/** Makes the order, or finds the one that the same request made in the same moment. An exit goes by {@link placeExit}. */
export async function submitOrder(db: Database, submission: Submission): Promise<Accepted> {
  const { draft, exitAmount } = submission;
  try {
    const { positionId } = draft;
    if (exitAmount && positionId !== null) {
      const exit = { ...draft, positionId };
      const placed = await placeExit(db, exit, exitAmount, (tx, made) => recordAudit(tx, exitFact(exit, made)));
      return { ...placed, duplicate: false };
    }
    const order = await db.transaction(async (tx) => {
      const made = await insertOrder(tx, { ...draft, requestedTokens: null });
      if (made) await recordAudit(tx, { subject: made.orderId, detail: orderFacts(made) });
      return made;
    });
    if (order) return { order, duplicate: false, follows: false };
  } catch (error) {
    if (!(error instanceof ReqIdTaken)) throw error;
  }
  const other = await findRepeat(db, draft.orderReqId, draft.payloadHash);
  if (!other) throw new Error(`order_req_id ${draft.orderReqId} was taken and is gone`);
  return other;
}

/** An exit that only follows is noted under the exit on the wire, with its own order_req_id. */
function exitFact(draft: Submission['draft'], { order, follows }: PlacedExit): AuditFact {
  const detail = orderFacts(order);
  if (!follows) return { subject: order.orderId, detail };
  const { orderReqId, exitReason, emergency } = draft;
  const own = { order_req_id: orderReqId, exit_reason: exitReason, emergency: emergency ? 'true' : undefined };
  return { subject: order.orderId, detail: { ...detail, ...own, follows: order.orderReqId } };
}
