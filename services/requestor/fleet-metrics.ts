import { ALERT_SEVERITIES } from '../../shared/alert/alert.js';
import type { Clock } from '../../shared/core/clock.js';
import { singleFlight } from '../../shared/core/single-flight.js';
import { FLEET_FRESH_MS, FLEET_READ_MS_MAX } from '../../shared/metrics/limits.js';
import type { Metrics } from '../../shared/metrics/metrics.js';
import { alertTypeLabel } from '../../shared/metrics/order-metrics.js';
import { OrderPriority, priorityName } from '../../shared/order/priority.js';
import type { Database } from '../../shared/store/database.js';
import { type FleetStats, readFleetStats } from '../../shared/store/fleet-stats.js';
import type { QueueStats } from '../../shared/store/queue-stats.js';

/**
 * Numbers that are the database's, not this process's: every requestor tells the same ones, so take their maximum and never their sum.
 * They are read when somebody asks, at most once a second, and are gone while the database is.
 */
export function fleetMetrics(metrics: Metrics, { db, clock }: { readonly db: Database; readonly clock: Clock }): void {
  const show = [queueMetrics(metrics), slotMetrics(metrics), stateMetrics(metrics), attemptMetrics(metrics)];
  show.push(positionMetrics(metrics), alertMetrics(metrics));
  const known = metrics.gauge({
    name: 'exitlane_fleet_known',
    help: '1 while the numbers of the whole fleet could be read from the database.',
  });
  const read = singleFlight(() => readFleetStats(db, FLEET_READ_MS_MAX));
  let readAt = Number.NEGATIVE_INFINITY;
  metrics.onScrape(async () => {
    if (clock.now() - readAt < FLEET_FRESH_MS) return;
    const stats = await orNothing(read(), clock);
    known.set(stats ? 1 : 0);
    for (const each of show) each(stats);
    if (stats) readAt = clock.now();
  });
}

/** The query ends by itself; a connection that cannot be had would take longer than who asks waits. */
async function orNothing(reading: Promise<FleetStats>, clock: Clock): Promise<FleetStats | undefined> {
  const stop = new AbortController();
  const late = clock.sleep(FLEET_READ_MS_MAX, stop.signal).catch(() => undefined);
  try {
    return await Promise.race([reading, late.then(() => undefined)]);
  } catch {
    // exitlane_fleet_known says so, and exitlane_database_errors_total why.
    return undefined;
  } finally {
    stop.abort();
  }
}

type Show = (stats: FleetStats | undefined) => void;

function queueMetrics(metrics: Metrics): Show {
  const orders = metrics.gauge({
    name: 'exitlane_queue_orders',
    help: 'Orders that wait for a slot. Of the whole fleet.',
    labels: ['priority', 'order_type'],
  });
  const oldest = metrics.gauge({
    name: 'exitlane_queue_oldest_seconds',
    help: 'Age of the oldest waiting order since it was accepted, retries included, seconds; 0: none waits. Of the whole fleet.',
    labels: ['priority'],
  });
  const exit = metrics.gauge({
    name: 'exitlane_queue_exit_waiting_seconds',
    help: 'How long the exit that waits longest has been due, seconds; 0: none waits. Of the whole fleet.',
  });
  const retries = metrics.gauge({
    name: 'exitlane_queue_retries_waiting',
    help: 'Failed orders that wait for their next try. Of the whole fleet.',
  });
  return (stats) => {
    for (const each of [orders, oldest, exit, retries]) each.reset();
    if (!stats) return gone(exit, retries);
    for (const { priority, order_type, count } of waitingOf(stats.queue)) orders.set({ priority, order_type }, count);
    for (const { priority, oldestWaitingMs } of stats.queue.levels) {
      oldest.set({ priority: priorityName(priority) }, seconds(oldestWaitingMs));
    }
    exit.set(seconds(stats.exitWaitingMs));
    retries.set(stats.queue.waitingForRetry);
  };
}

/** Entries wait at their own level, unless somebody marked them as emergencies. */
function waitingOf({ levels, queuedEntries }: QueueStats) {
  const ordinary = levels.find(({ priority }) => priority === OrderPriority.ENTRY)?.queued ?? 0;
  return levels.flatMap(({ priority: level, queued }) => {
    const priority = priorityName(level);
    const isEntry = level === OrderPriority.ENTRY;
    const entries = isEntry ? queued : level === OrderPriority.EMERGENCY ? queuedEntries - ordinary : 0;
    return [
      ...(isEntry ? [] : [{ priority, order_type: 'EXIT', count: queued - entries }]),
      ...(isEntry || level === OrderPriority.EMERGENCY ? [{ priority, order_type: 'ENTRY', count: entries }] : []),
    ];
  });
}

function slotMetrics(metrics: Metrics): Show {
  const max = metrics.gauge({ name: 'exitlane_slots_max', help: 'Orders that may run at once. Of the whole fleet.' });
  const reserved = metrics.gauge({
    name: 'exitlane_slots_exit_reserved',
    help: 'Slots that entries may not take. Of the whole fleet.',
  });
  const extra = metrics.gauge({
    name: 'exitlane_slots_emergency_extra',
    help: 'Slots beyond the maximum for emergency exits. Of the whole fleet.',
  });
  const used = metrics.gauge({
    name: 'exitlane_slots_used',
    help: 'Slots in use. Of the whole fleet.',
    labels: ['priority'],
  });
  const watched = metrics.gauge({
    name: 'exitlane_orders_watched',
    help: 'Sent orders that are watched without a slot. Of the whole fleet.',
  });
  return (stats) => {
    used.reset();
    if (!stats) return gone(max, reserved, extra, watched);
    const { queue } = stats;
    max.set(queue.maxConcurrent);
    reserved.set(queue.exitReserved);
    extra.set(queue.emergencyExtra);
    watched.set(queue.watching);
    for (const { priority, processing } of queue.levels) used.set({ priority: priorityName(priority) }, processing);
  };
}

const STATES = ['ACTIVE', 'EXITS_ONLY', 'HALTED'] as const;

function stateMetrics(metrics: Metrics): Show {
  const state = metrics.gauge({
    name: 'exitlane_trading_state',
    help: '1 for the trading state that holds. Of the whole fleet.',
    labels: ['state'],
  });
  const changed = metrics.gauge({
    name: 'exitlane_trading_state_changed_timestamp_seconds',
    help: 'When the trading state was set, seconds since 1970. Of the whole fleet.',
  });
  return (stats) => {
    state.reset();
    if (!stats) return gone(changed);
    for (const name of STATES) state.set({ state: name }, stats.queue.tradingState === name ? 1 : 0);
    changed.set(stats.stateChangedAt.getTime() / 1_000);
  };
}

const VERDICTS = ['CONFIRMING', 'UNKNOWN'] as const;

function attemptMetrics(metrics: Metrics): Show {
  const open = metrics.gauge({
    name: 'exitlane_attempts_open',
    help: 'Transactions without a verdict; UNKNOWN: past the confirmation time. Of the whole fleet.',
    labels: ['verdict'],
  });
  const oldest = metrics.gauge({
    name: 'exitlane_attempts_oldest_seconds',
    help: 'Age of the oldest transaction without a verdict, seconds; 0: there is none. Of the whole fleet.',
    labels: ['verdict'],
  });
  return (stats) => {
    open.reset();
    oldest.reset();
    if (!stats) return;
    for (const verdict of VERDICTS) {
      const found = stats.attempts.find((each) => each.verdict === verdict);
      open.set({ verdict }, found?.count ?? 0);
      oldest.set({ verdict }, seconds(found?.oldestMs ?? null));
    }
  };
}

const POSITION_STATES = ['OPEN', 'EXIT_PENDING', 'PARTIAL_EXIT'] as const;

function positionMetrics(metrics: Metrics): Show {
  const held = metrics.gauge({
    name: 'exitlane_positions',
    help: 'Positions that are not closed. Of the whole fleet.',
    labels: ['status'],
  });
  const blocked = metrics.gauge({
    name: 'exitlane_positions_blocked',
    help: 'Positions whose exit is held up. Of the whole fleet.',
  });
  const age = metrics.gauge({
    name: 'exitlane_position_price_age_seconds',
    help: 'Age of the oldest price of an open position, seconds; 0: none is open. Of the whole fleet.',
  });
  return (stats) => {
    held.reset();
    if (!stats) return gone(blocked, age);
    for (const status of POSITION_STATES) {
      held.set({ status }, stats.positions.find((each) => each.status === status)?.count ?? 0);
    }
    blocked.set(stats.positions.reduce((sum, each) => sum + each.blocked, 0));
    age.set(seconds(stats.priceAgeMs));
  };
}

function alertMetrics(metrics: Metrics): Show {
  const open = metrics.gauge({
    name: 'exitlane_alerts_unresolved',
    help: 'Alerts that are not resolved. Of the whole fleet.',
    labels: ['severity', 'state', 'alert_type'],
  });
  const bySeverity = metrics.gauge({
    name: 'exitlane_alerts_open',
    help: 'Alerts that nobody has acknowledged. Of the whole fleet.',
    labels: ['severity'],
  });
  const outbox = metrics.gauge({
    name: 'exitlane_alert_outbox_deliveries',
    help: 'News of alerts on their way out; failing: tried in vain before. Of the whole fleet.',
    labels: ['state'],
  });
  const oldest = metrics.gauge({
    name: 'exitlane_alert_outbox_oldest_seconds',
    help: 'Age of the oldest news of an alert that is not delivered, seconds; 0: there is none. Of the whole fleet.',
  });
  return (stats) => {
    for (const each of [open, bySeverity, outbox]) each.reset();
    if (!stats) return gone(oldest);
    for (const { type, severity, status: state, count } of stats.alerts) {
      open.inc({ severity, state, alert_type: alertTypeLabel(type) }, count);
    }
    for (const severity of ALERT_SEVERITIES) {
      const found = stats.alerts.filter((each) => each.severity === severity && each.status === 'OPEN');
      bySeverity.set(
        { severity },
        found.reduce((sum, { count }) => sum + count, 0),
      );
    }
    const { waiting, failing, oldestMs } = stats.outbox;
    outbox.set({ state: 'waiting' }, waiting - failing);
    outbox.set({ state: 'failing' }, failing);
    oldest.set(seconds(oldestMs));
  };
}

function seconds(ms: number | null): number {
  return ms === null ? 0 : Math.max(0, ms / 1_000);
}

/** What is not known is no number. */
function gone(...gauges: readonly { remove(): void }[]): void {
  for (const gauge of gauges) gauge.remove();
}
