import { ExitlaneError } from '../core/errors.js';
import type { Order } from '../order/order.js';
import { availableTokens, tokensForPercent } from '../position/accounting.js';
import type { Database } from './database.js';
import { findOrderByReqId, insertOrder, type NewOrder } from './orders.js';
import { type Position, reserveTokens } from './positions.js';

/** Accepting an order: order, message 1 and - for an exit - the reservation of its tokens, in one transaction. */

/** How much of a position an exit wants to sell. */
export type ExitAmount = { readonly tokens: bigint } | { readonly percent: number };

export interface Submission {
  readonly draft: Omit<NewOrder, 'requestedTokens'>;
  /** EXIT only. */
  readonly exitAmount?: ExitAmount;
}

export interface Accepted {
  readonly order: Order;
  /** The same request was accepted before; nothing was made. */
  readonly duplicate: boolean;
}

/**
 * The order that the same request made before; undefined if this is the first one. Another payload under the same order_req_id
 * is ORDER_REQ_ID_TAKEN.
 */
export async function findRepeat(db: Database, orderReqId: string, payloadHash: string): Promise<Accepted | undefined> {
  const before = await findOrderByReqId(db, orderReqId);
  return before && sameOrRefuse(before, payloadHash);
}

/** Makes the order, or finds the one that the same request made in the same moment. */
export async function submitOrder(db: Database, submission: Submission): Promise<Accepted> {
  const { draft } = submission;
  const order = await db
    .transaction(async (tx) => {
      let requestedTokens: bigint | null = null;
      if (submission.exitAmount && draft.positionId !== null) {
        const wanted = submission.exitAmount;
        const reserved = await reserveTokens(tx, draft.positionId, draft.exitReason, (p) => tokensToSell(p, wanted));
        requestedTokens = reserved.tokens;
      }
      const inserted = await insertOrder(tx, { ...draft, requestedTokens });
      // Somebody took the id between look and insert: the reservation must not stay.
      if (!inserted) throw new IdTaken();
      return inserted;
    })
    .catch((error: unknown) => {
      if (error instanceof IdTaken) return undefined;
      throw error;
    });
  if (order) return { order, duplicate: false };
  const other = await findRepeat(db, draft.orderReqId, draft.payloadHash);
  if (!other) throw new Error(`order_req_id ${draft.orderReqId} was taken and is gone`);
  return other;
}

class IdTaken extends Error {}

function sameOrRefuse(order: Order, payloadHash: string): Accepted {
  if (order.payloadHash === payloadHash) return { order, duplicate: true };
  throw new ExitlaneError(
    'ORDER_REQ_ID_TAKEN',
    `order_req_id ${order.orderReqId} was used before for another order; use a new id for a new order`,
    { metadata: { order_req_id: order.orderReqId, order_id: order.orderId } },
  );
}

function tokensToSell(position: Position, wanted: ExitAmount): bigint {
  const available = availableTokens(position);
  const tokens = 'percent' in wanted ? tokensForPercent(position, wanted.percent) : wanted.tokens;
  if (tokens > 0n && tokens <= available) return tokens;
  const held = `position ${position.positionId} has ${available} base units that are neither sold nor on their way out`;
  throw new ExitlaneError(
    'POSITION_TOO_SMALL',
    tokens > available
      ? `cannot sell ${tokens} base units: ${held}`
      : `nothing to sell: ${held}${position.reservedTokens > 0n ? '; wait for the exit under way or cancel it' : ''}`,
    { metadata: { position_id: position.positionId, available_base_units: available.toString() } },
  );
}
