import type { Queryable, Transaction } from './database.js';

/** What is at stake: in positions that are not closed, and in entries that may still open one. Lamports, real trades only. */
export interface Exposure {
  /** Positions open, and entries on their way. */
  readonly positions: number;
  /** Entry cost of what is held of the token, and entries of it on their way. */
  readonly tokenLamports: bigint;
  readonly totalLamports: bigint;
  /** Entries on their way alone: what the wallet has still to pay. */
  readonly promisedLamports: bigint;
}

/** Signals take turns here until they commit, so that two of them cannot pass one limit together. */
export async function lockExposure(tx: Transaction): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('exitlane.exposure'))`);
}

export async function readExposure(db: Queryable, mint: string): Promise<Exposure> {
  const { rows } = await db.query<{ positions: string; token: string; total: string; promised: string }>(
    `WITH at_stake AS (
       SELECT mint, entry_lamports - floor(entry_lamports * sold_tokens / entry_tokens) AS lamports, 0 AS promised
       FROM positions WHERE status <> 'CLOSED' AND NOT is_simulated
       UNION ALL
       SELECT mint, requested_lamports, requested_lamports FROM orders
       WHERE order_type = 'ENTRY' AND NOT is_simulated AND status IN ('PENDING', 'SUBMITTED', 'CONFIRMING', 'FAILED')
     )
     SELECT count(*) AS positions, coalesce(sum(lamports) FILTER (WHERE mint = $1), 0)::bigint AS token,
       coalesce(sum(lamports), 0)::bigint AS total, coalesce(sum(promised), 0)::bigint AS promised
     FROM at_stake`,
    [mint],
  );
  const row = rows[0];
  if (!row) throw new Error('a sum without a row');
  return {
    positions: Number(row.positions),
    tokenLamports: BigInt(row.token),
    totalLamports: BigInt(row.total),
    promisedLamports: BigInt(row.promised),
  };
}
