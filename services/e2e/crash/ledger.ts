import type { LedgerLine } from '../../sandbox/ledger.js';

/** What a landed transaction moved, read from the sandbox's ledger without any code of the processor. */
export interface LedgerSwap {
  /** Change of SOL over everything the payer owns, without the fee: negative was paid. */
  readonly lamports: bigint;
  /** Change of the token, in base units. */
  readonly tokens: bigint;
  readonly feeLamports: bigint;
}

/** The lines whose transaction succeeded. */
export function landedSwaps(lines: readonly LedgerLine[]): LedgerLine[] {
  return lines.filter(({ err }) => err === null);
}

export function swapOf(line: LedgerLine, mint: string): LedgerSwap {
  const payer = line.keys[0];
  const balances = [...line.preTokenBalances, ...line.postTokenBalances].filter(({ owner }) => owner === payer);
  const owned = new Set([0, ...balances.map(({ accountIndex }) => accountIndex)]);
  const feeLamports = BigInt(line.fee);
  let lamports = feeLamports;
  for (const index of owned) lamports += at(line.postBalances, index) - at(line.preBalances, index);
  const tokensOf = (side: LedgerLine['preTokenBalances']) =>
    side
      .filter((balance) => balance.owner === payer && balance.mint === mint)
      .reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  return { lamports, tokens: tokensOf(line.postTokenBalances) - tokensOf(line.preTokenBalances), feeLamports };
}

function at(balances: readonly string[], index: number): bigint {
  return BigInt(balances[index] ?? '0');
}
