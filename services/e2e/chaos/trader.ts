import { AlertServiceClient, AlertSeverity, AlertState } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient, SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { type Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { PositionServiceClient } from '../../../proto/gen/exitlane/v1/position_service.js';
import { CallError, isTransient } from '../../../shared/grpc/call-error.js';
import { call, connect } from '../../../shared/grpc/client.js';
import type { Witness } from './witness.js';

/** What SubmitOrder said in the end. */
export interface Answer {
  readonly order: Order;
  readonly duplicate: boolean;
  /** Nothing was made: `order` is an exit on the wire that has everything. */
  readonly follows: boolean;
  /** Calls it took, 1 when the first was answered. */
  readonly calls: number;
}

/** Of one requestor. */
interface Clients {
  readonly orders: OrderServiceClient;
  readonly positions: PositionServiceClient;
  readonly alerts: AlertServiceClient;
}

/** A frozen requestor answers nothing: then the other one is asked. */
const CALL_DEADLINE_MS = 3_000;
const PAUSE_MS = 50;
/** Longer than any service is away. */
const GIVE_UP_MS = 90_000;
const PAGE = 500;
const LIVE = [OrderStatus.PENDING, OrderStatus.SUBMITTED, OrderStatus.CONFIRMING, OrderStatus.FAILED];
const ANY = { orderType: OrderType.UNSPECIFIED, tokenAddress: '', positionId: '' };
const ANY_ALERT = { pageSize: PAGE, pageToken: '', alertTypes: [], positionId: '', orderId: '' };

/**
 * A client that does what the documentation asks of one: repeats a call that was not answered, under the same key, at whichever
 * requestor is there, and holds an order for accepted only when the answer is on its disk.
 */
export class Trader {
  readonly #clients: readonly Clients[];
  readonly #witness: Witness;
  readonly #wishes = new Set<string>();
  #turn = 0;

  constructor(addresses: readonly string[], witness: Witness) {
    this.#witness = witness;
    this.#clients = addresses.map((address) => ({
      orders: connect(OrderServiceClient, address),
      positions: connect(PositionServiceClient, address),
      alerts: connect(AlertServiceClient, address),
    }));
  }

  /** The order_req_ids that were answered with `follows`: each may become an order, if the exit it follows dies. */
  get wishes(): ReadonlySet<string> {
    return this.#wishes;
  }

  /** Rejects with the CallError of a refusal. */
  async submit(request: Partial<SubmitOrderRequest>): Promise<Answer> {
    const full = SubmitOrderRequest.fromPartial(request);
    let calls = 0;
    const { order, duplicate, follows } = await this.#untilAnswered(`SubmitOrder ${full.orderReqId}`, ({ orders }) => {
      calls += 1;
      return call(orders, 'submitOrder', full, { deadlineMs: CALL_DEADLINE_MS });
    });
    if (!order) throw new Error(`no order in the answer to ${full.orderReqId}`);
    if (follows) this.#wishes.add(full.orderReqId);
    else this.#witness.note(request, order);
    return { order, duplicate, follows, calls };
  }

  /** Says of everything critical about a token that it is over; how much that was. */
  async resolveAlerts(tokenAddress: string): Promise<number> {
    const states = [AlertState.OPEN, AlertState.ACKNOWLEDGED];
    const wanted = { ...ANY_ALERT, states, minSeverity: AlertSeverity.CRITICAL, tokenAddress };
    const { alerts } = await this.#untilAnswered('ListAlerts', (clients) =>
      call(clients.alerts, 'listAlerts', wanted, { deadlineMs: CALL_DEADLINE_MS }),
    );
    for (const { alertId } of alerts) {
      const request = { alertId, resolvedBy: 'trader', note: '' };
      await this.#untilAnswered('ResolveAlert', (clients) =>
        call(clients.alerts, 'resolveAlert', request, { deadlineMs: CALL_DEADLINE_MS }),
      );
    }
    return alerts.length;
  }

  /** Positions that hold tokens, the newest. */
  async openPositions(): Promise<Position[]> {
    const statuses = [PositionStatus.OPEN, PositionStatus.PARTIAL_EXIT, PositionStatus.EXIT_PENDING];
    const request = { pageSize: PAGE, pageToken: '', statuses, tokenAddress: '' };
    const { positions } = await this.#untilAnswered('ListPositions', (clients) =>
      call(clients.positions, 'listPositions', request, { deadlineMs: CALL_DEADLINE_MS }),
    );
    return positions;
  }

  /** Orders that have not ended, at most one page of them. */
  async liveOrders(): Promise<Order[]> {
    const { orders } = await this.#page({ ...ANY, statuses: LIVE, pageSize: PAGE, pageToken: '' });
    return orders;
  }

  /** Every order there is. */
  async allOrders(): Promise<Order[]> {
    const all: Order[] = [];
    let pageToken = '';
    do {
      const page = await this.#page({ ...ANY, statuses: [], pageSize: PAGE, pageToken });
      all.push(...page.orders);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return all;
  }

  /** Every position there is. */
  async allPositions(): Promise<Position[]> {
    const all: Position[] = [];
    let pageToken = '';
    do {
      const request = { pageSize: PAGE, pageToken, statuses: [], tokenAddress: '' };
      const page = await this.#untilAnswered('ListPositions', (clients) =>
        call(clients.positions, 'listPositions', request),
      );
      all.push(...page.positions);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return all;
  }

  close(): void {
    for (const { orders, positions, alerts } of this.#clients) {
      for (const client of [orders, positions, alerts]) client.close();
    }
  }

  #page(request: Parameters<OrderServiceClient['listOrders']>[0]) {
    return this.#untilAnswered('ListOrders', ({ orders }) =>
      call(orders, 'listOrders', request, { deadlineMs: CALL_DEADLINE_MS }),
    );
  }

  async #untilAnswered<T>(what: string, ask: (clients: Clients) => Promise<T>): Promise<T> {
    const deadline = performance.now() + GIVE_UP_MS;
    for (;;) {
      this.#turn += 1;
      const clients = this.#clients[this.#turn % this.#clients.length];
      if (!clients) throw new Error('a trader needs the address of a requestor');
      try {
        return await ask(clients);
      } catch (error) {
        if (!(error instanceof CallError) || !saysNothing(error)) throw error;
        if (performance.now() > deadline) throw new Error(`${what}: no answer in ${GIVE_UP_MS} ms`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}

/** Whether the order may have been accepted all the same. */
function saysNothing(error: CallError): boolean {
  return isTransient(error) || error.status === 'DEADLINE_EXCEEDED';
}
