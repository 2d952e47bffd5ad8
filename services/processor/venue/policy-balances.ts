import { PolicyViolation } from './policy.js';
import type { AccountState } from './rpc-wire.js';
import { isTokenProgram, readTokenAccount, SOL_MINT, SYSTEM_PROGRAM, type TokenAccountState } from './spl.js';

/**
 * What a transaction does to the wallet, by its simulation: every account it can write is compared before and after. The order's
 * input and the fees may go out, the output must come in, and nothing else of the wallet may shrink or change hands.
 */
export interface SwapExpectation {
  readonly wallet: string;
  /** The token traded against SOL. */
  readonly mint: string;
  readonly side: 'BUY' | 'SELL';
  /** The most base units of the input: lamports of a BUY, token units of a SELL. */
  readonly inAmount: bigint;
  /** The least base units of the output. */
  readonly leastOut: bigint;
  /** Lamports the network may take. */
  readonly feeLamportsMax: bigint;
  /** Lamports that may go into rent of accounts which are not the wallet's. */
  readonly rentAllowanceLamports: bigint;
}

export interface AccountChange {
  readonly address: string;
  readonly before: AccountState | undefined;
  readonly after: AccountState | undefined;
}

/** @throws PolicyViolation that says which bound is broken */
export function checkBalances(changes: readonly AccountChange[], expected: SwapExpectation): void {
  const { wallet, mint, side, inAmount, leastOut } = expected;
  let lamports = 0n;
  const tokens = new Map<string, bigint>();
  for (const change of changes) {
    if (change.address === wallet) checkWallet(change);
    const before = tokenAccount(change.before);
    const after = tokenAccount(change.after);
    if (before?.owner === wallet) checkKept(change, before, after, wallet);
    if (after?.owner === wallet && before?.owner !== wallet) checkNew(change.address, after, wallet);
    if (change.address !== wallet && before?.owner !== wallet && after?.owner !== wallet) continue;
    lamports += (change.after?.lamports ?? 0n) - (change.before?.lamports ?? 0n);
    if (before?.owner === wallet) add(tokens, before.mint, -before.amount);
    if (after?.owner === wallet) add(tokens, after.mint, after.amount);
  }

  const costs = expected.feeLamportsMax + expected.rentAllowanceLamports;
  const tokenChange = tokens.get(mint) ?? 0n;
  if (side === 'BUY') {
    atMost('SOL', 'lamports', -lamports, inAmount + costs);
    atLeast('tokens', 'base units', tokenChange, leastOut);
  } else {
    atMost('tokens', 'base units', -tokenChange, inAmount);
    atLeast('SOL', 'lamports', lamports, leastOut - costs);
  }
  for (const [other, change] of tokens) {
    // Wrapped SOL is in the lamports already.
    if (other !== mint && other !== SOL_MINT && change < 0n) {
      throw new PolicyViolation(`it would take ${-change} base units of another token, ${other}`);
    }
  }
}

function checkWallet({ after }: AccountChange): void {
  if (after && (after.owner !== SYSTEM_PROGRAM || after.data.length > 0)) {
    throw new PolicyViolation('it would hand the wallet itself to a program');
  }
}

function checkKept(
  { address, after: state }: AccountChange,
  before: TokenAccountState,
  after: TokenAccountState | undefined,
  wallet: string,
): void {
  if (!state) return;
  if (after?.owner !== wallet || after.mint !== before.mint) {
    throw new PolicyViolation(`it would hand the wallet's token account ${address} to someone else`);
  }
  const delegated = after.delegate !== undefined && after.delegate !== before.delegate;
  if (delegated || after.delegatedAmount > before.delegatedAmount || after.closeAuthority !== before.closeAuthority) {
    throw new PolicyViolation(`it would give someone else power over the wallet's token account ${address}`);
  }
}

function checkNew(address: string, { delegate, closeAuthority }: TokenAccountState, wallet: string): void {
  if (delegate !== undefined || (closeAuthority !== undefined && closeAuthority !== wallet)) {
    throw new PolicyViolation(`it would give someone else power over the wallet's new token account ${address}`);
  }
}

function atMost(what: string, unit: string, spent: bigint, most: bigint): void {
  if (spent > most)
    throw new PolicyViolation(`it would spend ${spent} ${unit} of ${what}, ${spent - most} more than allowed`);
}

function atLeast(what: string, unit: string, received: bigint, least: bigint): void {
  if (received < least) throw new PolicyViolation(`it would bring ${received} ${unit} of ${what}, less than ${least}`);
}

function tokenAccount(state: AccountState | undefined): TokenAccountState | undefined {
  return state && isTokenProgram(state.owner) ? readTokenAccount(state.data) : undefined;
}

function add(totals: Map<string, bigint>, mint: string, amount: bigint): void {
  totals.set(mint, (totals.get(mint) ?? 0n) + amount);
}
