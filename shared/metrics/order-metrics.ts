import { ALERT_TYPES } from '../alert/alert.js';
import { EXIT_REASONS, type Order } from '../order/order.js';
import type { OrderMove } from '../order/order-move.js';
import { priorityName } from '../order/priority.js';
import { type Metrics, SECONDS_BUCKETS } from './metrics.js';

/** Exits take seconds: time on the chain counts too. */
const EXIT_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 900];

const SLOT_CHANGES: Readonly<Record<string, string>> = {
  SLOT_HANDED_OVER: 'handed_over',
  PREEMPTED: 'pre_empted',
  SLOT_TIMED_OUT: 'timed_out',
  UNKNOWN: 'unknown',
};

const KNOWN_REASONS: ReadonlySet<string> = new Set(EXIT_REASONS);
const KNOWN_ALERTS: ReadonlySet<string> = new Set(ALERT_TYPES);

/** What this version does not know is one value, whoever wrote it. */
export function exitReasonLabel(reason: string): string {
  return KNOWN_REASONS.has(reason) ? reason : 'other';
}

/** The same for types of alerts: a newer version may have raised others. */
export function alertTypeLabel(alertType: string): string {
  return KNOWN_ALERTS.has(alertType) ? alertType : 'other';
}

/** Counts the transitions of orders that this process made. Each is made by one process: sum over all of them. */
export function orderMetrics(metrics: Metrics): (move: OrderMove) => void {
  const accepted = metrics.counter({
    name: 'exitlane_orders_accepted_total',
    help: 'Orders accepted.',
    labels: ['order_type', 'priority'],
  });
  const filled = metrics.counter({
    name: 'exitlane_orders_filled_total',
    help: 'Orders filled.',
    labels: ['order_type', 'simulated'],
  });
  const failures = metrics.counter({
    name: 'exitlane_order_failures_total',
    help: 'Executions that failed, by reason code; an order may fail several times.',
    labels: ['order_type', 'code'],
  });
  const cancelled = metrics.counter({
    name: 'exitlane_orders_cancelled_total',
    help: 'Orders that ended without a fill, by reason.',
    labels: ['order_type', 'reason'],
  });
  const slots = metrics.counter({
    name: 'exitlane_slot_changes_total',
    help: 'Slots that orders gave up before their end: handed over or pre-empted for an exit, or at the confirmation time-out.',
    labels: ['change'],
  });
  const waits = metrics.histogram({
    name: 'exitlane_order_wait_seconds',
    help: 'Time from becoming due (accepted, or due again) to the slot, seconds.',
    labels: ['priority'],
    buckets: SECONDS_BUCKETS,
  });
  const exits = exitMetrics(metrics);
  for (const change of Object.values(SLOT_CHANGES)) slots.inc({ change }, 0);

  return (move) => {
    const { order, failure } = move;
    const { orderType: order_type, status, reason } = order;
    const change = SLOT_CHANGES[reason];
    if (change !== undefined) slots.inc({ change });
    if (failure !== undefined) failures.inc({ order_type, code: failure });
    if (reason === 'ACCEPTED') accepted.inc({ order_type, priority: priorityName(order.priority) });
    if (reason === 'CLAIMED')
      waits.observe({ priority: priorityName(order.priority) }, secondsTo(order, 'queuedAt', 'submittedAt'));
    if (status === 'FILLED') filled.inc({ order_type, simulated: String(order.isSimulated) });
    if (status === 'CANCELLED') cancelled.inc({ order_type, reason });
    if (order_type === 'EXIT') exits(move);
  };
}

function exitMetrics(metrics: Metrics): (move: OrderMove) => void {
  const ends = metrics.counter({
    name: 'exitlane_exits_total',
    help: 'Exits accepted, filled and ended without a fill.',
    labels: ['exit_reason', 'outcome'],
  });
  const toSlot = metrics.histogram({
    name: 'exitlane_exit_submitted_seconds',
    help: 'Time from the trigger or the acceptance of an exit to its first slot, seconds.',
    labels: ['exit_reason'],
    buckets: SECONDS_BUCKETS,
  });
  const toFill = metrics.histogram({
    name: 'exitlane_exit_filled_seconds',
    help: 'Time from the trigger or the acceptance of an exit to its fill, all retries included, seconds.',
    labels: ['exit_reason'],
    buckets: EXIT_BUCKETS,
  });
  return ({ order }) => {
    const exit_reason = exitReasonLabel(order.exitReason);
    const { status, reason } = order;
    if (reason === 'ACCEPTED') ends.inc({ exit_reason, outcome: 'accepted' });
    if (reason === 'CLAIMED' && order.attemptCount === 0) {
      toSlot.observe({ exit_reason }, secondsTo(order, 'createdAt', 'submittedAt'));
    }
    if (status === 'CANCELLED') ends.inc({ exit_reason, outcome: 'cancelled' });
    if (status !== 'FILLED') return;
    ends.inc({ exit_reason, outcome: 'filled' });
    toFill.observe({ exit_reason }, secondsTo(order, 'createdAt', 'filledAt'));
  };
}

type Moment = 'createdAt' | 'queuedAt' | 'submittedAt' | 'filledAt';

/** Both by the database's clock. */
function secondsTo(order: Order, from: Moment, to: Moment): number {
  const begin = order[from]?.getTime() ?? 0;
  return Math.max(0, (order[to]?.getTime() ?? begin) - begin) / 1_000;
}
