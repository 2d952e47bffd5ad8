import { expect } from 'chai';
import { PricePurpose, StreamPricesRequest } from '../../../proto/gen/exitlane/v1/market_service.js';
import { openStream } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { expectViolation, mint, streamRefusal, WAIT_MS } from './support.js';

describe('X10 StreamPrices', () => {
  let stack: Stack;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack({ market: { priceIntervalMs: 100 } });
  });
  after(() => stack?.close());

  const stream = (request: Parameters<typeof StreamPricesRequest.create>[0]) =>
    openStream(stack.market, 'streamPrices', StreamPricesRequest.create(request), {
      signal: AbortSignal.timeout(WAIT_MS),
    });

  it('tells each mint again and again, newest first seen, with source and age; what it does not know is silent', async () => {
    const unknown = 'So11111111111111111111111111111111111111113';
    const wanted = [mint('WIF'), mint('BONK'), unknown];
    const seen = new Map<string, Date[]>();
    for await (const { price } of stream({ tokenAddresses: wanted, purpose: PricePurpose.POSITION })) {
      if (!price?.at) throw new Error('a price without its time');
      expect(Number(price.price)).to.be.above(0);
      expect(price.source).to.equal('jupiter-price');
      expect(Number(price.age?.seconds)).to.be.below(10);
      seen.set(price.tokenAddress, [...(seen.get(price.tokenAddress) ?? []), price.at]);
      if (seen.size === 2 && [...seen.values()].every((times) => times.length >= 3)) break;
    }
    expect([...seen.keys()]).to.have.members([mint('WIF'), mint('BONK')]);
    for (const times of seen.values())
      expect(times).to.deep.equal([...times].sort((a, b) => a.getTime() - b.getTime()));
  });

  it('follows the price as it moves', async () => {
    const prices: number[] = [];
    for await (const { price } of stream({ tokenAddresses: [mint('JUP')], purpose: PricePurpose.POSITION })) {
      prices.push(Number(price?.price));
      if (prices.length === 1) await stack.control('price', { mint: mint('JUP'), multiply: '1.5' });
      if (prices.at(-1) !== prices[0]) break;
    }
    expect((prices.at(-1) ?? 0) / (prices[0] ?? 1)).to.be.closeTo(1.5, 0.001);
  });

  it('refuses what it cannot serve, by field', async () => {
    expectViolation(await streamRefusal(stream({ tokenAddresses: [] })), 'token_addresses', /is required/);
    expectViolation(await streamRefusal(stream({ tokenAddresses: ['nonsense'] })), 'token_address', /address/);
    const tooOften = { tokenAddresses: [mint('WIF')], minInterval: { seconds: 0n, nanos: 1_000_000 } };
    expectViolation(await streamRefusal(stream(tooOften)), 'min_interval', /100 ms/);
  });
});
