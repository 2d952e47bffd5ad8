import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Configuration, type QuoteResponse, SwapApi, type SwapRequest } from '@jup-ag/api';
import { Connection, Keypair, VersionedTransaction } from '@solana/web3.js';
import { ManualClock } from '../../shared/core/clock.js';
import { encodeSignature } from './message.js';
import { mintOf, type SandboxMint } from './mints.js';
import { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.js';

/**
 * A sandbox for tests, with the real clients in front of it. Its clock is manual, its block timer stands still and its
 * prices do not walk: nothing happens that the test does not do.
 */
export class Harness {
  readonly #options: Partial<SandboxOptions>;
  readonly dataDir = mkdtempSync(path.join(tmpdir(), 'exitlane-sandbox-'));
  readonly clock = new ManualClock();
  #sandbox: Sandbox | undefined;

  private constructor(options: Partial<SandboxOptions>) {
    this.#options = options;
  }

  static async start(options: Partial<SandboxOptions> = {}): Promise<Harness> {
    const harness = new Harness(options);
    await harness.restart();
    return harness;
  }

  get sandbox(): Sandbox {
    if (!this.#sandbox) throw new Error('the sandbox is not running');
    return this.#sandbox;
  }

  get control() {
    return this.sandbox.control;
  }

  get connection(): Connection {
    return new Connection(this.sandbox.url, { commitment: 'confirmed', disableRetryOnRateLimit: true });
  }

  get jupiter(): SwapApi {
    return new SwapApi(new Configuration({ basePath: `${this.sandbox.url}/swap/v1` }));
  }

  get wallet(): Keypair {
    return Keypair.fromSecretKey(Uint8Array.from(JSON.parse(readFileSync(this.sandbox.walletPath, 'utf8'))));
  }

  /** Stops the sandbox and starts it again on the same data. */
  async restart(options: Partial<SandboxOptions> = {}): Promise<void> {
    await this.#sandbox?.close();
    this.#sandbox = undefined;
    this.#sandbox = await startSandbox({
      dataDir: this.dataDir,
      port: 0,
      clock: this.clock,
      volatility: 0,
      paused: true,
      ...this.#options,
      ...options,
    });
  }

  async stop(): Promise<void> {
    await this.#sandbox?.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  quote(input: SandboxMint, output: SandboxMint, amount: bigint, slippageBps = 50): Promise<QuoteResponse> {
    // The client's type says number, but it only puts the value into the URL; strings keep every digit.
    const exact = amount.toString() as unknown as number;
    return this.jupiter.quoteGet({
      inputMint: input.address,
      outputMint: output.address,
      amount: exact,
      slippageBps,
    });
  }

  /** Swap transaction of a quote, signed by the wallet. */
  async signedSwap(quoteResponse: QuoteResponse, request: Partial<SwapRequest> = {}): Promise<VersionedTransaction> {
    const userPublicKey = this.wallet.publicKey.toBase58();
    const { swapTransaction } = await this.jupiter.swapPost({
      swapRequest: { userPublicKey, quoteResponse, ...request },
    });
    const transaction = VersionedTransaction.deserialize(Buffer.from(swapTransaction, 'base64'));
    transaction.sign([this.wallet]);
    return transaction;
  }

  /** Quote and swap of `amount` of SOL (lamports) for a token, ready to send. */
  async signedBuy(symbol: string, lamports: bigint, slippageBps?: number): Promise<VersionedTransaction> {
    return this.signedSwap(await this.quote(mintOf('SOL'), mintOf(symbol), lamports, slippageBps));
  }

  async send(transaction: VersionedTransaction, options: { skipPreflight?: boolean } = {}): Promise<string> {
    return this.connection.sendRawTransaction(transaction.serialize(), { ...options, maxRetries: 0 });
  }

  async status(signature: string) {
    const { value } = await this.connection.getSignatureStatus(signature, { searchTransactionHistory: true });
    return value;
  }

  /** A JSON-RPC call without a client in between: the whole answer. */
  async rpc(method: string, params: unknown[] = []): Promise<RawAnswer> {
    return (await this.post('/', { jsonrpc: '2.0', id: 'raw', method, params })).json() as Promise<RawAnswer>;
  }

  post(target: string, body: unknown): Promise<Response> {
    return fetch(this.sandbox.url + target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  get(target: string): Promise<Response> {
    return fetch(this.sandbox.url + target);
  }
}

export interface RawAnswer {
  readonly jsonrpc: string;
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** The transaction's id: its first signature in base58, known before it is sent. */
export function signatureOf(transaction: VersionedTransaction): string {
  const [first] = transaction.signatures;
  if (!first) throw new Error('the transaction is not signed');
  return encodeSignature(first);
}
