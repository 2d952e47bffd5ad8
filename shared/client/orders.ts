import type { DeliveryServiceClient } from '../../proto/gen/exitlane/v1/delivery_service.js';
import type { OrderMessage } from '../../proto/gen/exitlane/v1/message.js';
import { type Order, OrderType } from '../../proto/gen/exitlane/v1/order.js';
import {
  CancelOrderRequest,
  type GetOrderRequest,
  ListOrdersRequest,
  type OrderServiceClient,
  ProcessSignalRequest,
  SubmitOrderRequest,
  WatchOrdersRequest,
} from '../../proto/gen/exitlane/v1/order_service.js';
import type { Caller, CallSettings } from './caller.js';
import { type FollowSettings, followOrder, type OrderFollow } from './follow.js';
import { allPages } from './pages.js';
import { type Placed, placed } from './placed.js';
import { type Input, idFacts, newOrderReqId, present, unlessGone, type Wanted } from './request.js';
import { type WaitSettings, waitForEnd } from './wait.js';
import { type WatchSettings, watchRecords } from './watch.js';

/** Which order: by your id, or by Exitlane's. */
export type OrderKey = { readonly orderReqId: string } | { readonly orderId: string };

/** An ENTRY. Amounts are decimal strings: `amountSol` in SOL, `expectedPrice` in SOL per whole token. */
export type EntryOrder = Wanted<
  Omit<SubmitOrderRequest, 'orderType' | 'positionId' | 'exitReason' | 'amountTokens' | 'percent'>
> & { readonly tokenAddress: string; readonly amountSol: string };

/** An EXIT of a part given as `amountTokens` (decimal string in whole tokens) or `percent` (1 to 100). */
export type ExitOrder = Wanted<Omit<SubmitOrderRequest, 'orderType' | 'amountSol' | 'expiresAt' | 'exitPlan'>> & {
  readonly positionId: string;
  readonly exitReason: string;
};

/** OrderService, and the streams of DeliveryService. */
export class Orders {
  readonly #caller: Caller;
  readonly #client: OrderServiceClient;
  readonly #delivery: DeliveryServiceClient;

  constructor(caller: Caller, client: OrderServiceClient, delivery: DeliveryServiceClient) {
    this.#caller = caller;
    this.#client = client;
    this.#delivery = delivery;
  }

  /** Submits an ENTRY: buys tokens for SOL and opens a position. Repeated safely until it is answered. */
  buy(order: EntryOrder, settings?: CallSettings): Promise<Placed> {
    return this.submit({ ...order, orderType: OrderType.ENTRY }, settings);
  }

  /** Submits an EXIT: sells tokens of a position. Repeated safely until it is answered. */
  sell(order: ExitOrder, settings?: CallSettings): Promise<Placed> {
    return this.submit({ ...order, orderType: OrderType.EXIT }, settings);
  }

  /** Submits an order of either kind. Repeated safely until it is answered. */
  async submit(order: Wanted<SubmitOrderRequest>, settings?: CallSettings): Promise<Placed> {
    const orderReqId = order.orderReqId ?? newOrderReqId();
    const request = SubmitOrderRequest.fromPartial({ ...order, orderReqId });
    const wish = { method: 'submitOrder', request, repeat: 'harmless', facts: idFacts(orderReqId) } as const;
    return placed(orderReqId, await this.#caller.unary({ client: this.#client, ...wish }, settings));
  }

  /** Turns an entry signal into an order. Repeated safely until it is answered. */
  async signal(signal: Wanted<ProcessSignalRequest>, settings?: CallSettings): Promise<Placed> {
    const orderReqId = signal.orderReqId ?? newOrderReqId();
    const request = ProcessSignalRequest.fromPartial({ ...signal, orderReqId });
    const wish = { method: 'processSignal', request, repeat: 'harmless', facts: idFacts(orderReqId) } as const;
    return placed(orderReqId, await this.#caller.unary({ client: this.#client, ...wish }, settings));
  }

  /** Submits a CANCELLED entry again as a new order. Repeated safely until it is answered. */
  async retry(orderId: string, orderReqId = newOrderReqId(), settings?: CallSettings): Promise<Placed> {
    const request = { orderId, orderReqId };
    const wish = { method: 'retryOrder', request, repeat: 'harmless', facts: idFacts(orderReqId) } as const;
    return placed(orderReqId, await this.#caller.unary({ client: this.#client, ...wish }, settings));
  }

  /** One order with its attempts. @throws CallError NOT_FOUND */
  async get(key: OrderKey, settings?: CallSettings): Promise<Order> {
    const request = { id: idOf(key) };
    const wish = { client: this.#client, method: 'getOrder', request, repeat: 'harmless' } as const;
    return present((await this.#caller.unary(wish, settings)).order, 'getOrder');
  }

  /** One page of orders, newest first; `nextPageToken` is empty at the end. */
  list(filter: Input<ListOrdersRequest> = {}, settings?: CallSettings) {
    const request = ListOrdersRequest.fromPartial(filter);
    return this.#caller.unary({ client: this.#client, method: 'listOrders', request, repeat: 'harmless' }, settings);
  }

  /** All orders that match, newest first, read page by page. */
  all(filter: Omit<Input<ListOrdersRequest>, 'pageToken'> = {}, settings?: CallSettings): AsyncGenerator<Order> {
    return allPages(async (page) => {
      const { orders, nextPageToken } = await this.list({ ...filter, ...page }, settings);
      return { records: orders, nextPageToken };
    });
  }

  /**
   * Cancels a waiting order at once; asks a running one to stop. Never repeated after it may have been carried out: look at the order.
   * @param reason for the record
   */
  async cancel(key: OrderKey, reason: string, settings?: CallSettings): Promise<Order> {
    const request = CancelOrderRequest.create({ id: idOf(key), cancelReason: reason });
    const wish = { client: this.#client, method: 'cancelOrder', request, repeat: 'acts-again' } as const;
    return present((await this.#caller.unary(wish, settings)).order, 'cancelOrder');
  }

  /** Every order that lives, then each after every change, across broken connections: see `watchRecords`. */
  watch(
    filter: Omit<Input<WatchOrdersRequest>, 'includeCurrent'> = {},
    settings?: WatchSettings,
  ): AsyncIterable<Order> {
    const request = WatchOrdersRequest.fromPartial({ ...filter, includeCurrent: true });
    return watchRecords(
      this.#caller,
      {
        open: (signal) => this.#caller.stream(this.#client, 'watchOrders', request, signal),
        recordOf: ({ order }) => order,
        isComplete: ({ currentComplete }) => currentComplete,
        idOf: ({ orderId }) => orderId,
        lives: (order) => !order.isTerminal,
        look: (orderId, signal) => unlessGone(this.get({ orderId }, { signal })),
      },
      settings,
    );
  }

  /** One order's messages from any point to its end: see `OrderFollow`. */
  follow(orderReqId: string, settings?: FollowSettings): OrderFollow {
    return followOrder(this.#caller, this.#delivery, orderReqId, settings);
  }

  /**
   * The order once it is terminal: FILLED or CANCELLED. An exit that was answered with `follows` and never had to be made gives the
   * order that sold instead.
   * @throws CallError DEADLINE_EXCEEDED after `deadlineMs`, whatever `follow` fails with, or the signal's reason
   */
  waitForEnd(orderReqId: string, settings: WaitSettings = {}): Promise<Order> {
    const look = (id: string, signal: AbortSignal) => unlessGone(this.get({ orderReqId: id }, { signal }));
    const follow = (id: string, signal: AbortSignal): AsyncIterable<OrderMessage> => this.follow(id, { signal });
    return this.#caller.run(settings.signal, (signal) =>
      waitForEnd(orderReqId, { ...settings, look, follow, signal, clock: this.#caller.clock }),
    );
  }
}

function idOf(key: OrderKey): GetOrderRequest['id'] {
  return 'orderId' in key ? { $case: 'orderId', value: key.orderId } : { $case: 'orderReqId', value: key.orderReqId };
}
