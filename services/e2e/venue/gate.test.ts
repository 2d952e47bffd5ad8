import { expect } from 'chai';
import { type GetGateStatsResponse, PricePurpose } from '../../../proto/gen/exitlane/v1/market_service.js';
import { ManualClock } from '../../../shared/core/clock.js';
import { memoryLogger } from '../../../shared/gate/test-helpers.js';
import { call } from '../../../shared/grpc/client.js';
import { millisOf } from '../../../shared/grpc/duration.js';
import type { GateConfig } from '../../processor/venue/gate-config.js';
import { SANDBOX_MINTS } from '../../sandbox/mints.js';
import { START_MS, type Stack, startParts, startStack } from '../api/stack.js';
import { buy, filled, mint } from '../api/support.js';
import { type LimitingJupiter, startLimitingJupiter } from './limiting-jupiter.js';

const WINDOW_MS = 60_000;

function levelIn(stats: GetGateStatsResponse, name: string) {
  const found = stats.levels.find(({ level }) => level === name);
  if (!found) throw new Error(`no level ${name}`);
  return found;
}

function jupiterIn(stats: GetGateStatsResponse) {
  const found = stats.hosts.find(({ host }) => host.startsWith('jupiter '));
  if (!found) throw new Error('no host jupiter');
  return found;
}

const statsOf = (stack: Stack) => call(stack.market, 'getGateStats', {});

/** Asks for prices as fast as they come, for eight callers at once, until told to stop. */
function hammer(stack: Stack): { stop(): Promise<void>; answered: () => number } {
  const stop = new AbortController();
  let answered = 0;
  const ask = async (first: number) => {
    for (let n = first; !stop.signal.aborted; n++) {
      const { address: tokenAddress } = SANDBOX_MINTS[n % SANDBOX_MINTS.length] ?? { address: '' };
      const request = { tokenAddress, purpose: PricePurpose.SCAN };
      await call(stack.market, 'getPrice', request, { signal: stop.signal }).then(
        () => {
          answered += 1;
        },
        () => undefined,
      );
      // What is fresh is answered at once: without a pause it is the processor's own loop that is tested.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const callers = Array.from({ length: 8 }, (_, n) => ask(n));
  return {
    answered: () => answered,
    async stop() {
      stop.abort();
      await Promise.all(callers);
    },
  };
}

async function eventually<T>(look: () => Promise<T>, enough: (seen: T) => boolean): Promise<T> {
  const until = Date.now() + 20_000;
  for (;;) {
    const seen = await look();
    if (enough(seen) || Date.now() > until) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const limitReached = async (stack: Stack) => {
  const stats = await eventually(
    () => statsOf(stack),
    (seen) => levelIn(seen, 'NORMAL').waiting > 0,
  );
  expect(levelIn(stats, 'NORMAL').waiting, 'price calls that wait').to.be.greaterThan(0);
};

describe('A6 orders under the load of a scanner, at a Jupiter that limits', () => {
  const waits = { maxWaitMs: 500, budgetWaitMs: 1_500 };
  let jupiter: LimitingJupiter;
  let stack: Stack;
  let log: ReturnType<typeof memoryLogger>;
  const start = async (granted: number, gate: GateConfig) => {
    jupiter = await startLimitingJupiter(granted, WINDOW_MS);
    log = memoryLogger();
    const market = { gate: { ...waits, ...gate } };
    stack = await startStack({ venue: { jupiterUrl: jupiter.url }, market, logger: log.logger });
    jupiter.passTo(stack.sandboxUrl);
  };
  afterEach(async () => {
    await stack?.close();
    await jupiter?.close();
  });
  const buyAll = (names: readonly string[]) =>
    Promise.all(
      names.map(async (name) => {
        await buy(stack, name);
        return filled(stack, name);
      }),
    );
  const refused = () => jupiter.passed.filter(({ status }) => status === 429).map(({ path }) => path);

  it('A6 by our own budget: the scanner stops at the reserve, orders use it, and Jupiter never has to refuse', async function () {
    this.timeout(START_MS);
    await start(40, { jupiterRequestsPerSecond: 40 / 60, jupiterBurst: 28 });
    const scan = hammer(stack);
    await limitReached(stack);
    const orders = await buyAll(['order-1', 'order-2', 'order-3', 'order-4', 'order-5']);
    expect(orders.map(({ attemptCount }) => attemptCount)).to.deep.equal([0, 0, 0, 0, 0]);
    expect(refused()).to.deep.equal([]);
    expect(scan.answered()).to.be.greaterThan(0);
    const busy = await statsOf(stack);
    expect(jupiterIn(busy)).to.include({ budget: 40, reserved: 12, limitedTotal: 0n, overBudgetTotal: 0n });
    expect(millisOf(jupiterIn(busy).window ?? { seconds: 0n, nanos: 0 })).to.equal(WINDOW_MS);
    expect(jupiterIn(busy).budgetLeft).to.be.at.most(2);
    await scan.stop();

    // Prices of the positions that were opened go on being asked for (HIGH).
    const others = ['CRITICAL', 'NORMAL', 'LOW'];
    const idle = await eventually(
      () => statsOf(stack),
      (seen) => others.every((name) => levelIn(seen, name).inFlight + levelIn(seen, name).waiting === 0),
    );
    for (const name of others) expect(levelIn(idle, name), name).to.include({ inFlight: 0, waiting: 0 });
    expect(levelIn(idle, 'CRITICAL').callsTotal > 30n).to.equal(true);
    expect(levelIn(idle, 'NORMAL').refusedTotal > 0n).to.equal(true);
    expect(millisOf(levelIn(idle, 'NORMAL').waitMax ?? { seconds: 0n, nanos: 0 })).to.be.at.least(1_400);

    const told = log.lines.filter(({ why }) => why === `the budget of jupiter ${new URL(jupiter.url).host}`);
    const facts = told.map(
      ({ priority, outcome, call: name }) => `${priority} ${String(name).split(':').at(-1)} ${outcome}`,
    );
    expect(facts).to.include('NORMAL price refused');
    for (const { waitedMs } of told) expect(waitedMs).to.be.a('number').within(0, 20_000);
    expect(facts.filter((text) => text.startsWith('CRITICAL'))).to.deep.equal([]);
  });

  it('A6 by its own word: what others spend is left alone, and orders use what is kept for them', async function () {
    this.timeout(START_MS);
    await start(30, {});
    jupiter.spend(10);
    const scan = hammer(stack);
    await eventually(
      () => statsOf(stack),
      (seen) => levelIn(seen, 'NORMAL').waiting > 0,
    );
    const orders = await buyAll(['order-1', 'order-2', 'order-3', 'order-4']);
    await scan.stop();
    expect(orders.map(({ attemptCount }) => attemptCount)).to.deep.equal([0, 0, 0, 0]);
    expect(refused()).to.deep.equal([]);
    expect(jupiter.passed.filter(({ path }) => path.startsWith('/swap/'))).to.have.length(8);
    expect(jupiterIn(await statsOf(stack)).resetsAt?.getTime()).to.be.greaterThan(Date.now());
  });
});

describe('A6 orders and the scanner at a venue that answers 429', () => {
  let stack: Stack;
  const { logger, lines } = memoryLogger();
  before(async function () {
    this.timeout(START_MS);
    const mints = ['WIF', 'BONK', 'JUP'].map(mint);
    const scan = { mints, intervalMs: 1_000, startDelayMs: 0, firstCallDelayMs: 0 };
    stack = await startStack({ market: { scan }, logger });
  });
  after(() => stack?.close());

  it('A6 orders pass, the scanner backs off, and takes up its work when it may', async () => {
    await eventually(
      () => statsOf(stack),
      (seen) => levelIn(seen, 'NORMAL').callsTotal > 0n,
    );
    const scanned = await call(stack.market, 'getPrice', { tokenAddress: mint('WIF'), purpose: PricePurpose.SCAN });
    expect(scanned.price?.source).to.equal('jupiter-price');
    await stack.control('faults', { fault: 'rate_limit', on: 'price', count: null, retryAfterSeconds: 1 });
    const began = Date.now();
    for (const name of ['one', 'two', 'three']) {
      await buy(stack, name);
      expect((await filled(stack, name)).attemptCount, name).to.equal(0);
    }
    await eventually(
      () => statsOf(stack),
      () => Date.now() - began > 5_000,
    );
    // Once a second without a back-off; twice as rarely with each refusal with one. Prices of positions are asked for besides.
    const told = lines.filter(({ msg }) => msg === 'market scanning backs off');
    expect(told.length).to.be.within(1, 1 + Math.log2(1 + (Date.now() - began) / 1_000));
    expect(Number(jupiterIn(await statsOf(stack)).limitedTotal)).to.be.at.least(told.length);
    expect(told[0]).to.include({ level: 'warn', limited: true, pauseMs: 2_000 });
    await stack.control('faults/reset');
    const seen = await eventually(
      async () => lines.some(({ msg }) => msg === 'market scanning works again'),
      (works) => works,
    );
    expect(seen).to.equal(true);
  });
});

describe('A5 the start of a processor', () => {
  it('A5 position prices at once, the scanner 500 ms later, and its first call 1 s after that', async function () {
    this.timeout(START_MS);
    const clock = new ManualClock();
    const { logger, lines } = memoryLogger();
    const scan = { mints: [mint('WIF')], intervalMs: 10_000, startDelayMs: 500, firstCallDelayMs: 1_000 };
    const stack = await startParts({ processorClock: clock, processorLogger: logger, processor: { scan } });
    try {
      const isScanning = () => lines.some(({ msg }) => msg === 'market scanner started');
      const normalCalls = async () => levelIn(await statsOf(stack), 'NORMAL').callsTotal;
      const guard = { tokenAddress: mint('BONK'), purpose: PricePurpose.POSITION };
      expect((await call(stack.market, 'getPrice', guard)).price?.source).to.equal('jupiter-price');
      expect(levelIn(await statsOf(stack), 'HIGH').callsTotal).to.equal(1n);
      await clock.advance(499);
      expect(isScanning()).to.equal(false);
      await clock.advance(1);
      expect(isScanning()).to.equal(true);
      await clock.advance(999);
      expect(await normalCalls()).to.equal(0n);
      await clock.advance(1);
      expect(await normalCalls()).to.equal(1n);
    } finally {
      await stack.close();
    }
  });
});
