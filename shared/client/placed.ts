import type { Order } from '../../proto/gen/exitlane/v1/order.js';
import { present } from './request.js';

/** An order that a call made, or that was made for it before. */
export interface Placed {
  /** The id it was asked for with: yours, or the one that was made up. Follow it. */
  readonly orderReqId: string;
  /** As it stood when the call was answered. */
  readonly order: Order;
  /** The same request was accepted before; nothing new was made. */
  readonly duplicate: boolean;
  /**
   * Nothing was made now, since an exit on the wire has all the tokens: `order` is that one. If it dies, yours is made and sells them
   * at once. Never with entries.
   */
  readonly follows: boolean;
}

interface Answer {
  readonly order?: Order | undefined;
  readonly duplicate: boolean;
  readonly follows?: boolean;
}

export function placed(orderReqId: string, { order, duplicate, follows = false }: Answer): Placed {
  return { orderReqId, order: present(order, `the request ${orderReqId}`), duplicate, follows };
}
