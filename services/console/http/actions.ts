import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { messageOf } from '../../../shared/core/errors.js';
import { newId } from '../../../shared/core/ids.js';
import type { Logger } from '../../../shared/core/logger.js';
import { call } from '../../../shared/grpc/client.js';
import type { Clients } from '../clients.js';
import type { Hub } from '../hub/hub.js';
import type { Identity } from '../model/events.js';
import { alertView } from '../wire/alerts.js';
import { orderView } from '../wire/orders.js';
import { planToWire, positionView } from '../wire/positions.js';
import { TRADING_STATES } from '../wire/queue.js';
import { bodyOf } from './body.js';
import type { Guard } from './guard.js';

export interface ActionParts {
  readonly guard: Guard;
  readonly clients: Clients;
  readonly hub: Hub;
  readonly logger: Logger;
  readonly now: () => number;
}

const uuid = z.uuid();
/** Made by the page before it asks, so that asking again cannot trade twice. */
const requestId = z.uuid();
const slippageBps = z.int().min(1).max(10_000).optional();
const note = z.string().trim().max(400);
const reason = note.min(1, 'say why, for the record');
const percentOrOff = z.number().positive().nullable();
const spanOrOff = z.int().positive().nullable();

const BODIES = {
  tradingState: z.strictObject({ state: z.enum(TRADING_STATES), reason }),
  cancelOrder: z.strictObject({ orderId: uuid, reason: note }),
  retryOrder: z.strictObject({ orderId: uuid, requestId }),
  exit: z.strictObject({
    positionId: uuid,
    percent: z.int().min(1).max(100),
    emergency: z.boolean(),
    requestId,
    maxSlippageBps: slippageBps,
  }),
  retryExit: z.strictObject({ positionId: uuid, requestId, maxSlippageBps: slippageBps }),
  exitPlan: z.strictObject({
    positionId: uuid,
    plan: z.strictObject({
      stopLossPercent: percentOrOff,
      trailingStopPercent: percentOrOff,
      trailingActivationPercent: percentOrOff,
      takeProfits: z
        .array(z.strictObject({ gainPercent: z.number().positive(), sellPercent: z.int().min(1).max(100) }))
        .max(3),
      timeLimitMs: spanOrOff,
      stagnationWindowMs: spanOrOff,
      stagnationPercent: percentOrOff,
    }),
  }),
  alert: z.strictObject({ alertId: uuid, note }),
} as const;

interface Action<Body> {
  /** As the audit log calls it. */
  readonly name: string;
  readonly url: string;
  readonly body: z.ZodType<Body>;
  /** Id of what it is done to, for the record. */
  readonly subjectOf: (body: Body) => string;
  readonly work: (body: Body, by: By) => Promise<unknown>;
}

/** Who acts, as the API is told. */
interface By {
  /** Such as `alice (console)`. */
  readonly name: string;
  /** The order_req_id of an order that this person makes here. */
  readonly orderReqId: (requestId: string) => string;
  /** Sent along, so that the services' logs name the same call and the audit log the person. */
  readonly settings: { readonly requestId: string; readonly actingFor: string };
}

/** Everything a person can do here. Operators only; each try is recorded with who, what and how it went. */
export function addActions(server: FastifyInstance, parts: ActionParts): void {
  const { guard, logger } = parts;
  const add = <Body>({ name, url, body, subjectOf, work }: Action<Body>) => {
    server.post(url, async (request) => {
      const record = { action: name, who: nameIn(guard, request), request_id: newId() };
      let told: Record<string, unknown> = record;
      try {
        const { identity } = guard.operator(request);
        const wanted = bodyOf(body, request.body);
        told = { ...record, role: identity.role, subject: subjectOf(wanted), wanted };
        const answer = await work(wanted, byOf(identity, record.request_id));
        // A warning, as in the services: what people change is to be found in every log.
        logger.warn({ ...told, outcome: 'done' }, `console: ${name} by ${record.who}`);
        return answer ?? {};
      } catch (error) {
        logger.warn(
          { ...told, outcome: 'refused', err: messageOf(error) },
          `console: ${name} by ${record.who} refused`,
        );
        throw error;
      }
    });
  };
  addTrading(add, parts);
  addExits(add, parts);
  addAlerts(add, parts);
}

type Add = <Body>(action: Action<Body>) => void;

function addTrading(add: Add, { clients, hub }: ActionParts): void {
  add({
    name: 'SetTradingState',
    url: '/api/trading-state',
    body: BODIES.tradingState,
    subjectOf: ({ state }) => state,
    async work({ state, reason: changeReason }, { name: changedBy, settings }) {
      await call(clients.queue, 'setTradingState', { state: TradingState[state], changedBy, changeReason }, settings);
      hub.hurry();
    },
  });
  add({
    name: 'CancelOrder',
    url: '/api/orders/cancel',
    body: BODIES.cancelOrder,
    subjectOf: ({ orderId }) => orderId,
    async work({ orderId, reason: why }, { name, settings }) {
      const cancelReason = why === '' ? `by ${name}` : `${why} - by ${name}`;
      const request = { id: { $case: 'orderId' as const, value: orderId }, cancelReason };
      const { order } = await call(clients.orders, 'cancelOrder', request, settings);
      return order && orderView(order);
    },
  });
  add({
    name: 'RetryOrder',
    url: '/api/orders/retry',
    body: BODIES.retryOrder,
    subjectOf: ({ orderId }) => orderId,
    async work({ orderId, requestId: id }, { orderReqId, settings }) {
      const request = { orderId, orderReqId: orderReqId(id) };
      const { order } = await call(clients.orders, 'retryOrder', request, settings);
      return order && orderView(order);
    },
  });
}

function addExits(add: Add, { clients, now }: ActionParts): void {
  add({
    name: 'ExitPosition',
    url: '/api/positions/exit',
    body: BODIES.exit,
    subjectOf: ({ positionId }) => positionId,
    async work({ positionId, percent, emergency, requestId: id, maxSlippageBps }, { orderReqId, settings }) {
      const exitReason = emergency ? 'emergency' : 'manual';
      const request = { orderReqId: orderReqId(id), positionId, percent, exitReason, emergency, maxSlippageBps };
      const { order } = await call(clients.positions, 'exitPosition', request, settings);
      return order && orderView(order);
    },
  });
  add({
    name: 'RetryExit',
    url: '/api/positions/retry-exit',
    body: BODIES.retryExit,
    subjectOf: ({ positionId }) => positionId,
    async work({ positionId, requestId: id, maxSlippageBps }, { orderReqId, settings }) {
      const request = { orderReqId: orderReqId(id), positionId, maxSlippageBps };
      const { order } = await call(clients.positions, 'retryExit', request, settings);
      return order && orderView(order);
    },
  });
  add({
    name: 'SetExitPlan',
    url: '/api/positions/exit-plan',
    body: BODIES.exitPlan,
    subjectOf: ({ positionId }) => positionId,
    async work({ positionId, plan }, { settings }) {
      const request = { positionId, exitPlan: planToWire(plan) };
      const { position } = await call(clients.positions, 'setExitPlan', request, settings);
      return position && positionView(position, now());
    },
  });
}

function addAlerts(add: Add, { clients }: ActionParts): void {
  add({
    name: 'AcknowledgeAlert',
    url: '/api/alerts/acknowledge',
    body: BODIES.alert,
    subjectOf: ({ alertId }) => alertId,
    async work({ alertId, note: text }, { name: acknowledgedBy, settings }) {
      const { alert } = await call(
        clients.alerts,
        'acknowledgeAlert',
        { alertId, acknowledgedBy, note: text },
        settings,
      );
      return alert && alertView(alert);
    },
  });
  add({
    name: 'ResolveAlert',
    url: '/api/alerts/resolve',
    body: BODIES.alert,
    subjectOf: ({ alertId }) => alertId,
    async work({ alertId, note: text }, { name: resolvedBy, settings }) {
      const { alert } = await call(clients.alerts, 'resolveAlert', { alertId, resolvedBy, note: text }, settings);
      return alert && alertView(alert);
    },
  });
}

function nameIn(guard: Guard, request: FastifyRequest): string {
  return guard.callerOf(request).identity?.name ?? 'nobody';
}

function byOf({ name }: Identity, requestId: string): By {
  const inId = name.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  // A header holds no more than this; whoever signs in has such a name, a user of this machine may have another.
  const settings = { requestId, actingFor: name.replaceAll(/[^\x21-\x7e]/g, '_').slice(0, 64) };
  return { name: `${name} (console)`, orderReqId: (id) => `console:${inId}:${id}`, settings };
}
