import type { LandedTransaction, TokenBalance } from './landed-transaction.js';
import type { TransactionError } from './rpc-wire.js';
import { SOL_MINT } from './spl.js';

/** What a transaction did to a wallet, in exact base units. Changes are signed: positive came in, negative went out. */
export interface SettlementAmounts {
  /**
   * Change of SOL in lamports over everything the wallet controls, wrapped SOL included, with the network fee and the rent
   * of its own token accounts taken out: what the swap itself paid or brought.
   */
  readonly lamports: bigint;
  /** Change of the mint's tokens in base units. */
  readonly tokens: bigint;
  /** Lamports of network fee that this wallet paid; 0 if another account did. */
  readonly feeLamports: bigint;
  /** Lamports that went into rent of the wallet's own token accounts; negative: came back from closed ones. */
  readonly rentLamports: bigint;
  /** Decimals of the mint, from the same answer; undefined when the transaction touched none of its accounts. */
  readonly decimals: number | undefined;
  readonly slot: bigint;
  readonly err: TransactionError | null;
}

/**
 * Reads a landed transaction's balances for `wallet` and `mint`.
 *
 * The token side is the sum of post minus pre balances of all accounts with that owner and mint; an account missing on one
 * side counts as empty there. The SOL side sums the lamport changes of the wallet and of all its token accounts, so that rent
 * and wrapped SOL moving between them cancel out, and adds back the fee. A wrapped-SOL account that was opened and closed within
 * the transaction is on neither side, and has changed nothing.
 */
export function settlementAmounts(transaction: LandedTransaction, wallet: string, mint: string): SettlementAmounts {
  const own = (balance: TokenBalance) => balance.owner === wallet;
  const pre = transaction.preTokenBalances.filter(own);
  const post = transaction.postTokenBalances.filter(own);
  const ofMint = (balance: TokenBalance) => balance.mint === mint;
  const feeLamports = transaction.keys[0] === wallet ? transaction.fee : 0n;
  const tokenAccounts = new Set([...pre, ...post].map(({ accountIndex }) => accountIndex));
  const walletIndex = transaction.keys.indexOf(wallet);
  const change = (index: number) => (transaction.postBalances[index] ?? 0n) - (transaction.preBalances[index] ?? 0n);

  let controlled = walletIndex < 0 ? 0n : change(walletIndex);
  let rentLamports = 0n;
  for (const index of tokenAccounts) {
    controlled += change(index);
    rentLamports += change(index) - wrapped(post, index) + wrapped(pre, index);
  }
  return {
    lamports: controlled + feeLamports,
    tokens: sum(post.filter(ofMint)) - sum(pre.filter(ofMint)),
    feeLamports,
    rentLamports,
    decimals: [...transaction.postTokenBalances, ...transaction.preTokenBalances].find(ofMint)?.decimals,
    slot: transaction.slot,
    err: transaction.err,
  };
}

/** Lamports of an account that are wrapped SOL and not rent. */
function wrapped(balances: readonly TokenBalance[], index: number): bigint {
  return balances.find((each) => each.accountIndex === index && each.mint === SOL_MINT)?.amount ?? 0n;
}

function sum(balances: readonly TokenBalance[]): bigint {
  return balances.reduce((total, { amount }) => total + amount, 0n);
}
