import { ExitlaneError } from '../core/errors.js';
import type { Order } from '../order/order.js';
import { priorityName } from '../order/priority.js';
import {
  decideExit,
  type ExitDecision,
  exitRefusal,
  type LiveExit,
  type WantedExit,
} from '../position/exit-decision.js';
import type { Database, Queryable, Transaction } from './database.js';
import { followExits, insertWish } from './exit-follows.js';
import { type OrderRow, orderOf } from './order-row.js';
import { moveOrder } from './order-transitions.js';
import { insertOrder, lockReqId, type NewOrder } from './orders.js';
import { freeReqId, hasTriggeredExit } from './own-req-ids.js';
import { lockPosition, type Position, reserveForExit } from './positions.js';
import { expireProposals } from './proposals.js';

/**
 * Making an exit (X7, X11): position, the exits of it that live, and the decision in one transaction. Locks are taken in one order
 * everywhere: orders, then their position.
 */

export type ExitDraft = Omit<NewOrder, 'requestedTokens'> & {
  readonly positionId: string;
  /** A trigger's: if a client's order has its id, it takes the next free one. Default false: somebody asked for it by its id. */
  readonly isTriggered?: boolean;
};

export interface PlacedExit {
  /** The new order; with `follows` the exit on the wire that has everything. */
  readonly order: Order;
  /** Nothing was made now: all tokens are with an exit on the wire; if it dies, they are sold as wanted here. */
  readonly follows: boolean;
}

/** Somebody made an order with this order_req_id in the same moment: nothing was written, look it up. */
export class ReqIdTaken extends Error {}

/** The exit of this trigger exists: nothing was written. */
export class AlreadyTriggered extends Error {}

/** An exit was made or ended, or an id was taken, between look and lock; the transaction begins anew. */
class LookAgain extends Error {}

const LOOKS_MAX = 20;

/** @throws POSITION_NOT_FOUND, POSITION_NOT_EXITABLE, POSITION_TOO_SMALL; {@link ReqIdTaken}; of a trigger {@link AlreadyTriggered} */
export async function placeExit(
  db: Database,
  draft: ExitDraft,
  amount: WantedExit['amount'],
  alsoWrite: (tx: Transaction, placed: PlacedExit) => Promise<void> = async () => undefined,
): Promise<PlacedExit> {
  for (let looks = 1; ; looks++) {
    try {
      return await db.transaction(async (tx) => {
        const placed = await place(tx, draft, amount);
        await alsoWrite(tx, placed);
        return placed;
      });
    } catch (error) {
      if (!(error instanceof LookAgain)) throw error;
      if (looks >= LOOKS_MAX) throw busy(draft.positionId);
    }
  }
}

async function place(tx: Transaction, wanted: ExitDraft, amount: WantedExit['amount']): Promise<PlacedExit> {
  const { positionId, exitReason, emergency } = wanted;
  const live = await lockLiveExits(tx, positionId);
  const position = await lockPosition(tx, positionId);
  if (!(await areAllOf(tx, positionId, live))) throw new LookAgain();
  const draft = { ...wanted, orderReqId: await reqIdOf(tx, wanted) };
  const decision = decideExit(position, live.map(liveExitOf), { exitReason, emergency, amount });
  if (decision.kind === 'refuse') throw exitRefusal(position, decision);
  const superseded = decision.kind === 'takeOver' ? only(live, decision.takeOver) : [];
  const followed = decision.kind === 'create' ? [] : only(live, decision.follow);
  for (const order of superseded) await supersede(tx, order, draft);
  // What makes an order now has one under its id; what makes none gets it when a sent exit dies.
  const request = decision.tokens === 0n ? draft : undefined;
  await followExits(tx, followed, { ...draft, request });
  return carryOut(tx, { draft, position, decision, superseded, followed });
}

interface Decided {
  readonly draft: ExitDraft;
  readonly position: Position;
  readonly decision: Exclude<ExitDecision, { kind: 'refuse' }>;
  readonly superseded: readonly Order[];
  readonly followed: readonly Order[];
}

async function carryOut(
  tx: Transaction,
  { draft, position, decision, superseded, followed }: Decided,
): Promise<PlacedExit> {
  const { tokens } = decision;
  const released = superseded.reduce((sum, order) => sum + (order.requestedTokens ?? 0n), 0n);
  const [onTheWire] = followed;
  if (tokens === 0n && onTheWire) {
    if (released > 0n) throw new Error(`position ${position.positionId}: tokens were taken over and not sold`);
    if (!(await insertWish(tx, draft, onTheWire))) throw takenMeanwhile(draft);
    return { order: onTheWire, follows: true };
  }
  await reserveForExit(tx, position, { released, reserved: tokens, exitReason: draft.exitReason });
  // The id of a trigger was chosen before it was locked.
  const reqId = draft.isTriggered ? 'unchecked' : 'checked';
  const order = await insertOrder(tx, { ...draft, requestedTokens: tokens }, reqId);
  if (!order) throw takenMeanwhile(draft);
  return { order, follows: false };
}

/** Exits of the position that are neither FILLED nor CANCELLED, each unchanged by others until the commit. */
async function lockLiveExits(tx: Transaction, positionId: string): Promise<Order[]> {
  const { rows } = await tx.query<OrderRow>(`SELECT * FROM orders WHERE ${LIVE} ORDER BY order_id FOR UPDATE`, [
    positionId,
  ]);
  return rows.map(orderOf);
}

const LIVE = `position_id = $1 AND order_type = 'EXIT' AND status IN ('PENDING', 'SUBMITTED', 'CONFIRMING', 'FAILED')`;

/** With the position locked, no further exit of it can appear: are these all, and do they all live? */
async function areAllOf(tx: Queryable, positionId: string, locked: readonly Order[]): Promise<boolean> {
  const { rows } = await tx.query<{ order_id: string }>(`SELECT order_id FROM orders WHERE ${LIVE}`, [positionId]);
  const ids = new Set(locked.map((order) => order.orderId));
  return rows.length === ids.size && rows.every((row) => ids.has(row.order_id));
}

/** The id that the exit is made under, locked from now on; the position is locked already. */
async function reqIdOf(tx: Transaction, { isTriggered = false, positionId, orderReqId, payloadHash }: ExitDraft) {
  if (isTriggered) {
    if (await hasTriggeredExit(tx, { positionId, orderReqId, payloadHash })) throw new AlreadyTriggered();
    const free = await freeReqId(tx, orderReqId);
    await lockReqId(tx, free);
    return free;
  }
  await lockReqId(tx, orderReqId);
  const { rows } = await tx.query(
    'SELECT 1 FROM orders WHERE order_req_id = $1 UNION ALL SELECT 1 FROM exit_wishes WHERE order_req_id = $1',
    [orderReqId],
  );
  if (rows.length > 0) throw new ReqIdTaken();
  return orderReqId;
}

/** Only the id can be in the way: with the position locked nobody else makes this exit. */
function takenMeanwhile({ isTriggered = false }: ExitDraft): Error {
  return isTriggered ? new LookAgain() : new ReqIdTaken();
}

function liveExitOf(order: Order): LiveExit {
  const { orderId, orderReqId, priority, exitReason, status, requestedTokens } = order;
  return { orderId, orderReqId, priority, exitReason, status, reservedTokens: requestedTokens ?? 0n };
}

function only(orders: readonly Order[], chosen: readonly LiveExit[]): Order[] {
  const ids = new Set(chosen.map((exit) => exit.orderId));
  return orders.filter((order) => ids.has(order.orderId));
}

/** Ends a less urgent exit of which nothing is committed. Its tokens are the caller's to release. */
export async function supersede(tx: Transaction, order: Order, by: Pick<NewOrder, 'priority'>): Promise<Order> {
  const { rows } = await tx.query<OrderRow>('UPDATE orders SET fence = fence + 1 WHERE order_id = $1 RETURNING *', [
    order.orderId,
  ]);
  if (!rows[0]) throw new Error(`order ${order.orderId} is gone`);
  const raised = orderOf(rows[0]);
  await expireProposals(tx, raised);
  return moveOrder(tx, raised, {
    to: 'CANCELLED',
    reason: 'SUPERSEDED',
    detail: `A more urgent exit (${priorityName(by.priority)}) sells its tokens instead.`,
    from: ['PENDING', 'SUBMITTED', 'FAILED'],
  });
}

function busy(positionId: string): ExitlaneError {
  const text = `exits of position ${positionId} come and go faster than one can be made; try again`;
  return new ExitlaneError('DATABASE_UNAVAILABLE', text, { retryDelayMs: 100, metadata: { position_id: positionId } });
}
