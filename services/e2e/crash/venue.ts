import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { SandboxState } from '../../sandbox/control.js';
import type { FaultInput } from '../../sandbox/fault-specs.js';
import type { LedgerLine } from '../../sandbox/ledger.js';

/** What the chain says a wallet holds. */
export interface Holdings {
  /** SOL of the wallet and of its token accounts, rent included. */
  readonly lamports: bigint;
  /** Base units by mint. */
  readonly tokens: ReadonlyMap<string, bigint>;
}

const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';

/** A running sandbox seen from outside: its controls over HTTP, its ledger as the file it writes. */
export class VenueControl {
  readonly url: string;
  readonly #dataDir: string;

  constructor(url: string, dataDir: string) {
    this.url = url;
    this.#dataDir = dataDir;
  }

  state(): Promise<SandboxState> {
    return this.#ask<SandboxState>('/control/state');
  }

  /** Transactions wait from now on, and no blockhash ages. */
  async pause(): Promise<void> {
    await this.#ask('/control/pause', {});
  }

  async resume(): Promise<void> {
    await this.#ask('/control/resume', {});
  }

  /** Prices stand still from now on, but for {@link movePrice}. */
  async stillPrices(): Promise<void> {
    await this.#ask('/control/volatility', { volatility: 0 });
  }

  /** Multiplies the price of a token, such as with "1.05". */
  async movePrice(mint: string, multiply: string): Promise<void> {
    await this.#ask('/control/price', { mint, multiply });
  }

  /** Adds blocks at once, paused or not. */
  async advance(blocks: number): Promise<void> {
    await this.#ask('/control/advance', { blocks });
  }

  async arm(fault: FaultInput): Promise<void> {
    await this.#ask('/control/faults', fault);
  }

  async disarmAll(): Promise<void> {
    await this.#ask('/control/faults/reset', {});
  }

  get walletPath(): string {
    return path.join(this.#dataDir, 'wallet.json');
  }

  get ledgerPath(): string {
    return path.join(this.#dataDir, 'ledger.jsonl');
  }

  /** Every transaction that landed, in order. A line that is just being written is left out. */
  ledger(): LedgerLine[] {
    const text = readFileSync(this.ledgerPath, 'utf8');
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LedgerLine);
  }

  async holdings(wallet: string): Promise<Holdings> {
    const commitment = { commitment: 'processed' };
    const own = await this.#rpc<{ value: number }>('getBalance', [wallet, commitment]);
    const config = { encoding: 'jsonParsed', ...commitment };
    const found = await this.#rpc<TokenAccounts>('getTokenAccountsByOwner', [
      wallet,
      { programId: TOKEN_PROGRAM },
      config,
    ]);
    let lamports = BigInt(own.value);
    const tokens = new Map<string, bigint>();
    for (const { account } of found.value) {
      const { mint, tokenAmount } = account.data.parsed.info;
      lamports += BigInt(account.lamports);
      tokens.set(mint, (tokens.get(mint) ?? 0n) + BigInt(tokenAmount.amount));
    }
    return { lamports, tokens };
  }

  async #rpc<Result>(method: string, params: unknown[]): Promise<Result> {
    const answer = await this.#ask<{ result?: Result; error?: unknown }>('/', {
      jsonrpc: '2.0',
      id: 1,
      method,
      params,
    });
    if (answer.result === undefined) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.result;
  }

  async #ask<Answer>(target: string, body?: unknown): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    const post = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(this.url + target, { ...post, signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`${target}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}

interface TokenAccounts {
  readonly value: readonly {
    readonly account: {
      readonly lamports: number;
      readonly data: { readonly parsed: { readonly info: { mint: string; tokenAmount: { amount: string } } } };
    };
  }[];
}
