import type { Logger } from '../core/logger.js';
import { runForOrder } from '../core/order-context.js';
import { currentTracer, type TracedOrder } from '../core/trace.js';
import { logMove, type OrderMove, requestIdOfOrder } from '../order/order-move.js';
import { type Metrics, SECONDS_BUCKETS } from './metrics.js';
import { orderMetrics } from './order-metrics.js';

interface StoreWork {
  readonly kind: string;
  readonly tookMs: number;
  readonly failed: string | undefined;
}

/** What is done with what the store tells, for `openDatabase`: a line in the log per transition (E1), and the numbers. */
export function observeStore({ logger, metrics }: { readonly logger: Logger; readonly metrics?: Metrics | undefined }) {
  const count = metrics && orderMetrics(metrics);
  const worked = metrics && workMetrics(metrics);
  return {
    ordersMoved(moves: readonly OrderMove[]): void {
      for (const move of moves) {
        count?.(move);
        const order = { orderId: move.order.orderId, requestId: requestIdOfOrder(move.order) };
        traceMove(order, move);
        // One transaction may move orders of several calls.
        runForOrder(order, () => logMove(logger, move));
      }
    },
    ...(worked && { worked }),
  };
}

/** The parts of an order's way that no code of ours runs in: being accepted, and waiting. */
function traceMove(traced: TracedOrder, { order }: OrderMove): void {
  const tracer = currentTracer();
  if (!tracer) return;
  const { reason, createdAt, queuedAt, submittedAt } = order;
  const facts = { 'exitlane.order_type': order.orderType, 'exitlane.priority': order.priority };
  if (reason === 'ACCEPTED')
    tracer.orderPast(traced, 'accepted', facts, { from: createdAt, to: new Date(), isRoot: true });
  if (reason === 'CLAIMED')
    tracer.orderPast(traced, 'queued', facts, { from: queuedAt, to: submittedAt ?? new Date() });
}

function workMetrics(metrics: Metrics): (work: StoreWork) => void {
  const durations = metrics.histogram({
    name: 'exitlane_database_duration_seconds',
    help: 'Statements and transactions, the wait for a connection included, seconds.',
    labels: ['kind'],
    buckets: SECONDS_BUCKETS,
  });
  const errors = metrics.counter({
    name: 'exitlane_database_errors_total',
    help: 'Statements and transactions that failed: the database was unavailable, or refused a statement.',
    labels: ['error'],
  });
  for (const error of ['unavailable', 'statement']) errors.inc({ error }, 0);
  const timers = { query: durations.labels('query'), transaction: durations.labels('transaction') };
  return ({ kind, tookMs, failed }) => {
    timers[kind === 'query' ? 'query' : 'transaction'].observe(tookMs / 1_000);
    if (failed !== undefined) errors.inc({ error: failed });
  };
}

interface Connections {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/** The pool, read when somebody looks. */
export function connectionMetrics(metrics: Metrics, read: () => Connections | undefined): void {
  const connections = metrics.gauge({
    name: 'exitlane_database_connections',
    help: 'Connections of the pool.',
    labels: ['state'],
  });
  const waiting = metrics.gauge({
    name: 'exitlane_database_connections_waiting',
    help: 'Callers that wait for a connection.',
  });
  metrics.onScrape(() => {
    const pool = read();
    if (!pool) return;
    connections.set({ state: 'idle' }, pool.idle);
    connections.set({ state: 'busy' }, pool.total - pool.idle);
    waiting.set(pool.waiting);
  });
}
