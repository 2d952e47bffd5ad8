import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Landed, TokenBalance } from './landing.js';
import type { TransactionError } from './transaction-error.js';
import type { AccountState } from './vm.js';

/** One line of the ledger file. Amounts are decimal strings of base units, bytes are base64. */
export interface LedgerLine {
  readonly signature: string;
  readonly slot: number;
  readonly blockHeight: number;
  /** Unix seconds. */
  readonly blockTime: number;
  readonly err: TransactionError | null;
  /** Lamports. */
  readonly fee: string;
  readonly computeUnits: number;
  readonly keys: readonly string[];
  readonly loaded: Landed['loaded'];
  /** Lamports by index in `keys`. */
  readonly preBalances: readonly string[];
  readonly postBalances: readonly string[];
  readonly preTokenBalances: readonly LedgerTokenBalance[];
  readonly postTokenBalances: readonly LedgerTokenBalance[];
  readonly logs: readonly string[];
  readonly inner: readonly (readonly {
    programIdIndex: number;
    accounts: number[];
    data: string;
    stackHeight: number;
  }[])[];
  /** The signed transaction. */
  readonly wire: string;
  /** Accounts it changed, as they are afterwards; null for one that is gone. */
  readonly accounts: Readonly<Record<string, LedgerAccount | null>>;
}

export type LedgerTokenBalance = Omit<TokenBalance, 'amount'> & { readonly amount: string };

export interface LedgerAccount {
  readonly lamports: string;
  readonly owner: string;
  readonly data: string;
}

/**
 * The append-only file of every landed transaction, one JSON object per line. A line is written before anyone can see the
 * transaction, with the accounts it left behind: reading the lines in order gives the chain's state back exactly, without
 * running anything again. It survives a killed process; it is not synced to disk, so a power cut may lose the last lines.
 */
export class Ledger {
  readonly path: string;
  readonly #file: number;
  readonly #before: LedgerLine[];
  #open = true;

  /** Opens or creates the file. A last line that was cut short by a crash never became visible, and is removed. */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'a+', 0o600);
    const text = readFileSync(path, 'utf8');
    const complete = text.lastIndexOf('\n') + 1;
    if (complete < text.length) ftruncateSync(this.#file, Buffer.byteLength(text.slice(0, complete)));
    this.#before = parseLines(path, text.slice(0, complete));
  }

  /** The lines that stood in the file when it was opened; handed out once. */
  takeEarlier(): LedgerLine[] {
    return this.#before.splice(0);
  }

  /** All lines of the file, oldest first. For tests: the whole file is read. */
  lines(): LedgerLine[] {
    return parseLines(this.path, readFileSync(this.path, 'utf8'));
  }

  append(landed: Landed): void {
    writeSync(this.#file, `${JSON.stringify(toLine(landed))}\n`);
  }

  close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}

function parseLines(path: string, text: string): LedgerLine[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as LedgerLine;
    } catch (cause) {
      throw new Error(`${path} line ${index + 1} is not JSON: move the sandbox's data directory away to start anew`, {
        cause,
      });
    }
  });
}

function toLine(landed: Landed): LedgerLine {
  const accounts = landed.changes.map(({ address, after }) => [address, after ? toAccount(after) : null]);
  return {
    signature: landed.signature,
    slot: landed.slot,
    blockHeight: landed.height,
    blockTime: landed.blockTime,
    err: landed.err,
    fee: landed.fee.toString(),
    computeUnits: landed.computeUnits,
    keys: landed.keys,
    loaded: landed.loaded,
    preBalances: landed.preBalances.map(String),
    postBalances: landed.postBalances.map(String),
    preTokenBalances: landed.preTokenBalances.map(toTokenBalance),
    postTokenBalances: landed.postTokenBalances.map(toTokenBalance),
    logs: landed.logs,
    inner: landed.inner.map((list) =>
      list.map((each) => ({ ...each, accounts: [...each.accounts], data: base64(each.data) })),
    ),
    wire: base64(landed.wire),
    accounts: Object.fromEntries(accounts),
  };
}

/** The landed transaction of a line. `before` of its changes is what `account` says, so lines must be read in order. */
export function fromLine(line: LedgerLine, account: (key: string) => AccountState | undefined): Landed {
  return {
    signature: line.signature,
    height: line.blockHeight,
    slot: line.slot,
    blockTime: line.blockTime,
    err: line.err,
    fee: BigInt(line.fee),
    computeUnits: line.computeUnits,
    keys: line.keys,
    loaded: line.loaded,
    preBalances: line.preBalances.map(BigInt),
    postBalances: line.postBalances.map(BigInt),
    preTokenBalances: line.preTokenBalances.map(fromTokenBalance),
    postTokenBalances: line.postTokenBalances.map(fromTokenBalance),
    logs: line.logs,
    inner: line.inner.map((list) => list.map((each) => ({ ...each, data: Buffer.from(each.data, 'base64') }))),
    wire: Buffer.from(line.wire, 'base64'),
    changes: Object.entries(line.accounts).map(([address, after]) => ({
      address,
      before: account(address),
      after: after ? fromAccount(after) : undefined,
    })),
  };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const toTokenBalance = (each: TokenBalance) => ({ ...each, amount: each.amount.toString() });
const fromTokenBalance = (each: LedgerTokenBalance) => ({ ...each, amount: BigInt(each.amount) });

function toAccount({ lamports, owner, data }: AccountState): LedgerAccount {
  return { lamports: lamports.toString(), owner, data: base64(data) };
}

function fromAccount({ lamports, owner, data }: LedgerAccount): AccountState {
  return { lamports: BigInt(lamports), owner, data: Buffer.from(data, 'base64'), executable: false };
}
