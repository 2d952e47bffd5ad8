import {
  PricePurpose,
  type StreamPricesRequest,
  type StreamPricesResponse,
} from '../../../proto/gen/exitlane/v1/market_service.js';
import type { Clock } from '../../../shared/core/clock.js';
import { invalidField } from '../../../shared/core/errors.js';
import { durationOf, millisOf } from '../../../shared/grpc/duration.js';
import { checkAddress } from '../market/mint-registry.js';
import type { PriceFeed } from '../market/price-feed.js';
import type { Price, PricePurpose as Purpose } from '../market/price-oracle.js';

export interface PriceStreamOptions {
  readonly feeds: Readonly<Record<Purpose, PriceFeed>>;
  readonly clock: Clock;
}

/** Mints on one stream: a bot holds hundreds of tokens, not tens of thousands. */
const MINTS_MAX = 1_000;
const INTERVAL_MS_MIN = 100;
const INTERVAL_MS_MAX = 60_000;

/**
 * Prices of these mints, each as soon as it is seen, the newest one only: a slow reader gets fewer, never older ones. A mint whose
 * price cannot be had is silent.
 */
export async function* streamPrices(
  { feeds, clock }: PriceStreamOptions,
  request: StreamPricesRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamPricesResponse> {
  const { mints, purpose, minIntervalMs } = checked(request);
  const newest = new Map<string, Price>();
  let wake: () => void = () => undefined;
  const unsubscribe = feeds[purpose].subscribe(mints, (price) => {
    newest.set(price.mint, price);
    wake();
  });
  const woken = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      if (newest.size === 0) await woken();
      const prices = [...newest.values()];
      newest.clear();
      for (const price of prices) yield { price: priceToWire(price, clock.now()) };
      await clock.sleep(minIntervalMs, signal).catch(() => undefined);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    unsubscribe();
  }
}

export function priceToWire({ mint, price, source, at }: Price, now: number) {
  return { tokenAddress: mint, price, source, at: new Date(at), age: durationOf(Math.max(0, now - at)) };
}

function checked({ tokenAddresses, purpose, minInterval }: StreamPricesRequest) {
  if (tokenAddresses.length === 0) throw invalidField('token_addresses', 'is required: one mint address or more');
  if (tokenAddresses.length > MINTS_MAX) throw invalidField('token_addresses', `has more than ${MINTS_MAX} addresses`);
  for (const mint of tokenAddresses) checkAddress(mint);
  const minIntervalMs = minInterval ? millisOf(minInterval) : INTERVAL_MS_MIN;
  if (minIntervalMs < INTERVAL_MS_MIN || minIntervalMs > INTERVAL_MS_MAX) {
    throw invalidField('min_interval', `must be from ${INTERVAL_MS_MIN} ms to ${INTERVAL_MS_MAX / 1_000} s`);
  }
  const use: Purpose = purpose === PricePurpose.POSITION ? 'POSITION' : 'SCAN';
  return { mints: [...new Set(tokenAddresses)], purpose: use, minIntervalMs };
}
