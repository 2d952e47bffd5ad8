/**
 * How much of a position is left and what selling brought (X3, X4, X8). Pure; all amounts are base units.
 */
export type PositionStatus = 'OPEN' | 'EXIT_PENDING' | 'PARTIAL_EXIT' | 'CLOSED';

export interface Holding {
  readonly entryLamports: bigint;
  readonly entryTokens: bigint;
  readonly soldTokens: bigint;
  readonly reservedTokens: bigint;
}

/** At most this much of a whole token may be left over for a position to count as closed (X4): 0.001. */
const DUST_DIVISOR = 1000n;

/** Base units that count as dust for a mint with these decimals; 0 for mints whose smallest unit is larger than the rule. */
export function dustUnits(decimals: number): bigint {
  return 10n ** BigInt(decimals) / DUST_DIVISOR;
}

/** Tokens neither sold nor promised to an exit on its way. */
export function availableTokens(holding: Holding): bigint {
  return holding.entryTokens - holding.soldTokens - holding.reservedTokens;
}

/**
 * Tokens that `percent` (1 to 100) of what is available means, rounded down; 100 is all of it.
 */
export function tokensForPercent(holding: Holding, percent: number): bigint {
  if (!Number.isInteger(percent) || percent < 1 || percent > 100) {
    throw new RangeError(`percent must be a whole number from 1 to 100, got ${percent}`);
  }
  return (availableTokens(holding) * BigInt(percent)) / 100n;
}

/**
 * Entry cost of the next `tokens` sold, in lamports. Taken as a difference of running floors, so that the costs of any
 * sequence of sales add up to the entry cost to the last lamport (X8).
 */
export function costOfSale(holding: Holding, tokens: bigint): bigint {
  const costUpTo = (sold: bigint) => (holding.entryLamports * sold) / holding.entryTokens;
  return costUpTo(holding.soldTokens + tokens) - costUpTo(holding.soldTokens);
}

export interface Sale {
  /** Tokens that left the wallet. */
  readonly tokens: bigint;
  /** Tokens that the exit had reserved. */
  readonly reserved: bigint;
  /** Lamports received, chain fees not deducted. */
  readonly lamports: bigint;
}

export interface AfterSale {
  readonly soldTokens: bigint;
  readonly reservedTokens: bigint;
  readonly pnlLamports: bigint;
  readonly status: PositionStatus;
  /** What is left of a CLOSED position; 0 otherwise. */
  readonly dustTokens: bigint;
}

/** Books one filled exit. */
export function bookSale(holding: Holding, sale: Sale, decimals: number): AfterSale {
  const soldTokens = holding.soldTokens + sale.tokens;
  const reservedTokens = holding.reservedTokens - sale.reserved;
  if (reservedTokens < 0n || soldTokens + reservedTokens > holding.entryTokens) {
    throw new RangeError('a sale may not take more than the position holds');
  }
  const left = holding.entryTokens - soldTokens;
  const closed = reservedTokens === 0n && left <= dustUnits(decimals);
  return {
    soldTokens,
    reservedTokens,
    pnlLamports: sale.lamports - costOfSale(holding, sale.tokens),
    status: closed ? 'CLOSED' : statusOf(soldTokens, reservedTokens),
    dustTokens: closed ? left : 0n,
  };
}

/** Gives back what an exit had reserved and did not sell. What was sold before may have left only dust: then it is closed. */
export function bookRelease(
  holding: Holding,
  tokens: bigint,
  decimals: number,
): Omit<AfterSale, 'pnlLamports' | 'soldTokens'> {
  const reservedTokens = holding.reservedTokens - tokens;
  if (reservedTokens < 0n) throw new RangeError('more was given back than was reserved');
  const left = holding.entryTokens - holding.soldTokens;
  const closed = reservedTokens === 0n && holding.soldTokens > 0n && left <= dustUnits(decimals);
  return {
    reservedTokens,
    status: closed ? 'CLOSED' : statusOf(holding.soldTokens, reservedTokens),
    dustTokens: closed ? left : 0n,
  };
}

/** Status of a position that is not closed. */
export function statusOf(soldTokens: bigint, reservedTokens: bigint): PositionStatus {
  if (reservedTokens > 0n) return 'EXIT_PENDING';
  return soldTokens > 0n ? 'PARTIAL_EXIT' : 'OPEN';
}
