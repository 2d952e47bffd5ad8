import { DeliveryServiceClient } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { type Order, type OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient, SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { QueueServiceClient, type TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call, connect, openStream } from '../../../shared/grpc/client.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { mintOf } from '../../sandbox/mints.js';
import { Follower } from './follower.js';

/** Prices walk, and a killed service comes back seconds later: that must not turn an order down. */
const MAX_SLIPPAGE_BPS = 5_000;

/** A trading bot: a client of the public API and nothing else. */
export class Bot {
  readonly #orders: OrderServiceClient;
  readonly #queue: QueueServiceClient;
  readonly #delivery: DeliveryServiceClient;
  readonly #followers: Follower[] = [];

  constructor(requestorAddress: string, processorAddress: string) {
    this.#orders = connect(OrderServiceClient, requestorAddress);
    this.#queue = connect(QueueServiceClient, requestorAddress);
    this.#delivery = connect(DeliveryServiceClient, processorAddress);
  }

  /** Buys for this much SOL. The order as it was acknowledged. */
  async buy(orderReqId: string, symbol: string, amountSol: string): Promise<Order> {
    return this.#submit({
      orderReqId,
      orderType: OrderType.ENTRY,
      tokenAddress: mintOf(symbol).address,
      amountSol,
      maxSlippageBps: MAX_SLIPPAGE_BPS,
    });
  }

  /** Sells all of a position. */
  async sell(orderReqId: string, positionId: string, exitReason: string): Promise<Order> {
    return this.#submit({
      orderReqId,
      orderType: OrderType.EXIT,
      positionId,
      percent: 100,
      exitReason,
      maxSlippageBps: MAX_SLIPPAGE_BPS,
    });
  }

  async setTradingState(state: TradingState): Promise<void> {
    await call(this.#queue, 'setTradingState', { state, changedBy: 'bot', changeReason: 'test' });
  }

  async order(orderReqId: string): Promise<Order> {
    const { order } = await call(this.#orders, 'getOrder', { id: { $case: 'orderReqId', value: orderReqId } });
    if (!order) throw new Error(`no order in the answer about ${orderReqId}`);
    return order;
  }

  /** Every order there is. */
  async orders(): Promise<Order[]> {
    const { orders, nextPageToken } = await call(this.#orders, 'listOrders', {
      pageSize: 500,
      pageToken: '',
      statuses: [],
      orderType: OrderType.UNSPECIFIED,
      tokenAddress: '',
      positionId: '',
    });
    if (nextPageToken !== '') throw new Error('more orders than one page holds');
    return orders;
  }

  /** Waits until this many orders are in this state. */
  async untilCount(status: OrderStatus, count: number): Promise<void> {
    await eventually(`${count} orders ${status}`, async () => {
      return (await this.orders()).filter((order) => order.status === status).length === count;
    });
  }

  /** Watches every order until the stream ends; rejects when it breaks. */
  async watchAll(onChange: () => void): Promise<void> {
    const request = { includeCurrent: true, orderType: OrderType.UNSPECIFIED, tokenAddress: '', positionId: '' };
    for await (const _ of openStream(this.#orders, 'watchOrders', request)) onChange();
  }

  /** Follows an order from its first message on, across everything that breaks. */
  follow(orderReqId: string): Follower {
    const follower = new Follower(this.#delivery, orderReqId);
    this.#followers.push(follower);
    return follower;
  }

  close(): void {
    for (const follower of this.#followers) follower.stop();
    this.#orders.close();
    this.#queue.close();
    this.#delivery.close();
  }

  async #submit(request: Partial<SubmitOrderRequest>): Promise<Order> {
    const { order } = await call(this.#orders, 'submitOrder', SubmitOrderRequest.fromPartial(request));
    if (!order) throw new Error(`no order in the answer to ${request.orderReqId}`);
    return order;
  }
}

/** Calls again while the answer is "not now", as a bot does; the request's key makes that safe. */
export function untilAnswered<Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> {
  return eventually(what, async () => {
    try {
      return { answer: await ask() };
    } catch (error) {
      if (error instanceof CallError && error.status === 'UNAVAILABLE') return undefined;
      throw error;
    }
  }).then(({ answer }) => answer);
}
