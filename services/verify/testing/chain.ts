import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import bs58 from 'bs58';

/** A chain on paper for tests: signs transactions, lands them, and writes the ledger as the sandbox would. */

const SOL = 1_000_000_000n;
const ACCOUNT_RENT = 2_039_280n;
export const FEE = 10_000n;
const POOL = 'PooL1111111111111111111111111111111111111111';
const TRADING_PROGRAM = 'JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4';
const SYSTEM_PROGRAM = '11111111111111111111111111111111';

export interface Signed {
  readonly signature: string;
  readonly bytes: Buffer;
  readonly lastValidBlockHeight: bigint;
}

export interface Swap {
  readonly mint: string;
  readonly decimals: number;
  /** Positive: bought for `lamports`; negative: sold. */
  readonly tokens: bigint;
  /** Always positive. */
  readonly lamports: bigint;
}

/** A line of the file, as loose as a test that bends it needs it. */
export type Line = Record<string, unknown> & { signature: string };

export class PaperChain {
  readonly path: string;
  readonly wallet = bs58.encode(randomBytes(32));
  height = 1_000n;
  /** The chain's clock goes before ours by so many seconds. */
  secondsAhead = 0;
  #lamports = 0n;
  readonly #tokens = new Map<string, bigint>();

  constructor(path: string) {
    this.path = path;
    writeFileSync(path, '');
    const { signature, bytes } = this.#transaction(bs58.encode(randomBytes(32)), SYSTEM_PROGRAM);
    const funded = 1_000n * SOL;
    this.#append(signature, bytes, { keys: ['Faucet', this.wallet], pre: [funded, 0n], post: [0n, funded] });
    this.#lamports = funded;
  }

  sign(): Signed {
    return this.#transaction(this.wallet, TRADING_PROGRAM);
  }

  /** Lands a swap; returns rent and slot. */
  land({ signature, bytes }: Signed, { mint, decimals, tokens, lamports }: Swap): { rent: bigint; slot: bigint } {
    const held = this.#tokens.get(mint);
    const rent = held === undefined ? ACCOUNT_RENT : 0n;
    const pool = 500n * SOL;
    const change = tokens > 0n ? -lamports : lamports;
    const after = { lamports: this.#lamports + change - rent - FEE, tokens: (held ?? 0n) + tokens };
    const balance = (amount: bigint) => ({
      accountIndex: 1,
      mint,
      owner: this.wallet,
      amount: String(amount),
      decimals,
    });
    const slot = this.#append(signature, bytes, {
      keys: [this.wallet, `Account of ${mint}`, POOL],
      pre: [this.#lamports, held === undefined ? 0n : ACCOUNT_RENT, pool],
      post: [after.lamports, ACCOUNT_RENT, pool - change],
      preTokenBalances: held === undefined ? [] : [balance(held)],
      postTokenBalances: [balance(after.tokens)],
    });
    this.#lamports = after.lamports;
    this.#tokens.set(mint, after.tokens);
    return { rent, slot };
  }

  /** Lands with an error: the fee is spent, nothing moved. */
  landFailed({ signature, bytes }: Signed): { slot: bigint } {
    const slot = this.#append(signature, bytes, {
      keys: [this.wallet, POOL],
      pre: [this.#lamports, 0n],
      post: [this.#lamports - FEE, 0n],
      err: { InstructionError: [3, { Custom: 6001 }] },
    });
    this.#lamports -= FEE;
    return { slot };
  }

  /** The wallet pays somebody, which is no attempt. */
  housekeeping(): void {
    const { signature, bytes } = this.#transaction(this.wallet, SYSTEM_PROGRAM);
    const after = this.#lamports - 1_000n - FEE;
    this.#append(signature, bytes, {
      keys: [this.wallet, SYSTEM_PROGRAM],
      pre: [this.#lamports, 1n],
      post: [after, 1n],
    });
    this.#lamports = after;
  }

  /** Rewrites the file. */
  bend(change: (lines: Line[]) => Line[]): void {
    const lines = readFileSync(this.path, 'utf8').trim().split('\n');
    const bent = change(lines.map((line) => JSON.parse(line) as Line));
    writeFileSync(this.path, bent.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  /** A version 0 transaction of one signature, two keys and one instruction. */
  #transaction(payer: string, program: string): Signed {
    const signature = randomBytes(64);
    const keys = Buffer.concat([bs58.decode(payer), bs58.decode(program)]);
    const parts = [[1], signature, [0x80, 1, 0, 1, 2], keys, randomBytes(32), [1, 1, 0, 0, 0]];
    const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
    return { signature: bs58.encode(signature), bytes, lastValidBlockHeight: this.height + 150n };
  }

  #append(signature: string, bytes: Buffer, line: BalancesOfLine): bigint {
    this.height += 1n;
    const { pre, post, ...rest } = line;
    const slot = this.height + 7n;
    const whole = {
      signature,
      slot: Number(slot),
      blockHeight: Number(this.height),
      blockTime: Math.floor(Date.now() / 1_000) + this.secondsAhead,
      err: null,
      fee: String(FEE),
      preTokenBalances: [],
      postTokenBalances: [],
      wire: bytes.toString('base64'),
      ...rest,
      preBalances: pre.map(String),
      postBalances: post.map(String),
    };
    appendFileSync(this.path, `${JSON.stringify(whole)}\n`);
    return slot;
  }
}

interface BalancesOfLine {
  readonly keys: readonly string[];
  readonly pre: readonly bigint[];
  readonly post: readonly bigint[];
  readonly preTokenBalances?: readonly object[];
  readonly postTokenBalances?: readonly object[];
  readonly err?: object;
}
