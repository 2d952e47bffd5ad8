import { currentCallFacts } from '../core/call-context.js';
import { recordAudit } from './audit.js';
import type { Database, Queryable } from './database.js';

export type TradingState = 'ACTIVE' | 'EXITS_ONLY' | 'HALTED';

export interface SchedulerState {
  readonly tradingState: TradingState;
  readonly changedBy: string;
  readonly changeReason: string;
  readonly changedAt: Date;
  readonly maxConcurrent: number;
}

interface SchedulerRow {
  trading_state: TradingState;
  changed_by: string;
  change_reason: string;
  changed_at: Date;
  max_concurrent: number;
}

function stateOf(row: SchedulerRow | undefined): SchedulerState {
  if (!row) throw new Error('the scheduler row is missing: the database is damaged');
  return {
    tradingState: row.trading_state,
    changedBy: row.changed_by,
    changeReason: row.change_reason,
    changedAt: row.changed_at,
    maxConcurrent: row.max_concurrent,
  };
}

export async function readSchedulerState(db: Queryable): Promise<SchedulerState> {
  const { rows } = await db.query<SchedulerRow>('SELECT * FROM scheduler WHERE id = 1');
  return stateOf(rows[0]);
}

/** How many orders may hold a slot at once (P4, P8). */
export interface SlotLimits {
  readonly maxConcurrent: number;
  /** Slots that entries may not take. */
  readonly exitReserved: number;
  /** Slots beyond the maximum that only an emergency exit may take. */
  readonly emergencyExtra: number;
}

/** The limits hold for all requestors of the database; the last one to start says them. */
export async function setSlotLimits(db: Database, limits: SlotLimits): Promise<void> {
  const { maxConcurrent, exitReserved, emergencyExtra } = limits;
  await db.query(
    `UPDATE scheduler SET max_concurrent = $1, exit_reserved = $2, emergency_extra = $3
     WHERE id = 1 AND (max_concurrent, exit_reserved, emergency_extra) <> ($1, $2, $3)`,
    [maxConcurrent, exitReserved, emergencyExtra],
  );
}

/** Changes which orders may start; waiting orders feel it at their next claim. */
export async function setTradingState(
  db: Database,
  change: { state: TradingState; changedBy: string; changeReason: string },
): Promise<SchedulerState> {
  return db.transaction(async (tx) => {
    const { state, changedBy, changeReason } = change;
    const { rows } = await tx.query<SchedulerRow & { before: TradingState }>(
      `UPDATE scheduler SET trading_state = $1, changed_by = $2, change_reason = $3, changed_at = exitlane_now(), request_id = $4
       FROM (SELECT trading_state AS before FROM scheduler WHERE id = 1 FOR UPDATE) AS was
       WHERE id = 1 RETURNING scheduler.*, before`,
      [state, changedBy, changeReason, currentCallFacts()?.requestId ?? ''],
    );
    const detail = { state, before: rows[0]?.before, changed_by: changedBy, reason: changeReason };
    await recordAudit(tx, { subject: '', detail });
    tx.hint('queue', '');
    tx.hint('state', '');
    return stateOf(rows[0]);
  });
}
