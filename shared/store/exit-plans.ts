import { maySee } from '../core/call-context.js';
import { ExitlaneError } from '../core/errors.js';
import type { Holding, PositionStatus } from '../position/accounting.js';
import { type ExitPlan, exitPlanJson, exitPlanOf } from '../position/exit-plan.js';
import { type ExitState, exitStateOf, stateUnderPlan } from '../position/exit-state.js';
import type { AcceptedPrice } from '../position/price-sanity.js';
import { recordAudit } from './audit.js';
import type { Database, Queryable, Transaction } from './database.js';
import { trimPrice } from './order-row.js';

/**
 * What the watch over an open position works with (X9): its plan, how far the plan's triggers have come, and the last accepted
 * price. Plan and state are decided on outside of a transaction; the plan's version tells whether it is still the one they were
 * decided under.
 */
export interface ExitWatch extends Holding {
  readonly positionId: string;
  readonly mint: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly isSimulated: boolean;
  readonly status: PositionStatus;
  /** SOL per whole token. */
  readonly entryPrice: string;
  readonly openedAt: Date;
  readonly plan: ExitPlan;
  /** Grows with every change of the plan. */
  readonly planVersion: number;
  readonly state: ExitState;
  /** The last accepted price, however old; undefined: there never was one. */
  readonly lastPrice: AcceptedPrice | undefined;
  readonly exitBlocker: string;
}

interface WatchRow {
  position_id: string;
  mint: string;
  symbol: string;
  decimals: number;
  is_simulated: boolean;
  status: PositionStatus;
  entry_lamports: string;
  entry_tokens: string;
  sold_tokens: string;
  reserved_tokens: string;
  entry_price: string;
  opened_at: Date;
  exit_plan: unknown;
  exit_plan_version: number;
  exit_state: unknown;
  current_price: string | null;
  current_price_at: Date | null;
  current_price_source: string;
  exit_blocker: string;
}

const COLUMNS = `position_id, mint, symbol, decimals, is_simulated, status, entry_lamports, entry_tokens, sold_tokens,
  reserved_tokens, entry_price, opened_at, exit_plan, exit_plan_version, exit_state, current_price, current_price_at,
  current_price_source, exit_blocker`;

function watchOf(row: WatchRow): ExitWatch {
  const entry = { entryPrice: trimPrice(row.entry_price), openedAt: row.opened_at };
  const plan = exitPlanOf(row.exit_plan);
  const { current_price: price, current_price_at: observedAt } = row;
  return {
    ...entry,
    positionId: row.position_id,
    mint: row.mint,
    symbol: row.symbol,
    decimals: row.decimals,
    isSimulated: row.is_simulated,
    status: row.status,
    entryLamports: BigInt(row.entry_lamports),
    entryTokens: BigInt(row.entry_tokens),
    soldTokens: BigInt(row.sold_tokens),
    reservedTokens: BigInt(row.reserved_tokens),
    plan,
    planVersion: row.exit_plan_version,
    state: exitStateOf(row.exit_state, plan, entry),
    lastPrice:
      price === null || observedAt === null
        ? undefined
        : { value: trimPrice(price), observedAt, source: row.current_price_source },
    exitBlocker: row.exit_blocker,
  };
}

/** Positions that are not closed, oldest first, page by page: the ones after `afterPositionId`, at most `limit`. */
export async function listExitWatches(
  db: Queryable,
  { afterPositionId, limit }: { afterPositionId?: string | undefined; limit: number },
): Promise<ExitWatch[]> {
  const { rows } = await db.query<WatchRow>(
    `SELECT ${COLUMNS} FROM positions WHERE status <> 'CLOSED' AND ($1::uuid IS NULL OR position_id > $1)
     ORDER BY position_id LIMIT $2`,
    [afterPositionId ?? null, limit],
  );
  return rows.map(watchOf);
}

/** The positions with these ids, closed ones too; unknown ids are left out. */
export async function findExitWatches(db: Queryable, positionIds: readonly string[]): Promise<ExitWatch[]> {
  if (positionIds.length === 0) return [];
  const { rows } = await db.query<WatchRow>(
    `SELECT ${COLUMNS} FROM positions WHERE position_id = ANY($1::uuid[]) ORDER BY position_id`,
    [positionIds],
  );
  return rows.map(watchOf);
}

/**
 * Writes what a look at a price changed. False, with nothing written: the plan is another one by now (or the position is closed),
 * so read again and decide again. An exit that a trigger fires is made by the same transaction, with `markFired` in the state.
 */
export async function saveExitState(
  tx: Queryable,
  watch: Pick<ExitWatch, 'positionId' | 'planVersion'>,
  { state, price }: { state: ExitState; price: AcceptedPrice },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE positions SET exit_state = $3, current_price = $4, current_price_at = $5, current_price_source = $6
     WHERE position_id = $1 AND exit_plan_version = $2 AND status <> 'CLOSED'`,
    [watch.positionId, watch.planVersion, JSON.stringify(state), price.value, price.observedAt, price.source],
  );
  return rowCount > 0;
}

/**
 * Changes how a position is to be left. Rules that stay the same keep what they know (`stateUnderPlan`).
 * @throws POSITION_NOT_FOUND, POSITION_NOT_EXITABLE (closed)
 */
export async function setExitPlan(db: Database, positionId: string, plan: ExitPlan): Promise<ExitWatch> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<WatchRow & { client: string }>(
      `SELECT ${COLUMNS}, client FROM positions WHERE position_id = $1 FOR UPDATE`,
      [positionId],
    );
    const before = rows[0] && maySee(rows[0].client) ? watchOf(rows[0]) : undefined;
    if (!before || before.status === 'CLOSED') throw refusal(positionId, before !== undefined);
    const state = stateUnderPlan(before.state, before.plan, plan);
    await tx.query(
      `UPDATE positions SET exit_plan = $2, exit_state = $3, exit_plan_version = exit_plan_version + 1,
         updated_at = exitlane_now() WHERE position_id = $1`,
      [positionId, JSON.stringify(exitPlanJson(plan)), JSON.stringify(state)],
    );
    tx.hint('position', positionId);
    const planVersion = before.planVersion + 1;
    const facts = { token: before.mint, plan_version: String(planVersion), plan: JSON.stringify(exitPlanJson(plan)) };
    await recordAudit(tx, { subject: positionId, detail: facts });
    return { ...before, plan, state, planVersion };
  });
}

function refusal(positionId: string, exists: boolean): ExitlaneError {
  const metadata = { position_id: positionId };
  return exists
    ? new ExitlaneError('POSITION_NOT_EXITABLE', `position ${positionId} is closed; nothing is left to plan for`, {
        metadata,
      })
    : new ExitlaneError('POSITION_NOT_FOUND', `no position with position_id ${positionId}`, { metadata });
}

/** Says why the position has not exited although it should have; '' when nothing is in the way. True if that is news. */
export async function setExitBlocker(tx: Transaction, positionId: string, blocker: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE positions SET exit_blocker = $2, updated_at = exitlane_now() WHERE position_id = $1 AND exit_blocker <> $2`,
    [positionId, blocker],
  );
  if (rowCount > 0) tx.hint('position', positionId);
  return rowCount > 0;
}
