import { OrderStatus as WireStatus, OrderType as WireType } from '../../../proto/gen/exitlane/v1/order.js';
import {
  type OrderServiceServer,
  OrderServiceService,
  type WatchOrdersRequest,
  type WatchOrdersResponse,
} from '../../../proto/gen/exitlane/v1/order_service.js';
import { maySee } from '../../../shared/core/call-context.js';
import type { Clock } from '../../../shared/core/clock.js';
import { invalidField } from '../../../shared/core/errors.js';
import { isUuid, ORDER_REQ_ID_PATTERN } from '../../../shared/core/ids.js';
import type { Logger } from '../../../shared/core/logger.js';
import { cutPage, readPage } from '../../../shared/grpc/paging.js';
import type { GrpcService } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import type { Order, OrderStatus } from '../../../shared/order/order.js';
import { listAttempts } from '../../../shared/store/attempts.js';
import type { Database } from '../../../shared/store/database.js';
import { findOrdersByIds, getOrder, listOrders } from '../../../shared/store/orders.js';
import type { Accepted } from '../../../shared/store/submit.js';
import { cancelOrder } from '../../../shared/store/waiting-orders.js';
import type { Intake } from '../intake/intake.js';
import type { SignalIntake } from '../intake/signal-intake.js';
import { orderToWire } from './order-wire.js';
import { pages, watchRecords } from './watch-records.js';

export interface OrderHandlerOptions {
  readonly db: Database;
  readonly intake: Intake;
  readonly signals: SignalIntake;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function orderService(options: OrderHandlerOptions): GrpcService {
  const { db, intake, signals, logger } = options;
  const accepted = ({ order, duplicate, follows }: Accepted) => {
    const { orderId, orderReqId, status, orderType, priority } = order;
    // A new order's line is that of its first transition.
    if (duplicate || follows)
      logger.info({ orderId, orderReqId, status, type: orderType, priority, duplicate, follows }, 'order accepted');
    return { order: orderToWire(order), duplicate, follows };
  };
  const implementation: OrderServiceServer = {
    submitOrder: unary(async (request, ctx) => accepted(await intake.submit(request, ctx.signal))),
    processSignal: unary(async (request, ctx) => accepted(await signals.process(request, ctx.signal))),
    retryOrder: unary(async (request, ctx) => accepted(await signals.retryOrder(request, ctx.signal))),
    getOrder: unary(async (request) => {
      const order = await getOrder(db, orderIdOf(request.id));
      return { order: orderToWire(order, await listAttempts(db, order.orderId)) };
    }),
    listOrders: unary(async (request) => {
      const page = readPage(request);
      const rows = await listOrders(db, {
        ...filterOf(request),
        statuses: request.statuses.map(statusOf),
        ...(page.beforeId === undefined ? {} : { beforeOrderId: page.beforeId }),
        limit: page.size + 1,
      });
      const { items, nextPageToken } = cutPage(rows, page.size, (order) => order.orderId);
      return { orders: items.map((order) => orderToWire(order)), nextPageToken };
    }),
    cancelOrder: unary(async (request) => {
      if (request.cancelReason.length > 500) throw invalidField('cancel_reason', 'has more than 500 characters');
      const found = await getOrder(db, orderIdOf(request.id));
      const detail = request.cancelReason === '' ? 'Cancelled by the client.' : `Cancelled: ${request.cancelReason}`;
      const order = await cancelOrder(db, found.orderId, detail);
      logger.info({ orderId: order.orderId, orderReqId: order.orderReqId, status: order.status }, 'order cancelled');
      return { order: orderToWire(order) };
    }),
    watchOrders: serverStream((request, ctx) => watchOrders(options, request, ctx.signal)),
  };
  return { definition: OrderServiceService, implementation };
}

async function* watchOrders(
  { db, clock }: OrderHandlerOptions,
  request: WatchOrdersRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchOrdersResponse> {
  const filter = filterOf(request);
  const matches = (order: Order) =>
    maySee(order.client) &&
    (filter.orderType === undefined || order.orderType === filter.orderType) &&
    (filter.mint === undefined || order.mint === filter.mint) &&
    (filter.positionId === undefined || order.positionId === filter.positionId);
  const frames = watchRecords({
    db,
    clock,
    topics: ['order'],
    signal,
    includeCurrent: request.includeCurrent,
    current: () => liveOrders(db, filter),
    changed: async (ids) => (await findOrdersByIds(db, ids)).filter(matches),
  });
  for await (const { record, currentComplete } of frames)
    yield { order: record && orderToWire(record), currentComplete };
}

/** Every order that is not terminal, newest first. */
function liveOrders(db: Database, filter: ReturnType<typeof filterOf>): AsyncIterable<Order> {
  const statuses: OrderStatus[] = ['PENDING', 'SUBMITTED', 'CONFIRMING', 'FAILED'];
  return pages(
    ({ before, limit }) =>
      listOrders(db, { ...filter, statuses, ...(before === undefined ? {} : { beforeOrderId: before }), limit }),
    (order) => order.orderId,
  );
}

interface WireFilter {
  readonly orderType: WireType;
  readonly tokenAddress: string;
  readonly positionId: string;
}

function filterOf(request: WireFilter) {
  if (request.orderType === WireType.UNRECOGNIZED) throw invalidField('order_type', 'is not a known order type');
  if (request.positionId !== '' && !isUuid(request.positionId)) throw invalidField('position_id', 'is not a UUID');
  return {
    ...(request.orderType === WireType.ENTRY ? { orderType: 'ENTRY' as const } : {}),
    ...(request.orderType === WireType.EXIT ? { orderType: 'EXIT' as const } : {}),
    ...(request.tokenAddress === '' ? {} : { mint: request.tokenAddress }),
    ...(request.positionId === '' ? {} : { positionId: request.positionId }),
  };
}

const STATUSES: readonly OrderStatus[] = ['PENDING', 'SUBMITTED', 'CONFIRMING', 'FILLED', 'FAILED', 'CANCELLED'];

function statusOf(wire: WireStatus): OrderStatus {
  const status = STATUSES.find((name) => WireStatus[name] === wire);
  if (!status) throw invalidField('statuses', `must be some of ${STATUSES.map((name) => WireStatus[name]).join(', ')}`);
  return status;
}

type WireId = { $case: 'orderId'; value: string } | { $case: 'orderReqId'; value: string } | undefined;

function orderIdOf(id: WireId): { orderId: string } | { orderReqId: string } {
  if (id?.$case === 'orderId') {
    if (!isUuid(id.value)) throw invalidField('order_id', 'is not a UUID; to look up your own id use order_req_id');
    return { orderId: id.value };
  }
  if (id?.$case === 'orderReqId') {
    if (!ORDER_REQ_ID_PATTERN.test(id.value)) {
      throw invalidField('order_req_id', 'must be 1 to 128 characters of letters, digits and . _ : -');
    }
    return { orderReqId: id.value };
  }
  throw invalidField('id', 'is required: order_id or order_req_id');
}
