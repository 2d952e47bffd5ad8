import {
  type ExecuteOrderRequest,
  type ExecuteOrderResponse,
  ExecutionServiceClient,
} from '../../proto/gen/exitlane/v1/execution_service.js';
import {
  MarketServiceClient,
  PricePurpose,
  type StreamPricesResponse,
} from '../../proto/gen/exitlane/v1/market_service.js';
import { parseAmount, SOL_DECIMALS } from '../../shared/core/decimals.js';
import { ExitlaneError, messageOf } from '../../shared/core/errors.js';
import { currentOrderFacts } from '../../shared/core/order-context.js';
import { CallError } from '../../shared/grpc/call-error.js';
import { call, connect, openStream } from '../../shared/grpc/client.js';
import type { ClientSecurity } from '../../shared/grpc/client-security.js';
import type { Mint } from '../../shared/store/mints.js';

/** What the requestor asks of the processor. */
export interface ProcessorLink {
  /** Runs an order, or adopts its run; ends when the run has ended or the stream breaks. */
  executeOrder(request: ExecuteOrderRequest, signal: AbortSignal): AsyncIterable<ExecuteOrderResponse>;
  /** Facts of a mint from the chain. @throws MINT_NOT_FOUND, or PROCESSOR_UNAVAILABLE. */
  mint(mint: string, signal: AbortSignal): Promise<Mint>;
  /** Price of a mint for a position of it, SOL per whole token. @throws what the processor answers */
  price(mint: string, signal: AbortSignal): Promise<string>;
  /** Prices of these mints for positions of them, as they come; ends when the stream breaks. */
  prices(mints: readonly string[], signal: AbortSignal): AsyncIterable<StreamPricesResponse>;
  /** The wallet's SOL, in lamports; undefined without a key: then nothing real is bought. @throws PROCESSOR_UNAVAILABLE */
  balance(signal: AbortSignal): Promise<bigint | undefined>;
  /** Resolves once a processor is connected; rejects when that takes longer than a second. */
  reached(): Promise<void>;
  close(): void;
}

/** A client waits for its SubmitOrder meanwhile. */
const MINT_DEADLINE_MS = 5_000;

/** A processor that restarts, or starts beside us, is there within a second or two: better than a refusal for that. */
const WAIT_FOR_PROCESSOR = { waitForReady: true } as const;

/** A signal waits meanwhile. */
const WALLET_DEADLINE_MS = 5_000;

/** On a connection that is there this takes no time. */
const REACHED_MS_MAX = 1_000;

/** Somebody wants to get out: better a quick refusal that says what to do. */
const PRICE_DEADLINE_MS = 2_000;

/** @param security how it shows itself; default: plain text, as on loopback */
export function connectProcessor(address: string, security?: ClientSecurity): ProcessorLink {
  const execution = connect(ExecutionServiceClient, address, {}, security);
  const market = connect(MarketServiceClient, address, {}, security);
  // All connections now: a channel's first calls would go to whichever processor answers first, and an order would wait for it.
  execution.getChannel().getConnectivityState(true);
  return {
    executeOrder(request, signal) {
      const requestId = currentOrderFacts()?.requestId;
      return openStream(execution, 'executeOrder', request, { signal, ...(requestId && { requestId }) });
    },
    async mint(mint, signal) {
      try {
        const request = { tokenAddress: mint };
        const answer = await call(market, 'getMint', request, {
          signal,
          deadlineMs: MINT_DEADLINE_MS,
          ...WAIT_FOR_PROCESSOR,
        });
        return { mint: answer.tokenAddress, decimals: answer.decimals, symbol: answer.symbol };
      } catch (error) {
        if (signal.aborted) throw error;
        throw mintError(mint, address, error);
      }
    },
    async price(mint, signal) {
      const request = { tokenAddress: mint, purpose: PricePurpose.POSITION };
      const { price } = await call(market, 'getPrice', request, { signal, deadlineMs: PRICE_DEADLINE_MS });
      if (!price) throw new Error('an answer without a price');
      return price.price;
    },
    prices(mints, signal) {
      const request = { tokenAddresses: [...mints], purpose: PricePurpose.POSITION, minInterval: undefined };
      return openStream(market, 'streamPrices', request, { signal });
    },
    async balance(signal) {
      try {
        const wallet = await call(
          market,
          'getWallet',
          {},
          { signal, deadlineMs: WALLET_DEADLINE_MS, ...WAIT_FOR_PROCESSOR },
        );
        const { balanceSol, keySource } = wallet;
        if (keySource === 'none') return undefined;
        const amount = parseAmount(balanceSol, SOL_DECIMALS);
        return amount.ok ? amount.units : 0n;
      } catch (error) {
        if (signal.aborted) throw error;
        const text = `the processor at ${address} cannot say now what the wallet holds (${messageOf(error)}); try again`;
        throw new ExitlaneError('PROCESSOR_UNAVAILABLE', text, { retryDelayMs: 1_000, cause: error });
      }
    },
    reached: () =>
      new Promise((resolve, reject) => {
        execution.waitForReady(Date.now() + REACHED_MS_MAX, (error) => {
          if (error) reject(new Error(`no processor at ${address} can be reached`));
          else resolve();
        });
      }),
    close() {
      execution.close();
      market.close();
    },
  };
}

function mintError(mint: string, address: string, error: unknown): ExitlaneError {
  if (error instanceof CallError && error.status === 'INVALID_ARGUMENT') {
    const description = error.violations[0]?.description ?? error.message;
    return new ExitlaneError('MINT_NOT_FOUND', `token_address: ${description}`, {
      violations: [{ field: 'token_address', description }],
      metadata: { token_address: mint },
    });
  }
  return new ExitlaneError(
    'PROCESSOR_UNAVAILABLE',
    `token_address ${mint} is not known here yet and the processor at ${address} cannot look it up now; try again`,
    { retryDelayMs: 1_000, cause: error },
  );
}
