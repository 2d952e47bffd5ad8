import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { PriceFeed } from './price-feed.js';
import type { Price } from './price-oracle.js';

const INTERVAL_MS = 1_000;

describe('X10 O2 how old the prices are that somebody follows', () => {
  it('is told of the oldest one, and of a token without a price since it is followed', async () => {
    const clock = new ManualClock(0);
    const has = new Set(['one', 'two']);
    const at = (mint: string): Price => ({ mint, price: '1', source: 'jupiter-price', at: clock.now() });
    const oracle = {
      prices: async (mints: readonly string[]) =>
        new Map(mints.filter((mint) => has.has(mint)).map((mint) => [mint, at(mint)])),
      price: () => Promise.reject(new Error('no price')),
    };
    const feed = new PriceFeed({ oracle, purpose: 'POSITION', intervalMs: INTERVAL_MS, clock, logger: silentLogger });
    expect(feed.followed(clock.now())).to.deep.equal({ tokens: 0, oldestMs: 0 });
    const stop = feed.subscribe(['one', 'two'], () => undefined);
    const stopOther = feed.subscribe(['two'], () => undefined);
    await clock.advance(0);
    await clock.advance(3 * INTERVAL_MS);
    expect(feed.followed(clock.now())).to.deep.equal({ tokens: 2, oldestMs: 0 });
    has.delete('two');
    await clock.advance(4 * INTERVAL_MS);
    expect(feed.followed(clock.now())).to.deep.equal({ tokens: 2, oldestMs: 4 * INTERVAL_MS });
    stopOther();
    stop();
    expect(feed.followed(clock.now())).to.deep.equal({ tokens: 0, oldestMs: 0 });
    has.clear();
    const again = feed.subscribe(['two'], () => undefined);
    await clock.advance(0);
    await clock.advance(2 * INTERVAL_MS);
    expect(feed.followed(clock.now()), 'what was seen before nobody followed it does not count').to.deep.equal({
      tokens: 1,
      oldestMs: 2 * INTERVAL_MS,
    });
    again();
    await feed.close();
  });

  it('is not remembered of a token that nobody follows any more, though nobody ever asks', async () => {
    const clock = new ManualClock(0);
    let late: () => void = () => undefined;
    let waits: Promise<void> | undefined;
    const at = (mint: string): Price => ({ mint, price: '1', source: 'jupiter-price', at: clock.now() });
    const oracle = {
      prices: async (mints: readonly string[]) => {
        await waits;
        return new Map(mints.map((mint) => [mint, at(mint)]));
      },
      price: () => Promise.reject(new Error('no price')),
    };
    const feed = new PriceFeed({ oracle, purpose: 'SCAN', intervalMs: INTERVAL_MS, clock, logger: silentLogger });
    const others = feed.subscribe(['shared'], () => undefined);
    for (let i = 0; i < 100; i++) {
      const stop = feed.subscribe([`mint-${i}`, 'shared'], () => undefined);
      await clock.advance(0);
      await clock.advance(INTERVAL_MS);
      expect(feed.remembered).to.equal(2);
      stop();
      expect(feed.remembered).to.equal(1);
    }
    waits = new Promise((resolve) => {
      late = resolve;
    });
    const stop = feed.subscribe(['leaves', 'shared'], () => undefined);
    await clock.advance(INTERVAL_MS);
    stop();
    late();
    await clock.advance(0);
    expect(feed.remembered, 'after a look that ended late').to.equal(1);
    others();
    expect(feed.remembered).to.equal(0);
    await feed.close();
  });
});
