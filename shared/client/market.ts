import {
  type GetGateStatsResponse,
  type GetMintResponse,
  type GetWalletResponse,
  type MarketServiceClient,
  type Price,
  PricePurpose,
} from '../../proto/gen/exitlane/v1/market_service.js';
import { durationOf } from '../grpc/duration.js';
import type { Caller, CallSettings } from './caller.js';
import type { Reconnecting } from './reconnect.js';
import { present } from './request.js';

export interface PriceSettings {
  /** What for: a price that guards a position is asked for before one that looks at the market. Default SCAN. */
  readonly purpose?: PricePurpose;
}

export interface PricesSettings extends PriceSettings, Reconnecting {
  /** Least time between two prices of one token, 100 to 60,000 ms; default 100. */
  readonly minIntervalMs?: number;
}

/** MarketService. Prices are decimal strings in SOL per whole token, and carry their age. */
export class Market {
  readonly #caller: Caller;
  readonly #client: MarketServiceClient;

  constructor(caller: Caller, client: MarketServiceClient) {
    this.#caller = caller;
    this.#client = client;
  }

  /** @throws CallError INVALID_ARGUMENT: no such mint; UNAVAILABLE (PRICE_UNAVAILABLE): no price of it now */
  async price(tokenAddress: string, settings: PriceSettings & CallSettings = {}): Promise<Price> {
    const request = { tokenAddress, purpose: settings.purpose ?? PricePurpose.SCAN };
    const wish = { client: this.#client, method: 'getPrice', request, repeat: 'harmless' } as const;
    return present((await this.#caller.unary(wish, settings)).price, 'getPrice');
  }

  /** Prices of 1 to 1,000 tokens as they change, across broken connections. */
  prices(tokenAddresses: readonly string[], settings: PricesSettings = {}): AsyncIterable<Price> {
    const { purpose = PricePurpose.SCAN, minIntervalMs = 100, ...reconnecting } = settings;
    const caller = this.#caller;
    const client = this.#client;
    const request = { tokenAddresses: [...tokenAddresses], purpose, minInterval: durationOf(minIntervalMs) };
    return caller.iterate(settings.signal, async function* (signal) {
      const open = (inner: AbortSignal) => caller.stream(client, 'streamPrices', request, inner);
      for await (const { price } of caller.reconnecting(open, { ...reconnecting, signal })) if (price) yield price;
    });
  }

  /** Decimals and symbol of a token, from the chain. */
  mint(tokenAddress: string, settings?: CallSettings): Promise<GetMintResponse> {
    const wish = { client: this.#client, method: 'getMint', request: { tokenAddress }, repeat: 'harmless' } as const;
    return this.#caller.unary(wish, settings);
  }

  /** Address and balances of the trading wallet. */
  wallet(settings?: CallSettings): Promise<GetWalletResponse> {
    return this.#caller.unary({ client: this.#client, method: 'getWallet', request: {}, repeat: 'harmless' }, settings);
  }

  /** Load of the gate before Jupiter and the RPC endpoints. */
  gate(settings?: CallSettings): Promise<GetGateStatsResponse> {
    const wish = { client: this.#client, method: 'getGateStats', request: {}, repeat: 'harmless' } as const;
    return this.#caller.unary(wish, settings);
  }
}
