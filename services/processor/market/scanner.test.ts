import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { memoryLogger } from '../../../shared/gate/test-helpers.js';
import { startLater } from '../start-up.js';
import { VenueError } from '../venue/venue-error.js';
import type { Price, PricePurpose } from './price-oracle.js';
import { MarketScanner } from './scanner.js';

const INTERVAL_MS = 10_000;
const mintNames = (count: number) => Array.from({ length: count }, (_, n) => `mint-${n}`);

describe('A5 A6 the market scanner', () => {
  const start = (mints = mintNames(3)) => {
    const clock = new ManualClock();
    const { logger, lines } = memoryLogger();
    const asked: { at: number; mints: readonly string[]; purpose: PricePurpose }[] = [];
    const market = {
      price: '1',
      fails: (_call: number): Error | undefined => undefined,
    };
    const begin = clock.now();
    const prices = async (some: readonly string[], purpose: PricePurpose, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      const at = clock.now();
      asked.push({ at: at - begin, mints: some, purpose });
      const error = market.fails(asked.length);
      if (error) throw error;
      return new Map(
        some.map((mint): [string, Price] => [mint, { mint, price: market.price, source: 'jupiter-price', at }]),
      );
    };
    const scanner = new MarketScanner({ oracle: { prices }, mints, intervalMs: INTERVAL_MS, clock, logger });
    return { clock, logger, lines, asked, market, scanner, times: () => asked.map(({ at }) => at) };
  };
  const limited = (retryDelayMs?: number) => new VenueError('RATE_LIMITED', 'too many calls', { retryDelayMs });

  it('A5 starts 500 ms after the position monitoring, and makes its first call 1 s after that', async () => {
    const { clock, logger, lines, scanner, times } = start();
    const steps = [{ name: 'market scanner', afterMs: 500, start: () => scanner.start(1_000) }];
    const startUp = startLater(steps, { clock, logger });
    await clock.advance(499);
    expect(lines).to.deep.equal([]);
    await clock.advance(1);
    await startUp.done;
    expect(lines[0]).to.include({ msg: 'market scanner started' });
    await clock.advance(999);
    expect(times()).to.deep.equal([]);
    await clock.advance(1);
    expect(times()).to.deep.equal([1_500]);
    await scanner.close();
    expect(clock.pendingTimers).to.equal(0);
  });

  it('keeps prices with their age, 50 mints a call, once an interval', async () => {
    const { clock, scanner, market, asked, times } = start(mintNames(120));
    scanner.start(0);
    await clock.advance(INTERVAL_MS);
    expect(times()).to.deep.equal([0, 0, 0, INTERVAL_MS, INTERVAL_MS, INTERVAL_MS]);
    expect(asked.map(({ mints }) => mints.length)).to.deep.equal([50, 50, 20, 50, 50, 20]);
    expect(asked.every(({ purpose }) => purpose === 'SCAN')).to.equal(true);
    market.price = '2';
    await clock.advance(4_000);
    expect(scanner.freshPrice('mint-119')).to.include({ price: '1', at: clock.now() - 4_000 });
    await clock.advance(6_000);
    expect(scanner.freshPrice('mint-119')).to.include({ price: '2', at: clock.now() });
    expect(scanner.freshPrice('another')).to.equal(undefined);
    await scanner.close();
  });

  it('A6 backs off when it is limited: twice as long each time, and as long as the limit says', async () => {
    const { clock, scanner, market, lines, times } = start();
    market.fails = (call) => (call <= 3 ? limited() : call === 4 ? limited(200_000) : undefined);
    scanner.start(0);
    await clock.advance(340_000 + INTERVAL_MS);
    expect(times()).to.deep.equal([0, 20_000, 60_000, 140_000, 340_000, 350_000]);
    const told = lines.filter(({ msg }) => msg === 'market scanning backs off');
    expect(told.map(({ level, pauseMs }) => [level, pauseMs])).to.deep.equal([
      ['warn', 20_000],
      ['debug', 40_000],
      ['debug', 80_000],
      ['debug', 200_000],
    ]);
    expect(lines.at(-1)).to.include({ level: 'info', msg: 'market scanning works again' });
    await scanner.close();
  });

  it('A6 backs off for five minutes at most, and from any failure', async () => {
    const { clock, scanner, market, times } = start();
    market.fails = () => new VenueError('UNAVAILABLE', 'no answer');
    scanner.start(0);
    await clock.advance(2_000_000);
    const pauses = times().map((at, n) => at - (times()[n - 1] ?? 0));
    expect(pauses.slice(1, 6)).to.deep.equal([20_000, 40_000, 80_000, 160_000, 300_000]);
    expect(Math.max(...pauses)).to.equal(300_000);
    await scanner.close();
  });

  it('a scan goes on where the one before it was refused, so that no mint is left out for good', async () => {
    const { clock, scanner, market, asked } = start(mintNames(150));
    market.fails = (call) => (call % 2 === 0 ? limited() : undefined);
    scanner.start(0);
    await clock.advance(200_000);
    const served = new Set(asked.filter((_, n) => n % 2 === 0).flatMap(({ mints }) => mints));
    expect(served.size).to.equal(150);
    await scanner.close();
  });

  it('a price is not fresh when the next one is overdue', async () => {
    const { clock, scanner, market } = start();
    scanner.start(0);
    await clock.advance(0);
    market.fails = () => limited();
    await clock.advance(INTERVAL_MS + 2_000);
    expect(scanner.freshPrice('mint-1')).to.include({ price: '1' });
    await clock.advance(1);
    expect(scanner.freshPrice('mint-1')).to.equal(undefined);
    await scanner.close();
  });

  it('A5 a step that fails keeps those after it from starting; closing keeps all that are left', async () => {
    const { clock, logger, lines } = start();
    const started: string[] = [];
    const step = (name: string, afterMs: number) => ({ name, afterMs, start: () => void started.push(name) });
    const broken = {
      name: 'broken',
      afterMs: 10,
      start: () => Promise.reject(new Error('no')),
    };
    const first = startLater([step('a', 0), broken, step('b', 0)], { clock, logger });
    await clock.advance(100);
    await first.done;
    expect(started).to.deep.equal(['a']);
    expect(lines.at(-1)).to.deep.include({ level: 'error', step: 'broken', notStarted: ['b'] });
    const second = startLater([step('c', 10), step('d', 10)], { clock, logger });
    await clock.advance(10);
    second.close();
    await clock.advance(100);
    await second.done;
    expect(started).to.deep.equal(['a', 'c']);
    expect(clock.pendingTimers).to.equal(0);
  });
});
