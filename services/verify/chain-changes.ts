import type { LedgerLine } from './ledger.js';

/**
 * What one transaction changed for our wallets, from the balances before and after alone. All signed: positive came in. SOL is
 * kept in three places - the wallet itself, deposits of its token accounts (rent), wrapped SOL - and leaves by the fee:
 *
 *   wallet + rent + wrapped = traded - fee
 */
export interface ChainChanges {
  /** Lamports of the wallets' own accounts. */
  readonly walletLamports: bigint;
  /** Lamports in token accounts of the wallets that are not wrapped SOL. */
  readonly rentLamports: bigint;
  /** Wrapped SOL, in lamports. */
  readonly wrappedLamports: bigint;
  /** Network fee that one of the wallets paid; never negative. */
  readonly feeLamports: bigint;
  /** Base units by mint, wrapped SOL left out; mints that did not change left out. */
  readonly tokens: ReadonlyMap<string, bigint>;
}

const WRAPPED_SOL = 'So11111111111111111111111111111111111111112';

export function changesOf(line: LedgerLine, wallets: ReadonlySet<string>): ChainChanges {
  let walletLamports = 0n;
  line.keys.forEach((key, index) => {
    if (wallets.has(key)) walletLamports += lamportsChange(line, index);
  });
  const tokens = new Map<string, bigint>();
  const accounts = new Set<number>();
  let wrappedLamports = 0n;
  const book = (balances: LedgerLine['preTokenBalances'], sign: 1n | -1n) => {
    for (const { owner, mint, amount, accountIndex } of balances) {
      if (!wallets.has(owner)) continue;
      accounts.add(accountIndex);
      if (mint === WRAPPED_SOL) wrappedLamports += sign * amount;
      else tokens.set(mint, (tokens.get(mint) ?? 0n) + sign * amount);
    }
  };
  book(line.preTokenBalances, -1n);
  book(line.postTokenBalances, 1n);
  for (const [mint, change] of tokens) if (change === 0n) tokens.delete(mint);
  let inTokenAccounts = 0n;
  for (const index of accounts) inTokenAccounts += lamportsChange(line, index);
  return {
    walletLamports,
    rentLamports: inTokenAccounts - wrappedLamports,
    wrappedLamports,
    feeLamports: wallets.has(line.keys[0] ?? '') ? line.fee : 0n,
    tokens,
  };
}

/** Lamports that the trade itself brought (positive) or cost (negative): neither fee nor rent. */
export function tradedLamports(changes: ChainChanges): bigint {
  return changes.walletLamports + changes.rentLamports + changes.wrappedLamports + changes.feeLamports;
}

function lamportsChange(line: LedgerLine, index: number): bigint {
  return (line.postBalances[index] ?? 0n) - (line.preBalances[index] ?? 0n);
}
