import { formatAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { findOpenCritical } from '../../../shared/store/alerts.js';
import type { Database, Queryable } from '../../../shared/store/database.js';
import type { Exposure } from '../../../shared/store/exposure.js';
import type { TradingState } from '../../../shared/store/scheduler-state.js';

/** Why an entry is not made (X12, X13). Each refusal names itself in the detail `why` and says what to do. */

/** How much may be held at once, for entries made from signals. Lamports; undefined: no limit. */
export interface EntryLimits {
  readonly maxOpenPositions: number | undefined;
  readonly maxTokenExposureLamports: bigint | undefined;
  readonly maxExposureLamports: bigint | undefined;
  /** SOL that stays in the wallet, for fees and rent. */
  readonly minReserveLamports: bigint;
}

/** @throws ENTRY_REFUSED while a critical alert about the token is not resolved */
export async function requireNoCriticalAlert(db: Database | Queryable, mint: string): Promise<void> {
  const alert = await findOpenCritical(db, mint);
  if (!alert) return;
  const text = `alert ${alert.alertId} (${alert.title}) about this token is not resolved; resolve it first`;
  throw entryRefused('CRITICAL_ALERT', text, { alert_id: alert.alertId, token_address: mint });
}

/** @throws ENTRY_REFUSED unless entries may start */
export function requireEntriesOpen(state: TradingState): void {
  if (state === 'ACTIVE') return;
  throw entryRefused('TRADING_STATE', `trading is ${state}: no entry starts; set it ACTIVE first`, { state });
}

/** @throws ENTRY_REFUSED when one more entry of `lamports` would exceed a limit */
export function requireRoom(lamports: bigint, exposure: Exposure, limits: EntryLimits): void {
  const { maxOpenPositions, maxTokenExposureLamports, maxExposureLamports } = limits;
  if (maxOpenPositions !== undefined && exposure.positions >= maxOpenPositions) {
    const text = `${exposure.positions} positions are open or being opened, the most MAX_OPEN_POSITIONS allows; close one first`;
    throw entryRefused('MAX_OPEN_POSITIONS', text, { limit: String(maxOpenPositions) });
  }
  requireBelow('MAX_TOKEN_EXPOSURE', 'in this token', exposure.tokenLamports, lamports, maxTokenExposureLamports);
  requireBelow('MAX_EXPOSURE', 'in all', exposure.totalLamports, lamports, maxExposureLamports);
}

/** @throws ENTRY_REFUSED when the wallet would keep less than its reserve */
export function requireReserve(lamports: bigint, balance: bigint, exposure: Exposure, limits: EntryLimits): void {
  const left = balance - exposure.promisedLamports - lamports;
  if (left >= limits.minReserveLamports) return;
  const text = `the wallet has ${sol(balance)} SOL, of which entries on their way take ${sol(exposure.promisedLamports)}: with ${sol(lamports)} more it would keep less than the ${sol(limits.minReserveLamports)} SOL of MIN_SOL_RESERVE`;
  throw entryRefused('MIN_SOL_RESERVE', text, {
    balance_sol: sol(balance),
    reserve_sol: sol(limits.minReserveLamports),
  });
}

function requireBelow(why: string, where: string, held: bigint, more: bigint, limit: bigint | undefined): void {
  if (limit === undefined || held + more <= limit) return;
  const text = `${sol(held)} SOL are invested or being invested ${where}; ${sol(more)} more would exceed the ${sol(limit)} SOL of ${why}_SOL`;
  throw entryRefused(why, text, { held_sol: sol(held), limit_sol: sol(limit) });
}

function entryRefused(why: string, text: string, metadata: Record<string, string>): ExitlaneError {
  return new ExitlaneError('ENTRY_REFUSED', `no entry: ${text}`, { metadata: { why, ...metadata } });
}

function sol(lamports: bigint): string {
  return formatAmount(lamports, SOL_DECIMALS);
}
