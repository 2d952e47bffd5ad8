import type { AcceptedPrice } from '../position/price-sanity.js';
import type { Database } from './database.js';

/**
 * Writes the last accepted prices to the open positions that hold the tokens, in one statement however many there are. A price that
 * is older than what is there changes nothing. Who follows positions hears of it by the mints.
 */
export async function saveCurrentPrices(db: Database, prices: ReadonlyMap<string, AcceptedPrice>): Promise<void> {
  if (prices.size === 0) return;
  const rows = [...prices];
  await db.transaction(async (tx) => {
    const { rows: written } = await tx.query<{ mint: string }>(
      `UPDATE positions SET current_price = said.price, current_price_at = said.at, current_price_source = said.source
       FROM unnest($1::text[], $2::numeric[], $3::timestamptz[], $4::text[]) AS said (mint, price, at, source)
       WHERE positions.mint = said.mint AND status <> 'CLOSED' AND (current_price_at IS NULL OR current_price_at < said.at)
       RETURNING positions.mint`,
      [
        rows.map(([mint]) => mint),
        rows.map(([, { value }]) => value),
        rows.map(([, { observedAt }]) => observedAt),
        rows.map(([, { source }]) => source),
      ],
    );
    for (const mint of new Set(written.map((row) => row.mint))) tx.hint('price', mint);
  });
}
