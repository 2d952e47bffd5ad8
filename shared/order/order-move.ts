import type { Logger } from '../core/logger.js';
import type { FailureReason } from './message.js';
import type { Order } from './order.js';

/** One transition of an order that was committed (E1). */
export interface OrderMove {
  /** As it stands afterwards. */
  readonly order: Order;
  /** Number of the attempt that the transition is about. */
  readonly attempt?: number | undefined;
  /** Why one execution failed, also where the order's own reason is that its attempts are used up. */
  readonly failure?: FailureReason | undefined;
}

/** By which id an order's lines are found in the logs of every service: that of the call that made it, else its own. */
export function requestIdOfOrder({ requestId, orderId }: Pick<Order, 'requestId' | 'orderId'>): string {
  return requestId === '' ? orderId : requestId;
}

/** E1: one structured line per transition, with order id, attempt and state. */
export function logMove(logger: Logger, { order, attempt, failure }: OrderMove): void {
  const { orderId, orderReqId, orderType, priority, status, reason, attemptCount, txSignature } = order;
  const facts = {
    request_id: requestIdOfOrder(order),
    orderId,
    orderReqId,
    orderType,
    priority,
    status,
    reason,
    attempt,
    attemptCount,
    ...(txSignature === '' ? {} : { txSignature }),
  };
  if (failure === undefined) logger.info(facts, 'order moved');
  else logger.warn({ ...facts, failure, error: order.lastError }, 'order moved');
}
