import { onlyClient } from '../core/call-context.js';
import type { Queryable } from './database.js';

/** Profit over all positions, in lamports; chain fees apart. */
export interface Pnl {
  readonly realizedLamports: bigint;
  /** Of what open positions hold, at their last accepted prices. */
  readonly unrealizedLamports: bigint;
  readonly feeLamports: bigint;
  readonly openPositions: number;
  readonly closedPositions: number;
  /** Open positions that no price was ever accepted for: `unrealizedLamports` leaves them out. */
  readonly withoutPrice: number;
}

interface PnlRow {
  realized: string;
  unrealized: string;
  fees: string;
  open: string;
  closed: string;
  without_price: string;
}

/** `unrealizedPnl` and `costOfSale` of shared/position once more, as SQL over numerics: one statement, one snapshot. */
const UNREALIZED = `floor((entry_tokens - sold_tokens) * current_price * 1000000000 / power(10::numeric, decimals))
  - (entry_lamports - floor(entry_lamports * sold_tokens / entry_tokens))`;

/** Of positions opened at `since` or later; of all without it. A client gets the sum of its own. */
export async function readPnl(db: Queryable, since?: Date): Promise<Pnl> {
  const { rows } = await db.query<PnlRow>(
    `SELECT coalesce(sum(realized_pnl_lamports), 0) AS realized, coalesce(sum(fee_lamports), 0) AS fees,
       coalesce(sum(${UNREALIZED}) FILTER (WHERE status <> 'CLOSED' AND current_price IS NOT NULL), 0) AS unrealized,
       count(*) FILTER (WHERE status <> 'CLOSED') AS open, count(*) FILTER (WHERE status = 'CLOSED') AS closed,
       count(*) FILTER (WHERE status <> 'CLOSED' AND current_price IS NULL) AS without_price
     FROM positions WHERE ($1::timestamptz IS NULL OR opened_at >= $1) AND ($2::text IS NULL OR client = $2)`,
    [since ?? null, onlyClient() ?? null],
  );
  const row = rows[0];
  if (!row) throw new Error('a sum without a row');
  return {
    realizedLamports: BigInt(row.realized),
    unrealizedLamports: BigInt(row.unrealized.split('.')[0] ?? '0'),
    feeLamports: BigInt(row.fees),
    openPositions: Number(row.open),
    closedPositions: Number(row.closed),
    withoutPrice: Number(row.without_price),
  };
}
