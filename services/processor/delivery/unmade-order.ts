import type { Clock } from '../../../shared/core/clock.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { STREAM_FALLBACK_LOOK_MS } from '../../../shared/core/limits.js';
import type { Database } from '../../../shared/store/database.js';
import { type ExitWish, findWish } from '../../../shared/store/exit-follows.js';
import { type LogHeader, readLogHeader } from '../../../shared/store/messages.js';
import { getOrder } from '../../../shared/store/orders.js';
import type { OrderHub } from './order-hub.js';

/**
 * A request that was answered with `follows` has no order: a sent exit has all the tokens (X11). Its order is made when that exit dies,
 * and never if it is filled.
 */

export interface AwaitOrderOptions {
  readonly db: Database;
  readonly hub: OrderHub;
  readonly clock: Clock;
  readonly orderReqId: string;
  readonly signal: AbortSignal;
  readonly idleMs: number;
}

/**
 * Waits for the order of the wish: the last item is its log. Before, `undefined` says that it waits: whenever `idleMs` have passed.
 * @throws ORDER_NOT_MADE when the order never will be made
 */
export async function* awaitOrder(options: AwaitOrderOptions, wish: ExitWish): AsyncGenerator<LogHeader | undefined> {
  const { db, hub, clock, orderReqId, signal } = options;
  let news = false;
  let wake: () => void = () => {};
  const note = () => {
    news = true;
    wake();
  };
  // The exit it follows ends by the transaction that makes this order, or makes none.
  const unfollow = hub.follow(wish.orderId, note);
  signal.addEventListener('abort', note, { once: true });
  let idleSince = clock.now();
  try {
    for (;;) {
      signal.throwIfAborted();
      news = false;
      const header = await lookForOrder(db, orderReqId);
      if (header) {
        yield header;
        return;
      }
      if (clock.now() - idleSince >= options.idleMs) {
        yield undefined;
        idleSince = clock.now();
      }
      if (news) continue;
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(note, STREAM_FALLBACK_LOOK_MS);
        wake = () => {
          timer.cancel();
          resolve();
        };
      });
      wake = () => {};
    }
  } finally {
    unfollow();
    signal.removeEventListener('abort', note);
  }
}

/** Undefined: it is not made yet. */
async function lookForOrder(db: Database, orderReqId: string): Promise<LogHeader | undefined> {
  const wish = await findWish(db, orderReqId);
  // In this order: what may be made no more has been made by now, or never will be.
  const header = await readLogHeader(db, orderReqId);
  if (header || wish?.mayBeMade) return header;
  if (!wish) throw new Error(`the request ${orderReqId} is forgotten`);
  const order = await getOrder(db, { orderId: wish.orderId });
  const text = `no order was made under order_req_id ${orderReqId}: ${order.exitReason} order ${order.orderReqId} (${order.status}) has the tokens it wanted to sell; stream that one`;
  throw new ExitlaneError('ORDER_NOT_MADE', text, {
    metadata: { order_req_id: orderReqId, follows_order_req_id: order.orderReqId, order_id: order.orderId },
  });
}
