import { z } from 'zod';
import { CannotCheck } from './cannot-check.js';
import { type ChainChanges, changesOf } from './chain-changes.js';
import { readJsonLines } from './json-lines.js';
import { parseTransaction } from './transaction-bytes.js';

const units = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt);
const tokenBalance = z.object({
  accountIndex: z.number().int().nonnegative(),
  mint: z.string(),
  owner: z.string(),
  amount: units,
  decimals: z.number().int(),
});

/** The fields of a ledger line that are read here. */
const lineSchema = z.object({
  signature: z.string(),
  slot: z.number().int(),
  blockHeight: z.number().int(),
  blockTime: z.number().int(),
  err: z.unknown(),
  fee: units,
  keys: z.array(z.string()),
  preBalances: z.array(units),
  postBalances: z.array(units),
  preTokenBalances: z.array(tokenBalance),
  postTokenBalances: z.array(tokenBalance),
  wire: z.base64(),
});

export type LedgerLine = z.infer<typeof lineSchema>;

/** One landed transaction, cut down to what is compared. */
export interface ChainTransaction extends ChainChanges {
  readonly signature: string;
  readonly slot: bigint;
  /** Unix seconds, cut. */
  readonly blockTime: number;
  readonly succeeded: boolean;
  /** The error as JSON; empty when it succeeded. */
  readonly error: string;
  /** Paid by one of our wallets and not mere housekeeping: only an attempt can be its origin. */
  readonly mustBeAttempt: boolean;
}

/** Everything the chain says, held in memory: about half a kilobyte per transaction. */
export interface Ledger {
  readonly transactions: ReadonlyMap<string, ChainTransaction>;
  /** Signatures on more than one line. */
  readonly repeated: readonly string[];
  /** Decimals of every mint that appears. */
  readonly decimals: ReadonlyMap<string, number>;
  /** When the chain reached which height: one point per block that holds a transaction, oldest first. */
  readonly blocks: readonly { readonly blockTime: number; readonly blockHeight: number }[];
  /** The accounts that pay for attempts. Empty: nobody knows which transactions are ours. */
  readonly wallets: ReadonlySet<string>;
}

/**
 * Programs that fund, wrap, open and close accounts. A transaction of only these, which changes none of the wallet's tokens but
 * wrapped SOL, is housekeeping: no attempt looks like that, since a swap calls a program that trades.
 */
const HOUSEKEEPING = new Set([
  '11111111111111111111111111111111',
  'ComputeBudget111111111111111111111111111111',
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
  'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL',
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
]);

/** @throws CannotCheck when the file cannot be read or is not a ledger */
export async function readLedger(path: string, wallets: ReadonlySet<string>): Promise<Ledger> {
  const transactions = new Map<string, ChainTransaction>();
  const repeated: string[] = [];
  const decimals = new Map<string, number>();
  const blocks: { blockTime: number; blockHeight: number }[] = [];
  for await (const line of readJsonLines(path, lineSchema)) {
    if (transactions.has(line.signature)) repeated.push(line.signature);
    transactions.set(line.signature, transactionOf(path, line, wallets));
    for (const balance of line.postTokenBalances) decimals.set(balance.mint, balance.decimals);
    for (const balance of line.preTokenBalances) decimals.set(balance.mint, balance.decimals);
    if (blocks.at(-1)?.blockHeight !== line.blockHeight) {
      blocks.push({ blockTime: line.blockTime, blockHeight: line.blockHeight });
    }
  }
  return { transactions, repeated, decimals, blocks, wallets };
}

function transactionOf(path: string, line: LedgerLine, wallets: ReadonlySet<string>): ChainTransaction {
  const changes = changesOf(line, wallets);
  const succeeded = line.err === null;
  return {
    ...changes,
    signature: line.signature,
    slot: BigInt(line.slot),
    blockTime: line.blockTime,
    succeeded,
    error: succeeded ? '' : JSON.stringify(line.err),
    mustBeAttempt: wallets.has(line.keys[0] ?? '') && (changes.tokens.size > 0 || trades(path, line)),
  };
}

function trades(path: string, line: LedgerLine): boolean {
  try {
    const { programs } = parseTransaction(Buffer.from(line.wire, 'base64'));
    return programs.some((program) => !HOUSEKEEPING.has(program));
  } catch (cause) {
    throw new CannotCheck(`${path}: the bytes of ${line.signature} are not a transaction`, { cause });
  }
}
