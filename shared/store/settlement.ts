import { formatAmount, SOL_DECIMALS } from '../core/decimals.js';
import type { Order } from '../order/order.js';
import { priorityName } from '../order/priority.js';
import { bookSale } from '../position/accounting.js';
import { slippageBps } from '../position/slippage.js';
import { resolveAttempt } from './attempts.js';
import { requireFence } from './claims.js';
import type { Database, Transaction } from './database.js';
import { resolveWhenClosed, resolveWhenKnown, tellFailedExit } from './exit-alerts.js';
import { type Follow, insertFollower, takeFollow } from './exit-follows.js';
import { type Claim, type Failure, failOrder, moveOrder } from './order-transitions.js';
import {
  bookExit,
  bookFee,
  type Fill,
  lockPosition,
  openPosition,
  releaseTokens,
  reserveForExit,
} from './positions.js';
import { expireProposals } from './proposals.js';

/** How one execution ends in the database: always one fenced transaction. */

export interface LandedAttempt {
  readonly number: number;
  readonly slot: bigint;
}

/**
 * Settles a landed attempt (E10): the order FILLED with amounts from the chain, the position opened or sold from, profit,
 * proposals and the message, all or nothing.
 */
export async function settleFill(
  db: Database,
  claim: Claim,
  order: Order,
  attempt: LandedAttempt,
  fill: Fill,
): Promise<Order> {
  return db.transaction(async (tx) => {
    await requireFence(tx, claim, 'CONFIRMING');
    await resolveAttempt(tx, order.orderId, attempt.number, {
      state: 'LANDED',
      slot: attempt.slot,
      feeLamports: fill.feeLamports,
    });
    const positionId = order.orderType === 'ENTRY' ? await openPosition(tx, order, fill) : order.positionId;
    if (order.orderType === 'EXIT') {
      await takeFollow(tx, order.orderId);
      const sale = { tokens: fill.tokens, reserved: order.requestedTokens ?? 0n, lamports: fill.lamports };
      await bookExit(tx, order, fill, (position) => bookSale(position, sale, order.decimals));
    }
    await expireProposals(tx, order);
    const side = order.orderType === 'ENTRY' ? 'BUY' : 'SELL';
    const filled = await moveOrder(tx, claim, {
      to: 'FILLED',
      reason: 'FILLED',
      detail: fillDetail(order, fill),
      from: ['CONFIRMING'],
      attempt: attempt.number,
      setSql: ['filled_at = exitlane_now()'],
      set: {
        filled_lamports: fill.lamports,
        filled_tokens: fill.tokens,
        fee_lamports: fill.feeLamports,
        rent_lamports: fill.rentLamports,
        actual_price: fill.price,
        slippage_bps: order.expectedPrice === null ? null : slippageBps(side, order.expectedPrice, fill.price),
        position_id: positionId,
      },
    });
    if (order.orderType === 'EXIT') await resolveWhenClosed(tx, filled);
    await resolveWhenKnown(tx, filled);
    return filled;
  });
}

function fillDetail(order: Order, fill: Fill): string {
  const tokens = `${formatAmount(fill.tokens, order.decimals)} ${order.symbol || 'tokens'}`;
  const sol = `${formatAmount(fill.lamports, SOL_DECIMALS)} SOL`;
  return order.orderType === 'ENTRY' ? `Bought ${tokens} for ${sol}.` : `Sold ${tokens} for ${sol}.`;
}

export interface DeadAttempt {
  readonly number: number;
  readonly state: 'LANDED_FAILED' | 'DEAD';
  readonly slot?: bigint;
}

/**
 * Ends an execution without a fill. With `attempt` the signed transaction's proven fate is written as well. When the order ends
 * for good, what it had reserved is free again.
 */
export async function settleFailure(
  db: Database,
  claim: Claim,
  order: Order,
  failure: Failure,
  attempt?: DeadAttempt,
): Promise<Order> {
  return db.transaction(async (tx) => {
    if (attempt) {
      await requireFence(tx, claim, 'CONFIRMING');
      await resolveAttempt(tx, order.orderId, attempt.number, {
        state: attempt.state,
        error: failure.error,
        ...(attempt.slot === undefined ? {} : { slot: attempt.slot }),
        ...(failure.feeLamports === undefined ? {} : { feeLamports: failure.feeLamports }),
      });
    }
    if (failure.feeLamports && order.positionId !== null) await bookFee(tx, order.positionId, failure.feeLamports);
    await expireProposals(tx, order);
    const ofAttempt = attempt === undefined ? failure : { ...failure, attempt: attempt.number };
    const follower = order.orderType === 'EXIT' ? await takeFollow(tx, order.orderId) : undefined;
    const after = follower
      ? await handOn(tx, claim, order, ofAttempt, follower)
      : await failOrder(tx, claim, order, ofAttempt);
    if (after.status === 'CANCELLED' && !follower) await releaseReservation(tx, after);
    // Alerts come last, after orders and positions.
    if (after.status === 'CANCELLED' && !follower && after.orderType === 'EXIT') await tellFailedExit(tx, after);
    if (attempt) await resolveWhenKnown(tx, after);
    return after;
  });
}

/** X11: a more urgent exit waits for this one's tokens. This one is not tried again, they go to a new order at once. */
async function handOn(
  tx: Transaction,
  claim: Claim,
  order: Order,
  { reason, error, attempt }: Failure,
  follower: Follow,
): Promise<Order> {
  const dead = await moveOrder(tx, claim, {
    to: 'CANCELLED',
    reason: 'SUPERSEDED',
    detail: `${error} Its tokens are sold by a more urgent exit (${priorityName(follower.priority)}) now.`,
    from: attempt === undefined ? ['SUBMITTED'] : ['CONFIRMING'],
    failure: reason,
    set: { attempt_count: order.attemptCount + 1, last_error: error },
    ...(attempt === undefined ? {} : { attempt }),
  });
  if (dead.positionId === null || dead.requestedTokens === null)
    throw new Error(`exit ${dead.orderId} has no position`);
  const position = await lockPosition(tx, dead.positionId);
  const { requestedTokens: tokens } = dead;
  await reserveForExit(tx, position, { released: tokens, reserved: tokens, exitReason: follower.exitReason });
  await insertFollower(tx, dead, follower);
  return dead;
}

/** Gives back the tokens of an exit that ended without selling them. */
export async function releaseReservation(tx: Transaction, order: Order): Promise<void> {
  if (order.orderType !== 'EXIT' || order.positionId === null || order.requestedTokens === null) return;
  await releaseTokens(tx, order.positionId, order.requestedTokens);
}
