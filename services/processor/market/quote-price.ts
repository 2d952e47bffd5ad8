import { MAX_BASE_UNITS, priceOf } from '../../../shared/core/decimals.js';
import type { Jupiter, Quote } from '../venue/jupiter.js';
import { SOL_MINT } from '../venue/spl.js';
import { VenueError } from '../venue/venue-error.js';
import type { PricePurpose } from './price-oracle.js';

/** Fewer lamports than this have too few digits for a price. */
const LAMPORTS_MIN = 100_000n;

/** Whole tokens a sale is quoted for, small first: one, and for tokens worth next to nothing more. */
const PROBES = [1n, 10_000n, 100_000_000n];

/** Price in SOL per whole token from the quote of a small sale. @throws VenueError */
export async function priceFromQuote(
  jupiter: Pick<Jupiter, 'quoteForPosition' | 'quoteForScan'>,
  mint: string,
  decimals: number,
  purpose: PricePurpose,
): Promise<string> {
  let best: Quote | undefined;
  let refused: unknown;
  for (const tokens of PROBES) {
    const amount = tokens * 10n ** BigInt(decimals);
    if (amount > MAX_BASE_UNITS) break;
    const request = { inputMint: mint, outputMint: SOL_MINT, amount, slippageBps: 50 };
    try {
      best = await (purpose === 'POSITION' ? jupiter.quoteForPosition(request) : jupiter.quoteForScan(request));
    } catch (error) {
      // Too little to sell looks like no route; more may have one.
      if (!(error instanceof VenueError) || error.kind !== 'NO_ROUTE') throw error;
      refused = error;
    }
    if (best && best.outAmount >= LAMPORTS_MIN) break;
  }
  if (best) return priceOf(best.outAmount, best.inAmount, decimals);
  throw refused ?? new VenueError('NO_ROUTE', 'no amount of it can be sold');
}
