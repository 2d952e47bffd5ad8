import { AsyncLocalStorage } from 'node:async_hooks';
import { Connection, PublicKey, SolanaJSONRPCError, type VersionedTransaction } from '@solana/web3.js';
import bs58 from 'bs58';
import { z } from 'zod';
import type { CallArguments } from '../../../shared/gate/gate-log.js';
import { budgetName, type Call, type CallLevel, callUnder, type OnAnswer } from './calls.js';
import { fetchJson, hostOf, secretsOf } from './http.js';
import { type LandedTransaction, landedTransactionOf } from './landed-transaction.js';
import { ACCOUNTS_PER_CALL_MAX } from './limits.js';
import {
  type AccountState,
  refusalOf,
  requestBody,
  resultOf,
  type SignatureStatus,
  type Simulation,
  simulationOf,
  simulationSchema,
  type TokenAccount,
  unexpected,
} from './rpc-wire.js';
import { isTokenProgram, readMintDecimals, readTokenAccount, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './spl.js';
import { RpcError, VenueError } from './venue-error.js';

export interface RpcOptions {
  readonly url: string;
  readonly call: Call;
}

/** What belongs to the call at hand; web3.js has no way to pass it. */
const atHand = new AsyncLocalStorage<{ readonly signal: AbortSignal; readonly onAnswer: OnAnswer }>();

/**
 * One Solana RPC endpoint. Each method is one use with its level built in (A1); a use at two levels is two methods.
 * Errors are {@link RpcError} and {@link VenueError}; an aborted signal's reason is thrown as it is. Of web3.js's methods only
 * those are used that let the cause of a failure through: `getBalance` and its like throw a bare text instead.
 */
export class Rpc {
  /** Host, for names and messages; the rest of the URL may be a key. */
  readonly host: string;
  readonly #connection: Connection;
  readonly #call: Call;
  readonly #url: string;

  constructor({ url, call }: RpcOptions) {
    this.host = hostOf(url, 'a Solana RPC endpoint');
    this.#url = url;
    this.#call = call;
    this.#connection = new Connection(url, {
      commitment: 'confirmed',
      disableRetryOnRateLimit: true,
      httpAgent: false,
      fetch: (to, init) => {
        const { method, headers, body } = init ?? {};
        const { signal = null, onAnswer } = atHand.getStore() ?? {};
        return this.#fetch(String(to), { method, headers, body, signal }, onAnswer);
      },
    });
  }

  /** CRITICAL. The newest blockhash, and the last block height at which it is valid. */
  latestBlockhash(signal?: AbortSignal): Promise<{ blockhash: string; lastValidBlockHeight: bigint }> {
    return this.#ask('CRITICAL', 'getLatestBlockhash', signal, async (connection) => {
      const { value } = await connection.getLatestBlockhashAndContext('processed');
      const { blockhash, lastValidBlockHeight } = value;
      return { blockhash, lastValidBlockHeight: BigInt(lastValidBlockHeight) };
    });
  }

  /** CRITICAL. Accounts in the newest bank, in the order asked for; undefined for those that do not exist. */
  async accountsBeforeSwap(addresses: readonly string[], signal?: AbortSignal): Promise<(AccountState | undefined)[]> {
    const states: (AccountState | undefined)[] = [];
    for (let at = 0; at < addresses.length; at += ACCOUNTS_PER_CALL_MAX) {
      const keys = addresses.slice(at, at + ACCOUNTS_PER_CALL_MAX).map((address) => new PublicKey(address));
      const read = (connection: Connection) => connection.getMultipleAccountsInfo(keys, 'processed');
      const args = () => ({ accounts: keys.length });
      const found = await this.#ask('CRITICAL', 'getMultipleAccounts', signal, read, args);
      if (found.length !== keys.length) throw unexpected(this.host, 'getMultipleAccounts');
      for (const account of found) {
        if (!account) states.push(undefined);
        else states.push({ lamports: BigInt(account.lamports), owner: account.owner.toBase58(), data: account.data });
      }
    }
    return states;
  }

  /** CRITICAL. Runs a transaction without its signatures; `addresses` are the accounts whose state afterwards is wanted. */
  async simulate(
    transaction: VersionedTransaction,
    addresses: readonly string[],
    signal?: AbortSignal,
  ): Promise<Simulation> {
    const wire = Buffer.from(transaction.serialize()).toString('base64');
    const config = {
      encoding: 'base64',
      commitment: 'processed',
      sigVerify: false,
      replaceRecentBlockhash: false,
      accounts: { encoding: 'base64', addresses },
    };
    const args = () => ({ accounts: addresses.length, blockhash: transaction.message.recentBlockhash });
    return simulationOf(await this.#raw('simulateTransaction', [wire, config], simulationSchema, signal, args));
  }

  /** CRITICAL. Hands signed bytes to the node, which neither checks nor repeats them. Returns the signature. */
  sendRaw(bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
    const wire = Buffer.from(bytes).toString('base64');
    const config = { encoding: 'base64', skipPreflight: true, maxRetries: 0 };
    // The first signature follows the count of them, one byte.
    const args = () => ({ signature: bs58.encode(bytes.subarray(1, 65)), bytes: bytes.length });
    return this.#raw('sendTransaction', [wire, config], z.string(), signal, args);
  }

  /** HIGH. Height and slot of the newest block at this commitment, of one and the same block. */
  blockHeight(commitment: 'confirmed' | 'finalized', signal?: AbortSignal): Promise<{ height: bigint; slot: bigint }> {
    return this.#ask('HIGH', 'getEpochInfo', signal, async (connection) => {
      const { blockHeight, absoluteSlot } = await connection.getEpochInfo(commitment);
      if (blockHeight === undefined) throw unexpected(this.host, 'getEpochInfo');
      return { height: BigInt(blockHeight), slot: BigInt(absoluteSlot) };
    });
  }

  /**
   * HIGH. Where at most 256 transactions stand, in the order asked for, and the slot the node looked from. Without history
   * search a node knows the last few minutes only.
   */
  signatureStatuses(
    signatures: readonly string[],
    searchTransactionHistory: boolean,
    signal?: AbortSignal,
  ): Promise<{ slot: bigint; statuses: readonly (SignatureStatus | undefined)[] }> {
    return this.#ask('HIGH', 'getSignatureStatuses', signal, async (connection) => {
      const answer = await connection.getSignatureStatuses([...signatures], { searchTransactionHistory });
      if (answer.value.length !== signatures.length) throw unexpected(this.host, 'getSignatureStatuses');
      const statuses = answer.value.map((status) => {
        if (!status) return undefined;
        const commitment = status.confirmationStatus ?? (status.confirmations === null ? 'finalized' : 'processed');
        return { slot: BigInt(status.slot), err: status.err, commitment };
      });
      return { slot: BigInt(answer.context.slot), statuses };
    });
  }

  /** HIGH. A confirmed transaction; undefined while the node has no such transaction, or not its balances yet. */
  transaction(signature: string, signal?: AbortSignal): Promise<LandedTransaction | undefined> {
    return this.#ask('HIGH', 'getTransaction', signal, async (connection) => {
      const config = { commitment: 'confirmed', maxSupportedTransactionVersion: 0 } as const;
      return landedTransactionOf(await connection.getTransaction(signature, config));
    });
  }

  /** HIGH. Lamports of an account; 0 if it does not exist. */
  solBalance(address: PublicKey, signal?: AbortSignal): Promise<bigint> {
    return this.#ask('HIGH', 'getBalance', signal, async (connection) => {
      const { value } = await connection.getBalanceAndContext(address);
      return BigInt(value);
    });
  }

  /** HIGH. All token accounts of an owner, of both token programs. */
  async tokenAccounts(owner: PublicKey, signal?: AbortSignal): Promise<TokenAccount[]> {
    const of = (program: string) =>
      this.#ask('HIGH', 'getTokenAccountsByOwner', signal, (connection) => {
        return connection.getTokenAccountsByOwner(owner, { programId: new PublicKey(program) });
      });
    const answers = await Promise.all([of(TOKEN_PROGRAM), of(TOKEN_2022_PROGRAM)]);
    return answers.flatMap(({ value }) =>
      value.flatMap(({ pubkey, account }) => {
        const state = readTokenAccount(account.data);
        return state ? [{ address: pubkey.toBase58(), mint: state.mint, amount: state.amount }] : [];
      }),
    );
  }

  /** HIGH. Base units an owner holds, by mint, summed over its accounts; mints of which it holds nothing are left out. */
  async tokenBalances(owner: PublicKey, signal?: AbortSignal): Promise<Map<string, bigint>> {
    const balances = new Map<string, bigint>();
    for (const { mint, amount } of await this.tokenAccounts(owner, signal)) {
      if (amount > 0n) balances.set(mint, (balances.get(mint) ?? 0n) + amount);
    }
    return balances;
  }

  /** HIGH. Facts of a mint from its account; undefined when there is no mint at this address. */
  mint(mint: string, signal?: AbortSignal): Promise<{ decimals: number } | undefined> {
    return this.#mint('HIGH', mint, signal);
  }

  /** NORMAL. The same for looking at the market. */
  mintForScan(mint: string, signal?: AbortSignal): Promise<{ decimals: number } | undefined> {
    return this.#mint('NORMAL', mint, signal);
  }

  #mint(level: CallLevel, mint: string, signal: AbortSignal | undefined): Promise<{ decimals: number } | undefined> {
    return this.#ask(level, 'getAccountInfo', signal, async (connection) => {
      const { value: account } = await connection.getAccountInfoAndContext(new PublicKey(mint), 'confirmed');
      if (!account || !isTokenProgram(account.owner.toBase58())) return undefined;
      const decimals = readMintDecimals(account.data);
      return decimals === undefined ? undefined : { decimals };
    });
  }

  #raw<Schema extends z.ZodType>(
    method: string,
    params: readonly unknown[],
    schema: Schema,
    signal: AbortSignal | undefined,
    args: () => CallArguments,
  ): Promise<z.infer<Schema>> {
    const options = { signal, args, budget: budgetName('rpc', this.host) };
    return callUnder(this.#call, 'CRITICAL', `${this.host}:${method}`, options, async (inner, onAnswer) => {
      const headers = { 'content-type': 'application/json' };
      const body = requestBody(method, params);
      const response = await this.#fetch(this.#url, { method: 'POST', headers, body, signal: inner }, onAnswer);
      return resultOf(this.host, method, response, schema);
    });
  }

  #ask<T>(
    level: CallLevel,
    method: string,
    signal: AbortSignal | undefined,
    work: (connection: Connection) => Promise<T>,
    args?: () => CallArguments,
  ): Promise<T> {
    const options = { signal, args, budget: budgetName('rpc', this.host) };
    return callUnder(this.#call, level, `${this.host}:${method}`, options, async (inner, onAnswer) => {
      try {
        return await atHand.run({ signal: inner, onAnswer }, () => work(this.#connection));
      } catch (error) {
        if (inner.aborted) throw inner.reason;
        if (error instanceof VenueError || error instanceof RpcError) throw error;
        if (error instanceof SolanaJSONRPCError) throw new RpcError(Number(error.code), error.message, error.data);
        // What is left is web3.js refusing the answer's shape; its message may repeat the whole answer.
        throw unexpected(this.host, method);
      }
    });
  }

  #fetch(to: string, init: RequestInit, onAnswer: OnAnswer | undefined): Promise<Response> {
    return fetchJson({ host: this.host, secrets: secretsOf(this.#url), onAnswer, refusal: refusalOf }, to, init);
  }
}
