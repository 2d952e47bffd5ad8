import type { AlertSeverity, AlertStatus } from '../alert/alert.js';
import type { Database, Transaction } from './database.js';
import { type QueueStats, readQueueStats } from './queue-stats.js';

/** What the whole fleet has in common, for those who watch over it. Ages in milliseconds, null where there is nothing of the kind. */
export interface FleetStats {
  readonly queue: QueueStats;
  /** Since the oldest waiting exit became due. */
  readonly exitWaitingMs: number | null;
  readonly stateChangedAt: Date;
  /** Attempts that may be on the wire. `UNKNOWN`: past the confirmation time. */
  readonly attempts: readonly OpenAttempts[];
  readonly positions: readonly PositionCount[];
  /** Since the oldest price of an open position was seen, or its position was opened without one. */
  readonly priceAgeMs: number | null;
  readonly alerts: readonly {
    readonly type: string;
    readonly severity: AlertSeverity;
    readonly status: AlertStatus;
    readonly count: number;
  }[];
  /** News of alerts on their way out; `failing`: tried in vain before. */
  readonly outbox: { readonly waiting: number; readonly failing: number; readonly oldestMs: number | null };
}

export interface OpenAttempts {
  readonly verdict: 'CONFIRMING' | 'UNKNOWN';
  readonly count: number;
  readonly oldestMs: number;
}

export interface PositionCount {
  readonly status: string;
  readonly count: number;
  /** Of them, those whose exit is held up. */
  readonly blocked: number;
}

interface FleetRow {
  exit_waiting_ms: number | null;
  changed_at: Date;
  attempts: { verdict: OpenAttempts['verdict']; n: number; oldest_ms: number }[] | null;
  positions: { status: string; n: number; blocked: number }[] | null;
  price_age_ms: number | null;
  alerts: { type: string; severity: AlertSeverity; status: AlertStatus; n: number }[] | null;
  outbox: { n: number; failing: number; oldest_ms: number | null };
}

/** All of it in two statements, which count what is unfinished by indexes of just that. Ends after `timeoutMs` at the latest. */
export async function readFleetStats(db: Database, timeoutMs: number): Promise<FleetStats> {
  return db.transaction(async (tx) => {
    await tx.query(`SET LOCAL statement_timeout = ${Math.round(timeoutMs)}`);
    const queue = await readQueueStats(tx);
    const row = await readRow(tx);
    const { n: waiting, failing, oldest_ms: oldestMs } = row.outbox;
    return {
      queue,
      exitWaitingMs: row.exit_waiting_ms,
      stateChangedAt: row.changed_at,
      attempts: (row.attempts ?? []).map(({ verdict, n, oldest_ms }) => ({ verdict, count: n, oldestMs: oldest_ms })),
      positions: (row.positions ?? []).map(({ status, n, blocked }) => ({ status, count: n, blocked })),
      priceAgeMs: row.price_age_ms,
      alerts: (row.alerts ?? []).map(({ n, ...alert }) => ({ ...alert, count: n })),
      outbox: { waiting, failing, oldestMs },
    };
  });
}

async function readRow(tx: Transaction): Promise<FleetRow> {
  const { rows } = await tx.query<FleetRow>(
    `WITH clock AS (SELECT exitlane_now() AS t)
     SELECT changed_at,
       (SELECT extract(epoch FROM t - min(queued_at))::float8 * 1000 FROM orders
          WHERE status = 'PENDING' AND priority < 100 AND order_type = 'EXIT') AS exit_waiting_ms,
       (SELECT json_agg(open) FROM (
          SELECT CASE WHEN o.reason = 'UNKNOWN' THEN 'UNKNOWN' ELSE 'CONFIRMING' END AS verdict, count(*) AS n,
            max(extract(epoch FROM t - a.created_at)) * 1000 AS oldest_ms
          FROM attempts a JOIN orders o USING (order_id) WHERE a.state IN ('PERSISTED', 'SENT', 'SEEN') GROUP BY 1) AS open) AS attempts,
       (SELECT json_agg(held) FROM (
          SELECT status, count(*) AS n, count(*) FILTER (WHERE exit_blocker <> '') AS blocked
          FROM positions WHERE status <> 'CLOSED' GROUP BY status) AS held) AS positions,
       (SELECT extract(epoch FROM t - min(coalesce(current_price_at, opened_at)))::float8 * 1000
          FROM positions WHERE status <> 'CLOSED') AS price_age_ms,
       (SELECT json_agg(told) FROM (
          SELECT alert_type AS type, severity, status, count(*) AS n
          FROM alerts WHERE status <> 'RESOLVED' GROUP BY 1, 2, 3) AS told) AS alerts,
       (SELECT json_build_object('n', count(*), 'failing', count(*) FILTER (WHERE last_error <> ''),
          'oldest_ms', extract(epoch FROM t - min(created_at)) * 1000)
          FROM alert_outbox WHERE done_at IS NULL) AS outbox
     FROM clock, scheduler`,
  );
  if (!rows[0]) throw new Error('the scheduler row is missing: the database is damaged');
  return rows[0];
}
