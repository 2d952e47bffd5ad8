import type { OrderStatus, OrderType } from '../order/order.js';
import { OrderPriority } from '../order/priority.js';
import type { Queryable } from './database.js';
import type { TradingState } from './scheduler-state.js';

/** The order queue at one moment. Times in milliseconds. */
export interface QueueStats {
  readonly takenAt: Date;
  readonly queued: number;
  readonly queuedEntries: number;
  readonly queuedExits: number;
  readonly processing: number;
  /** Sent orders that gave their slot away and are watched without one. */
  readonly watching: number;
  readonly maxConcurrent: number;
  readonly exitReserved: number;
  readonly emergencyExtra: number;
  readonly waitingForRetry: number;
  readonly processedTotal: number;
  /** Over the last {@link WAIT_SAMPLE} claims; null while there was none. */
  readonly averageWaitMs: number | null;
  readonly arrivalsPerMinute: number;
  /** How long the last {@link WAIT_SAMPLE} slots that were given back had been held; null while there were too few. */
  readonly holds: { readonly meanMs: number; readonly varianceMs2: number } | null;
  readonly completionsPerMinute: number;
  readonly tradingState: TradingState;
  readonly levels: readonly LevelStats[];
  readonly running: readonly RunningOrder[];
}

export interface LevelStats {
  readonly priority: number;
  readonly queued: number;
  readonly processing: number;
  readonly oldestWaitingMs: number | null;
  readonly arrivalsPerMinute: number;
}

export interface RunningOrder {
  readonly orderId: string;
  readonly orderReqId: string;
  /** Whose it is: others are not told about it. */
  readonly client: string;
  readonly orderType: OrderType;
  readonly priority: number;
  readonly symbol: string;
  readonly status: OrderStatus;
  readonly since: Date;
}

/** Claims that the average wait looks back on: enough to be steady, few enough to follow a change. */
const WAIT_SAMPLE = 100;

/** Fewer slots than these say nothing about how long one is held. */
const HOLDS_MIN = 5;

/** Minutes that the rates look back on. */
const RATE_MINUTES = 5;

interface StatsRow {
  taken_at: Date;
  trading_state: TradingState;
  max_concurrent: number;
  exit_reserved: number;
  emergency_extra: number;
  processed_total: string;
  waiting_for_retry: string;
  watching: string;
  emergency_entries: string;
  average_wait_ms: string | null;
  holds: { n: number; mean_ms: number | null; variance_ms2: number | null };
  arrivals: { priority: number; n: number }[] | null;
  completions: string;
  levels: { priority: number; queued: number; processing: number; oldest_ms: number | null }[] | null;
  running:
    | {
        order_id: string;
        order_req_id: string;
        client: string;
        order_type: OrderType;
        priority: number;
        symbol: string;
        status: OrderStatus;
        since: string;
      }[]
    | null;
}

/**
 * All numbers from one statement, so from one snapshot: they add up. What waits is counted from indexes alone, so that 100,000 waiting
 * orders cost some milliseconds.
 */
export async function readQueueStats(db: Queryable): Promise<QueueStats> {
  const { rows } = await db.query<StatsRow>(
    `WITH clock AS (SELECT exitlane_now() AS t),
     waiting AS (
       SELECT priority, count(*) AS queued, min(created_at) AS oldest FROM orders WHERE status = 'PENDING' GROUP BY priority
     ), held AS (
       SELECT priority, count(*) AS processing FROM orders WHERE holds_slot GROUP BY priority
     ), levels AS (
       SELECT priority, coalesce(queued, 0) AS queued, coalesce(processing, 0) AS processing,
         extract(epoch FROM t - oldest) * 1000 AS oldest_ms
       FROM waiting FULL JOIN held USING (priority), clock
     ), running AS (
       SELECT order_id, order_req_id, client, order_type, priority, symbol, status, submitted_at AS since
       FROM orders WHERE holds_slot ORDER BY dispatch_sequence
     )
     SELECT t AS taken_at, trading_state, max_concurrent, exit_reserved, emergency_extra, order_totals.ended AS processed_total,
       (SELECT count(*) FROM orders WHERE status = 'FAILED') AS waiting_for_retry,
       (SELECT count(*) FROM orders WHERE status = 'CONFIRMING' AND NOT holds_slot) AS watching,
       (SELECT count(*) FROM orders WHERE status = 'PENDING' AND emergency AND order_type = 'ENTRY') AS emergency_entries,
       (SELECT avg(extract(epoch FROM submitted_at - queued_at) * 1000) FROM (
          SELECT submitted_at, queued_at FROM orders WHERE dispatch_sequence > 0 AND submitted_at >= queued_at
          ORDER BY dispatch_sequence DESC LIMIT ${WAIT_SAMPLE}) AS last) AS average_wait_ms,
       (SELECT json_build_object('n', count(*), 'mean_ms', avg(ms), 'variance_ms2', var_pop(ms)) FROM (
          SELECT extract(epoch FROM slot_released_at - submitted_at) * 1000 AS ms FROM orders
          WHERE dispatch_sequence > 0 AND slot_released_at >= submitted_at
          ORDER BY dispatch_sequence DESC LIMIT ${WAIT_SAMPLE}) AS held) AS holds,
       (SELECT json_agg(json_build_object('priority', priority, 'n', n)) FROM (
          SELECT priority, count(*) AS n FROM orders
          WHERE created_at > t - interval '${RATE_MINUTES} minutes' GROUP BY priority) AS arrived) AS arrivals,
       (SELECT count(*) FROM orders WHERE status IN ('FILLED', 'CANCELLED')
          AND updated_at > t - interval '${RATE_MINUTES} minutes') AS completions,
       (SELECT json_agg(levels ORDER BY priority) FROM levels) AS levels,
       (SELECT json_agg(running) FROM running) AS running
     FROM clock, scheduler, order_totals`,
  );
  const row = rows[0];
  if (!row) throw new Error('the scheduler row is missing: the database is damaged');
  const levels = row.levels ?? [];
  const arrivals = new Map(row.arrivals?.map(({ priority, n }) => [priority, n / RATE_MINUTES]));
  const { n: holds, mean_ms: meanMs, variance_ms2: varianceMs2 } = row.holds;
  const queued = levels.reduce((sum, level) => sum + level.queued, 0);
  const waitingEntries = levels.find((level) => level.priority === OrderPriority.ENTRY)?.queued ?? 0;
  const queuedEntries = waitingEntries + Number(row.emergency_entries);
  return {
    takenAt: row.taken_at,
    queued,
    queuedEntries,
    queuedExits: queued - queuedEntries,
    processing: levels.reduce((sum, level) => sum + level.processing, 0),
    watching: Number(row.watching),
    maxConcurrent: row.max_concurrent,
    exitReserved: row.exit_reserved,
    emergencyExtra: row.emergency_extra,
    waitingForRetry: Number(row.waiting_for_retry),
    processedTotal: Number(row.processed_total),
    averageWaitMs: row.average_wait_ms === null ? null : Number(row.average_wait_ms),
    arrivalsPerMinute: [...arrivals.values()].reduce((sum, each) => sum + each, 0),
    holds: holds < HOLDS_MIN || meanMs === null || varianceMs2 === null ? null : { meanMs, varianceMs2 },
    completionsPerMinute: Number(row.completions) / RATE_MINUTES,
    tradingState: row.trading_state,
    levels: Object.values(OrderPriority).map((priority) => {
      const level = levels.find((each) => each.priority === priority);
      return {
        priority,
        queued: level?.queued ?? 0,
        processing: level?.processing ?? 0,
        oldestWaitingMs: level?.oldest_ms ?? null,
        arrivalsPerMinute: arrivals.get(priority) ?? 0,
      };
    }),
    running: (row.running ?? []).map((running) => ({
      orderId: running.order_id,
      orderReqId: running.order_req_id,
      client: running.client,
      orderType: running.order_type,
      priority: running.priority,
      symbol: running.symbol,
      status: running.status,
      since: new Date(running.since),
    })),
  };
}
