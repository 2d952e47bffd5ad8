import { BigNumber } from 'bignumber.js';

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

/** At most this much of a whole token may be left over for a position to count as closed (X4), unless configured. */
export const DUST_TOKENS_DEFAULT = '0.001';

/**
 * Base units that count as dust (X4) for a mint with these decimals; 0 for mints whose smallest unit is larger than the rule.
 * `dustTokens` is a decimal string in whole tokens.
 */
export function dustUnits(decimals: number, dustTokens: string = DUST_TOKENS_DEFAULT): bigint {
  const units = new BigNumber(dustTokens).shiftedBy(decimals).integerValue(BigNumber.ROUND_FLOOR);
  return BigInt(units.toFixed());
}

/** Tokens neither sold nor promised to an exit on its way. */
export function availableTokens(holding: Holding): bigint {
  return holding.entryTokens - holding.soldTokens - holding.reservedTokens;
}

/**
 * Tokens that `percent` (1 to 100) of what is available means, rounded down; 100 is all of it.
 */
export function tokensForPercent(holding: Holding, percent: number): bigint {
  return percentOf(availableTokens(holding), percent);
}

/** `percent` (1 to 100) of an amount of base units, rounded down. */
export function percentOf(tokens: bigint, percent: number): bigint {
  if (!Number.isInteger(percent) || percent < 1 || percent > 100) {
    throw new RangeError(`percent must be a whole number from 1 to 100, got ${percent}`);
  }
  return (tokens * BigInt(percent)) / 100n;
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

/** Books one filled exit. `dust`: see {@link dustUnits}. */
export function bookSale(holding: Holding, sale: Sale, decimals: number, dust = dustUnits(decimals)): AfterSale {
  const soldTokens = holding.soldTokens + sale.tokens;
  const reservedTokens = holding.reservedTokens - sale.reserved;
  if (reservedTokens < 0n || soldTokens + reservedTokens > holding.entryTokens) {
    throw new RangeError('a sale may not take more than the position holds');
  }
  const pnlLamports = sale.lamports - costOfSale(holding, sale.tokens);
  return { pnlLamports, ...standing({ ...holding, soldTokens, reservedTokens }, dust) };
}

/** Gives back what an exit had reserved and did not sell. What was sold before may have left only dust: then it is closed. */
export function bookRelease(
  holding: Holding,
  tokens: bigint,
  decimals: number,
  dust = dustUnits(decimals),
): Omit<AfterSale, 'pnlLamports'> {
  const reservedTokens = holding.reservedTokens - tokens;
  if (reservedTokens < 0n) throw new RangeError('more was given back than was reserved');
  return standing({ ...holding, reservedTokens }, dust);
}

function standing(holding: Holding, dust: bigint): Omit<AfterSale, 'pnlLamports'> {
  const { soldTokens, reservedTokens } = holding;
  const status = positionStatus(holding, dust);
  return {
    soldTokens,
    reservedTokens,
    status,
    dustTokens: status === 'CLOSED' ? holding.entryTokens - soldTokens : 0n,
  };
}

/**
 * Where a position stands, from its amounts alone (X3, X4, X5): EXIT_PENDING while an exit lives - every live exit has reserved
 * tokens, and keeps them through its retries - else CLOSED when something was sold and at most `dust` base units are left,
 * else PARTIAL_EXIT or OPEN. An exit that ended without selling thus restores what was before it.
 */
export function positionStatus(
  { entryTokens, soldTokens, reservedTokens }: Pick<Holding, 'entryTokens' | 'soldTokens' | 'reservedTokens'>,
  dust: bigint,
): PositionStatus {
  if (reservedTokens > 0n) return 'EXIT_PENDING';
  if (soldTokens === 0n) return 'OPEN';
  return entryTokens - soldTokens <= dust ? 'CLOSED' : 'PARTIAL_EXIT';
}
