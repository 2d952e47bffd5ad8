import {
  type MarketServiceServer,
  MarketServiceService,
  PricePurpose,
} from '../../../proto/gen/exitlane/v1/market_service.js';
import type { Clock } from '../../../shared/core/clock.js';
import { formatAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import type { ApiGate } from '../../../shared/gate/api-gate.js';
import type { GrpcService } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import type { MintRegistry } from '../market/mint-registry.js';
import type { PriceOracle } from '../market/price-oracle.js';
import type { MarketScanner } from '../market/scanner.js';
import type { Wallet } from '../market/wallet-view.js';
import { gateStatsToWire } from './gate-wire.js';
import { type PriceStreamOptions, priceToWire, streamPrices } from './price-stream.js';

export interface MarketHandlerOptions {
  readonly mints: MintRegistry;
  readonly oracle: PriceOracle;
  readonly feeds: PriceStreamOptions['feeds'];
  readonly scanner: MarketScanner;
  readonly gate: ApiGate;
  /** Reads the wallet's address and balances. */
  readonly readWallet: (signal: AbortSignal) => Promise<Wallet>;
  readonly clock: Clock;
}

export function marketService(options: MarketHandlerOptions): GrpcService {
  const { mints, oracle, feeds, scanner, gate, readWallet, clock } = options;
  const implementation: MarketServiceServer = {
    getPrice: unary(async ({ tokenAddress, purpose }, ctx) => {
      const use = purpose === PricePurpose.POSITION ? 'POSITION' : 'SCAN';
      const scanned = use === 'SCAN' ? scanner.freshPrice(tokenAddress) : undefined;
      const price = scanned ?? (await oracle.price(tokenAddress, use, ctx.signal));
      return { price: priceToWire(price, clock.now()) };
    }),
    streamPrices: serverStream((request, ctx) => streamPrices({ feeds, clock }, request, ctx.signal)),
    getGateStats: unary(() => gateStatsToWire(gate.stats())),
    getMint: unary(async ({ tokenAddress }, ctx) => {
      const mint = await mints.get(tokenAddress, ctx.signal);
      return { tokenAddress: mint.mint, decimals: mint.decimals, symbol: mint.symbol };
    }),
    getWallet: unary(async (_request, ctx) => {
      const view = await readWallet(ctx.signal);
      return {
        address: view.address,
        keySource: view.keySource,
        balanceSol: formatAmount(view.lamports, SOL_DECIMALS),
        tokens: view.tokens.map((token) => ({
          tokenAddress: token.mint,
          tokenSymbol: token.symbol,
          amount: formatAmount(token.amount, token.decimals),
          decimals: token.decimals,
        })),
      };
    }),
  };
  return { definition: MarketServiceService, implementation };
}
