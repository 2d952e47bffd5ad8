import { AlertServiceClient } from '../../proto/gen/exitlane/v1/alert_service.js';
import { DeliveryServiceClient } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { MarketServiceClient } from '../../proto/gen/exitlane/v1/market_service.js';
import type { Order } from '../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient, type SubmitOrderRequest } from '../../proto/gen/exitlane/v1/order_service.js';
import { PositionServiceClient } from '../../proto/gen/exitlane/v1/position_service.js';
import { QueueServiceClient } from '../../proto/gen/exitlane/v1/queue_service.js';
import { SystemServiceClient } from '../../proto/gen/exitlane/v1/system_service.js';
import { type Clock, systemClock } from '../core/clock.js';
import { seededRandom } from '../core/random.js';
import { Alerts } from './alerts.js';
import { Caller, type CallSettings } from './caller.js';
import type { FollowSettings, OrderFollow } from './follow.js';
import { CLIENT_DEADLINE_MS } from './limits.js';
import { Market } from './market.js';
import { Orders } from './orders.js';
import type { Placed } from './placed.js';
import { type ExitWish, Positions } from './positions.js';
import { Proposals } from './proposals.js';
import { Queue } from './queue.js';
import type { Wanted } from './request.js';
import type { Retry } from './retry.js';
import { type SecurityOptions, securityOf } from './security.js';
import { System } from './system.js';
import type { WaitSettings } from './wait.js';

export interface ConnectOptions {
  /**
   * Where the requestor is: `host:port`, several IP addresses with ports separated by commas, or `dns:///name:port`; with several, calls
   * go round those that are there.
   */
  readonly requestor: string;
  /** Where the processor is, spelled alike. */
  readonly processor: string;
  /** How the client shows itself; default: plain text without a token, as services on loopback take it. */
  readonly security?: SecurityOptions;
  /** For all tries of a call together, milliseconds; default 10,000. Streams and `waitForEnd` have none. */
  readonly deadlineMs?: number;
  /** Is told before every repeat of a call. */
  readonly onRetry?: (retry: Retry) => void;
  /** For tests. */
  readonly clock?: Clock;
  /** Of the jitter between tries, for tests. */
  readonly seed?: number;
}

/** The services as one client. Every method takes `{ deadlineMs, signal, ... }` last; amounts are decimal strings throughout. */
export interface ExitlaneClient {
  readonly orders: Orders;
  readonly positions: Positions;
  readonly queue: Queue;
  readonly alerts: Alerts;
  readonly market: Market;
  readonly proposals: Proposals;
  readonly system: System;
  /** Submits an order; `messages` are all of it to its end. */
  submitAndFollow(
    order: Wanted<SubmitOrderRequest>,
    settings?: CallSettings & Pick<FollowSettings, 'onReconnect' | 'giveUpAfterMs'>,
  ): Promise<Placed & { readonly messages: OrderFollow }>;
  /** One order's messages from any point to its end. */
  followOrder(orderReqId: string, settings?: FollowSettings): OrderFollow;
  /** Sells a percentage of a position. */
  exitPosition(positionId: string, wish?: ExitWish, settings?: CallSettings): Promise<Placed>;
  /** The order once it is terminal. */
  waitForEnd(orderReqId: string, settings?: WaitSettings): Promise<Order>;
  /** Ends every call and stream with an error, and closes the connections. */
  close(): void;
}

/**
 * Connects to the services; a connection is made by the first call, and again whenever it is lost.
 * @throws Error when an address or the security options are wrong
 */
export function connectExitlane(options: ConnectOptions): ExitlaneClient {
  const { requestor, processor, deadlineMs = CLIENT_DEADLINE_MS, clock = systemClock, seed, onRetry } = options;
  const security = securityOf(options.security);
  const caller = new Caller({ security, deadlineMs, clock, random: seededRandom(seed), onRetry });
  try {
    const delivery = caller.connect(DeliveryServiceClient, processor);
    const orders = new Orders(caller, caller.connect(OrderServiceClient, requestor), delivery);
    const positions = new Positions(caller, caller.connect(PositionServiceClient, requestor));
    return {
      orders,
      positions,
      queue: new Queue(caller, caller.connect(QueueServiceClient, requestor)),
      alerts: new Alerts(caller, caller.connect(AlertServiceClient, requestor)),
      market: new Market(caller, caller.connect(MarketServiceClient, processor)),
      proposals: new Proposals(caller, delivery),
      system: new System(
        caller,
        caller.connect(SystemServiceClient, requestor),
        caller.connect(SystemServiceClient, processor),
      ),
      async submitAndFollow(order, settings) {
        const made = await orders.submit(order, settings);
        return { ...made, messages: orders.follow(made.orderReqId, settings) };
      },
      followOrder: (orderReqId, settings) => orders.follow(orderReqId, settings),
      exitPosition: (positionId, wish, settings) => positions.exit(positionId, wish, settings),
      waitForEnd: (orderReqId, settings) => orders.waitForEnd(orderReqId, settings),
      close: () => caller.close(),
    };
  } catch (error) {
    caller.close();
    throw error;
  }
}
