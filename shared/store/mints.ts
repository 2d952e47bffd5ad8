import type { Queryable } from './database.js';

/** What was once read from the chain about a mint. Decimals never change once a mint exists. */
export interface Mint {
  readonly mint: string;
  readonly decimals: number;
  readonly symbol: string;
}

export async function findMint(db: Queryable, mint: string): Promise<Mint | undefined> {
  const { rows } = await db.query<Mint>('SELECT mint, decimals, symbol FROM mints WHERE mint = $1', [mint]);
  return rows[0];
}

/** Remembers a mint; the first reading of its decimals stays. */
export async function saveMint(db: Queryable, mint: Mint): Promise<void> {
  await db.query('INSERT INTO mints (mint, decimals, symbol) VALUES ($1, $2, $3) ON CONFLICT (mint) DO NOTHING', [
    mint.mint,
    mint.decimals,
    mint.symbol,
  ]);
}
