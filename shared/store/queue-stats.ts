import type { OrderStatus, OrderType } from '../order/order.js';
import type { Queryable } from './database.js';
import type { TradingState } from './scheduler-state.js';

/** The order queue at one moment. Times in milliseconds. */
export interface QueueStats {
  readonly takenAt: Date;
  readonly queued: number;
  readonly queuedEntries: number;
  readonly queuedExits: number;
  readonly processing: number;
  readonly maxConcurrent: number;
  readonly waitingForRetry: number;
  readonly processedTotal: number;
  /** Over the last {@link WAIT_SAMPLE} claims; null while there was none. */
  readonly averageWaitMs: number | null;
  readonly arrivalsPerMinute: number;
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
}

export interface RunningOrder {
  readonly orderId: string;
  readonly orderReqId: string;
  readonly orderType: OrderType;
  readonly priority: number;
  readonly symbol: string;
  readonly status: OrderStatus;
  readonly since: Date;
}

/** Claims that the average wait looks back on: enough to be steady, few enough to follow a change. */
const WAIT_SAMPLE = 100;

/** Minutes that the rates look back on. */
const RATE_MINUTES = 5;

interface StatsRow {
  taken_at: Date;
  trading_state: TradingState;
  max_concurrent: number;
  processed_total: string;
  waiting_for_retry: string;
  average_wait_ms: string | null;
  arrivals: string;
  completions: string;
  levels:
    | { priority: number; queued: number; queued_entries: number; processing: number; oldest_ms: number | null }[]
    | null;
  running:
    | {
        order_id: string;
        order_req_id: string;
        order_type: OrderType;
        priority: number;
        symbol: string;
        status: OrderStatus;
        since: string;
      }[]
    | null;
}

/** All numbers from one statement, so from one snapshot: they add up. */
export async function readQueueStats(db: Queryable): Promise<QueueStats> {
  const { rows } = await db.query<StatsRow>(
    `WITH clock AS (SELECT exitlane_now() AS t),
     levels AS (
       SELECT priority, count(*) FILTER (WHERE status = 'PENDING') AS queued,
         count(*) FILTER (WHERE status = 'PENDING' AND order_type = 'ENTRY') AS queued_entries,
         count(*) FILTER (WHERE holds_slot) AS processing,
         extract(epoch FROM max(t) - min(created_at) FILTER (WHERE status = 'PENDING')) * 1000 AS oldest_ms
       FROM orders, clock WHERE status = 'PENDING' OR holds_slot GROUP BY priority
     ), running AS (
       SELECT order_id, order_req_id, order_type, priority, symbol, status, submitted_at AS since
       FROM orders WHERE holds_slot ORDER BY dispatch_sequence
     )
     SELECT t AS taken_at, trading_state, max_concurrent, order_totals.ended AS processed_total,
       (SELECT count(*) FROM orders WHERE status = 'FAILED') AS waiting_for_retry,
       (SELECT avg(extract(epoch FROM submitted_at - queued_at) * 1000) FROM (
          SELECT submitted_at, queued_at FROM orders WHERE dispatch_sequence > 0 AND submitted_at >= queued_at
          ORDER BY dispatch_sequence DESC LIMIT ${WAIT_SAMPLE}) AS last) AS average_wait_ms,
       (SELECT count(*) FROM orders WHERE created_at > t - interval '${RATE_MINUTES} minutes') AS arrivals,
       (SELECT count(*) FROM orders WHERE status IN ('FILLED', 'CANCELLED')
          AND updated_at > t - interval '${RATE_MINUTES} minutes') AS completions,
       (SELECT json_agg(levels ORDER BY priority) FROM levels) AS levels,
       (SELECT json_agg(running) FROM running) AS running
     FROM clock, scheduler, order_totals`,
  );
  const row = rows[0];
  if (!row) throw new Error('the scheduler row is missing: the database is damaged');
  const levels = row.levels ?? [];
  const queued = levels.reduce((sum, level) => sum + level.queued, 0);
  const queuedEntries = levels.reduce((sum, level) => sum + level.queued_entries, 0);
  return {
    takenAt: row.taken_at,
    queued,
    queuedEntries,
    queuedExits: queued - queuedEntries,
    processing: levels.reduce((sum, level) => sum + level.processing, 0),
    maxConcurrent: row.max_concurrent,
    waitingForRetry: Number(row.waiting_for_retry),
    processedTotal: Number(row.processed_total),
    averageWaitMs: row.average_wait_ms === null ? null : Number(row.average_wait_ms),
    arrivalsPerMinute: Number(row.arrivals) / RATE_MINUTES,
    completionsPerMinute: Number(row.completions) / RATE_MINUTES,
    tradingState: row.trading_state,
    levels: levels.map((level) => ({
      priority: level.priority,
      queued: level.queued,
      processing: level.processing,
      oldestWaitingMs: level.oldest_ms === null ? null : Number(level.oldest_ms),
    })),
    running: (row.running ?? []).map((running) => ({
      orderId: running.order_id,
      orderReqId: running.order_req_id,
      orderType: running.order_type,
      priority: running.priority,
      symbol: running.symbol,
      status: running.status,
      since: new Date(running.since),
    })),
  };
}
