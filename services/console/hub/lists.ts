import {
  type Alert,
  AlertSeverity,
  AlertState,
  ListAlertsRequest,
} from '../../../proto/gen/exitlane/v1/alert_service.js';
import type { Order } from '../../../proto/gen/exitlane/v1/order.js';
import { ListOrdersRequest, WatchOrdersRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { type Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { ListPositionsRequest } from '../../../proto/gen/exitlane/v1/position_service.js';
import type { Clock } from '../../../shared/core/clock.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call, openStream } from '../../../shared/grpc/client.js';
import type { Clients } from '../clients.js';
import * as limits from '../limits.js';
import type { AlertView, OrderView, PositionView } from '../model/view.js';
import { alertView } from '../wire/alerts.js';
import { orderView } from '../wire/orders.js';
import { positionView } from '../wire/positions.js';
import type { ListFeedOptions, WatchFrame } from './list-feed.js';
import { LiveList } from './live-list.js';

const settings = { deadlineMs: limits.POLL_DEADLINE_MS };

async function* frames<Frame extends { readonly currentComplete: boolean }, Wire>(
  stream: AsyncIterable<Frame>,
  itemIn: (frame: Frame) => Wire | undefined,
): AsyncGenerator<WatchFrame<Wire>> {
  for await (const frame of stream) yield { item: itemIn(frame), currentComplete: frame.currentComplete };
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof CallError && error.status === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** Orders: running ones first, then those that start next. */
export function ordersFeed({ orders }: Clients): ListFeedOptions<Order, OrderView> {
  const recent = async () => {
    const request = ListOrdersRequest.create({ pageSize: limits.ENDED_ORDERS_MAX });
    return (await call(orders, 'listOrders', request, settings)).orders.map(orderView);
  };
  const list = new LiveList<OrderView>({
    idOf: ({ orderId }) => orderId,
    isLive: ({ isTerminal }) => !isTerminal,
    supersedes: (next, held) => (next.updatedAt ?? 0) >= (held.updatedAt ?? 0) && (next.isTerminal || !held.isTerminal),
    importance: (one, other) =>
      Number(one.status === 'PENDING') - Number(other.status === 'PENDING') ||
      one.priority - other.priority ||
      (one.createdAt ?? 0) - (other.createdAt ?? 0),
    liveMax: limits.LIVE_ORDERS_MAX,
    endedMax: limits.ENDED_ORDERS_MAX,
    recent,
    async read(id) {
      const request = { id: { $case: 'orderId' as const, value: id } };
      const found = await orNothing(call(orders, 'getOrder', request, settings));
      return found?.order && orderView(found.order);
    },
  });
  return {
    name: 'WatchOrders',
    list,
    watch: (signal) => {
      const request = WatchOrdersRequest.create({ includeCurrent: true });
      return frames(openStream(orders, 'watchOrders', request, { signal }), ({ order }) => order);
    },
    toItem: orderView,
    poll: recent,
  };
}

const NOT_CLOSED = [PositionStatus.OPEN, PositionStatus.EXIT_PENDING, PositionStatus.PARTIAL_EXIT];

export function positionsFeed({ positions }: Clients, clock: Clock): ListFeedOptions<Position, PositionView> {
  const toItem = (position: Position) => positionView(position, clock.now());
  const page = async (statuses: PositionStatus[], pageSize: number) => {
    const request = ListPositionsRequest.create({ statuses, pageSize });
    return (await call(positions, 'listPositions', request, settings)).positions.map(toItem);
  };
  const list = new LiveList<PositionView>({
    idOf: ({ positionId }) => positionId,
    isLive: ({ status }) => status !== 'CLOSED',
    supersedes: (next, held) => next.status === 'CLOSED' || held.status !== 'CLOSED',
    importance: (one, other) => (one.positionId < other.positionId ? 1 : -1),
    liveMax: limits.LIVE_POSITIONS_MAX,
    endedMax: limits.ENDED_POSITIONS_MAX,
    recent: () => page([PositionStatus.CLOSED], limits.ENDED_POSITIONS_MAX),
    async read(positionId) {
      const found = await orNothing(call(positions, 'getPosition', { positionId }, settings));
      return found?.position && toItem(found.position);
    },
  });
  return {
    name: 'WatchPositions',
    list,
    watch: (signal) => {
      const stream = openStream(positions, 'watchPositions', { includeCurrent: true }, { signal });
      return frames(stream, ({ position }) => position);
    },
    toItem,
    poll: async () => [
      ...(await page(NOT_CLOSED, limits.LIVE_POSITIONS_MAX)),
      ...(await page([PositionStatus.CLOSED], limits.ENDED_POSITIONS_MAX)),
    ],
  };
}

const ALERT_STATES: readonly AlertView['state'][] = ['OPEN', 'ACKNOWLEDGED', 'RESOLVED'];
const SEVERITIES: readonly AlertView['severity'][] = ['INFO', 'WARNING', 'CRITICAL'];

export function alertsFeed({ alerts }: Clients): ListFeedOptions<Alert, AlertView> {
  const page = async (states: AlertState[], pageSize: number) => {
    const request = ListAlertsRequest.create({ states, pageSize });
    return (await call(alerts, 'listAlerts', request, settings)).alerts.map(alertView);
  };
  const list = new LiveList<AlertView>({
    idOf: ({ alertId }) => alertId,
    isLive: ({ state }) => state !== 'RESOLVED',
    supersedes: (next, held) => ALERT_STATES.indexOf(next.state) >= ALERT_STATES.indexOf(held.state),
    importance: (one, other) =>
      SEVERITIES.indexOf(other.severity) - SEVERITIES.indexOf(one.severity) || (one.alertId < other.alertId ? 1 : -1),
    liveMax: limits.LIVE_ALERTS_MAX,
    endedMax: limits.ENDED_ALERTS_MAX,
    recent: () => page([AlertState.RESOLVED], limits.ENDED_ALERTS_MAX),
    async read(alertId) {
      const found = await orNothing(call(alerts, 'getAlert', { alertId }, settings));
      return found?.alert && alertView(found.alert);
    },
  });
  return {
    name: 'WatchAlerts',
    list,
    watch: (signal) => {
      const request = { includeCurrent: true, minSeverity: AlertSeverity.UNSPECIFIED };
      return frames(openStream(alerts, 'watchAlerts', request, { signal }), ({ alert }) => alert);
    },
    toItem: alertView,
    poll: async () => [
      ...(await page([AlertState.OPEN, AlertState.ACKNOWLEDGED], limits.LIVE_ALERTS_MAX)),
      ...(await page([AlertState.RESOLVED], limits.ENDED_ALERTS_MAX)),
    ],
  };
}
