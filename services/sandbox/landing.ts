import type { WireTransaction } from './message.js';
import { readMint, readTokenAccount, TOKEN_PROGRAM } from './spl.js';
import type { AccountState, Execution, Vm } from './vm.js';

export interface TokenBalance {
  /** Index in the transaction's keys. */
  readonly accountIndex: number;
  readonly mint: string;
  readonly owner: string;
  /** Base units. */
  readonly amount: bigint;
  readonly decimals: number;
}

export interface AccountChange {
  readonly address: string;
  readonly before: AccountState | undefined;
  readonly after: AccountState | undefined;
}

/** A transaction in a block: succeeded, or failed and charged. */
export interface Landed extends Execution {
  readonly signature: string;
  readonly height: number;
  readonly slot: number;
  /** Unix seconds. */
  readonly blockTime: number;
  readonly wire: Uint8Array;
  readonly keys: readonly string[];
  readonly loaded: WireTransaction['loaded'];
  /** Lamports the fee payer paid for being in the block. */
  readonly fee: bigint;
  /** Lamports by index in `keys`, before and after. */
  readonly preBalances: readonly bigint[];
  readonly postBalances: readonly bigint[];
  readonly preTokenBalances: readonly TokenBalance[];
  readonly postTokenBalances: readonly TokenBalance[];
  /** What it changed. */
  readonly changes: readonly AccountChange[];
}

export interface BlockPosition {
  readonly height: number;
  readonly slot: number;
  readonly blockTime: number;
}

/**
 * Runs a transaction in a block and records everything about it. Undefined when the chain would not admit it (bad
 * signature, payer without funds): such a transaction charges nothing and leaves no trace.
 */
export function land(vm: Vm, tx: WireTransaction, block: BlockPosition): Landed | undefined {
  const before = tx.keys.map((key) => vm.account(key));
  const execution = vm.execute(tx.wire);
  const after = tx.keys.map((key) => vm.account(key));
  const payerBefore = before[0]?.lamports ?? 0n;
  const payerAfter = after[0]?.lamports ?? 0n;
  if (execution.err !== null && payerBefore === payerAfter) return undefined;
  const changes: AccountChange[] = [];
  tx.keys.forEach((address, index) => {
    if (!tx.isWritable(index) || sameState(before[index], after[index])) return;
    changes.push({ address, before: before[index], after: after[index] });
  });
  return {
    ...execution,
    ...block,
    signature: tx.signature,
    wire: tx.wire,
    keys: tx.keys,
    loaded: tx.loaded,
    fee: execution.err === null ? tx.fee : payerBefore - payerAfter,
    preBalances: before.map((state) => state?.lamports ?? 0n),
    postBalances: after.map((state) => state?.lamports ?? 0n),
    preTokenBalances: tokenBalances(vm, before),
    postTokenBalances: tokenBalances(vm, after),
    changes,
  };
}

/** Token accounts among `states`. A wrapped-SOL account opened and closed within the transaction appears on neither side. */
function tokenBalances(vm: Vm, states: readonly (AccountState | undefined)[]): TokenBalance[] {
  const balances: TokenBalance[] = [];
  states.forEach((state, accountIndex) => {
    const token = state?.owner === TOKEN_PROGRAM.toBase58() ? readTokenAccount(state.data) : undefined;
    if (!token) return;
    const { mint, owner, amount } = token;
    balances.push({ accountIndex, mint, owner, amount, decimals: decimalsOf(vm, mint) });
  });
  return balances;
}

function decimalsOf(vm: Vm, mint: string): number {
  const state = vm.account(mint);
  return (state && readMint(state.data)?.decimals) ?? 0;
}

function sameState(one: AccountState | undefined, other: AccountState | undefined): boolean {
  if (!one || !other) return one === other;
  return (
    one.lamports === other.lamports &&
    one.owner === other.owner &&
    one.executable === other.executable &&
    Buffer.compare(one.data, other.data) === 0
  );
}
