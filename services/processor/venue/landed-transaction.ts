import type { VersionedTransactionResponse } from '@solana/web3.js';
import { type TransactionError, transactionErrorSchema } from './rpc-wire.js';

/** A token balance of a transaction: at most one per account and side. */
export interface TokenBalance {
  /** Index in the transaction's keys. */
  readonly accountIndex: number;
  readonly mint: string;
  /** Undefined on nodes that do not say. */
  readonly owner: string | undefined;
  /** Base units. */
  readonly amount: bigint;
  readonly decimals: number;
}

/** What the chain says a transaction did. Lamports are exact up to 2^53, which no wallet holds. */
export interface LandedTransaction {
  readonly slot: bigint;
  readonly err: TransactionError | null;
  /** Lamports the fee payer, the first key, paid. */
  readonly fee: bigint;
  readonly keys: readonly string[];
  /** Lamports by index in `keys`. */
  readonly preBalances: readonly bigint[];
  readonly postBalances: readonly bigint[];
  readonly preTokenBalances: readonly TokenBalance[];
  readonly postTokenBalances: readonly TokenBalance[];
  readonly logs: readonly string[];
  /** Program of each top-level instruction. */
  readonly programs: readonly string[];
}

/** Undefined while the node has no balances of it: there is nothing to settle by yet. */
export function landedTransactionOf(answer: VersionedTransactionResponse | null): LandedTransaction | undefined {
  if (!answer?.meta) return undefined;
  const { meta, transaction, slot } = answer;
  const { message } = transaction;
  const loaded = meta.loadedAddresses;
  const keys = [...message.staticAccountKeys, ...(loaded?.writable ?? []), ...(loaded?.readonly ?? [])];
  const names = keys.map((key) => key.toBase58());
  if (meta.preBalances.length !== keys.length || meta.postBalances.length !== keys.length) return undefined;
  return {
    slot: BigInt(slot),
    err: meta.err === null ? null : transactionErrorSchema.parse(meta.err),
    fee: BigInt(meta.fee),
    keys: names,
    preBalances: meta.preBalances.map(BigInt),
    postBalances: meta.postBalances.map(BigInt),
    preTokenBalances: (meta.preTokenBalances ?? []).map(tokenBalanceOf),
    postTokenBalances: (meta.postTokenBalances ?? []).map(tokenBalanceOf),
    logs: meta.logMessages ?? [],
    programs: message.compiledInstructions.map(({ programIdIndex }) => names[programIdIndex] ?? ''),
  };
}

type MetaTokenBalance = NonNullable<NonNullable<VersionedTransactionResponse['meta']>['preTokenBalances']>[number];

function tokenBalanceOf({ accountIndex, mint, owner, uiTokenAmount }: MetaTokenBalance): TokenBalance {
  const { amount, decimals } = uiTokenAmount;
  return { accountIndex, mint, owner, amount: BigInt(amount), decimals };
}
