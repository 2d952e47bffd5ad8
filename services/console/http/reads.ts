import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { ListOrdersRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { ListAuditEntriesRequest } from '../../../proto/gen/exitlane/v1/system_service.js';
import { ORDER_REQ_ID_PATTERN } from '../../../shared/core/ids.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call } from '../../../shared/grpc/client.js';
import type { Clients } from '../clients.js';
import type { AuditPageView, OrderDetailView, OrderPageView } from '../model/view.js';
import { attemptView, orderView } from '../wire/orders.js';
import { positionView } from '../wire/positions.js';
import { auditView } from '../wire/system.js';
import { bodyOf } from './body.js';
import type { Guard } from './guard.js';

const STATUSES = ['PENDING', 'SUBMITTED', 'CONFIRMING', 'FILLED', 'FAILED', 'CANCELLED'] as const;
/** Orders per page of the archive. */
const PAGE_SIZE = 100;
const AUDIT_PAGE_SIZE = 100;

const listQuery = z.strictObject({
  pageToken: z.string().max(500).default(''),
  statuses: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(STATUSES)))
    .default([]),
  type: z.enum(['ENTRY', 'EXIT']).optional(),
  positionId: z.uuid().optional(),
});
const findQuery = z.strictObject({ id: z.string().regex(ORDER_REQ_ID_PATTERN) });
const positionQuery = z.strictObject({ id: z.uuid() });

/** What a page asks for once: the archive of orders, one order with its attempts, the audit log. */
export function addReads(server: FastifyInstance, guard: Guard, clients: Clients, now: () => number): void {
  server.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });

  server.get('/api/orders', async (request): Promise<OrderPageView> => {
    guard.viewer(request);
    const { pageToken, statuses, type, positionId } = bodyOf(listQuery, request.query);
    const wish = ListOrdersRequest.create({
      pageSize: PAGE_SIZE,
      pageToken,
      statuses: statuses.map((name) => OrderStatus[name]),
      ...(type === undefined ? {} : { orderType: OrderType[type] }),
      ...(positionId === undefined ? {} : { positionId }),
    });
    const { orders, nextPageToken } = await call(clients.orders, 'listOrders', wish);
    return { orders: orders.map(orderView), nextPageToken };
  });

  server.get('/api/orders/find', async (request): Promise<OrderDetailView | null> => {
    guard.viewer(request);
    const { id } = bodyOf(findQuery, request.query);
    const isOwnId = z.uuid().safeParse(id).success;
    const found = isOwnId ? await readOrder(clients, { $case: 'orderId', value: id }) : undefined;
    // A client may have chosen a UUID as its own id.
    return found ?? (await readOrder(clients, { $case: 'orderReqId', value: id })) ?? null;
  });

  server.get('/api/positions/find', async (request) => {
    guard.viewer(request);
    const { id: positionId } = bodyOf(positionQuery, request.query);
    const found = await orNothing(call(clients.positions, 'getPosition', { positionId }));
    return found?.position ? positionView(found.position, now()) : null;
  });

  server.get('/api/audit', async (request): Promise<AuditPageView> => {
    // It tells what everybody did and from where, as only admins may read it of the services.
    guard.operator(request);
    try {
      const wish = ListAuditEntriesRequest.create({ pageSize: AUDIT_PAGE_SIZE });
      const { entries } = await call(clients.system.requestor, 'listAuditEntries', wish);
      return { available: true, entries: entries.map(auditView) };
    } catch (error) {
      if (error instanceof CallError && error.status === 'UNIMPLEMENTED') return { available: false, entries: [] };
      throw error;
    }
  });
}

type OrderId = { $case: 'orderId'; value: string } | { $case: 'orderReqId'; value: string };

async function readOrder({ orders }: Clients, id: OrderId): Promise<OrderDetailView | undefined> {
  const { order } = (await orNothing(call(orders, 'getOrder', { id }))) ?? {};
  return order && { order: orderView(order), attempts: order.attempts.map(attemptView) };
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof CallError && error.status === 'NOT_FOUND') return undefined;
    throw error;
  }
}
