import type { Database } from '../../../shared/store/database.js';
import { findMint, type Mint, saveMint } from '../../../shared/store/mints.js';
import type { ProcessorLink } from '../processor-link.js';

/** The mint's facts, from the store or, the first time, from the chain. @throws MINT_NOT_FOUND, PROCESSOR_UNAVAILABLE */
export async function knownMint(
  db: Database,
  link: Pick<ProcessorLink, 'mint'>,
  address: string,
  signal: AbortSignal,
): Promise<Mint> {
  const known = await findMint(db, address);
  if (known) return known;
  const mint = await link.mint(address, signal);
  await saveMint(db, mint);
  return mint;
}
