import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { slippageBps } from '../../../shared/position/slippage.js';
import { orderOf, RecordingRun } from '../venue/testing/recording-run.js';
import { MOCK_ERROR, MockExecutor, type MockExecutorOptions } from './mock-executor.js';

const ENTRY = orderOf({ mint: 'mint', decimals: 9, expectedPrice: '0.002' });
const EXIT = { ...ENTRY, orderType: 'EXIT', requestedLamports: null, requestedTokens: 10n ** 12n } as const;

describe('E5 mock executor', () => {
  const clock = new ManualClock();
  const executor = (options: Partial<MockExecutorOptions> = {}) => new MockExecutor({ clock, seed: 42, ...options });
  const executed = async (mock: MockExecutor, order: typeof ENTRY | typeof EXIT) => {
    const run = new RecordingRun(order);
    const done = mock.execute(run);
    await clock.advance(100);
    await done;
    return run;
  };

  it('succeeds, after a tenth of a second, with a signature of its own kind', async () => {
    const run = new RecordingRun(ENTRY);
    const mock = executor();
    const done = mock.execute(run);
    await clock.advance(99);
    expect(run.calls).to.deep.equal([]);
    await clock.advance(1);
    await done;
    expect(run.calls).to.deep.equal(['propose', 'accept', 'commit', 'sent', 'settle']);
    expect(run.committed[0]?.signature).to.match(/^mock_tx_[0-9a-f-]{36}$/);
    expect(mock.executedOrders).to.have.length(1);
    expect(mock.executedOrders[0]).to.deep.include({ order: ENTRY, signature: run.committed[0]?.signature });
  });

  it('slips 25 to 75 basis points against the trader, 50 on average', async () => {
    for (const [order, side] of [
      [ENTRY, 'BUY'],
      [EXIT, 'SELL'],
    ] as const) {
      const mock = executor();
      let sum = 0;
      for (let count = 0; count < 400; count++) {
        const fill = (await executed(mock, order)).settled[0]?.fill;
        const bps = slippageBps(side, '0.002', fill?.price ?? '0');
        expect(bps).to.be.within(25, 75);
        sum += bps;
      }
      expect(sum / 400).to.be.closeTo(50, 2);
    }
  });

  it('fails at the rate asked for, with its own words, before anything is committed', async () => {
    const mock = executor({ successRate: 0.5 });
    for (let count = 0; count < 200; count++) await executed(mock, ENTRY);
    const failures = mock.executedOrders.filter(({ fill }) => fill === undefined).length;
    expect(failures).to.be.within(75, 125);
    const run = await executed(executor({ successRate: 0 }), ENTRY);
    expect(run.calls).to.deep.equal(['fail']);
    expect(run.failed[0]?.failure).to.deep.equal({ reason: 'EXECUTOR_ERROR', error: MOCK_ERROR });
    expect(MOCK_ERROR).to.equal('Simulated failure');
  });

  it('gives the same again for the same seed, and after reset', async () => {
    const prices = async (mock: MockExecutor) => {
      for (let count = 0; count < 20; count++) await executed(mock, ENTRY);
      return mock.executedOrders.map(({ fill }) => fill?.price);
    };
    const mock = executor({ successRate: 0.7 });
    const first = await prices(mock);
    mock.reset();
    expect(mock.executedOrders).to.deep.equal([]);
    expect(await prices(mock)).to.deep.equal(first);
    expect(await prices(executor({ successRate: 0.7 }))).to.deep.equal(first);
    expect(await prices(executor({ successRate: 0.7, seed: 43 }))).not.to.deep.equal(first);
  });

  it('settles an attempt of an earlier run, and refuses a rate that is none', async () => {
    const first = await executed(executor(), ENTRY);
    const second = first.resume();
    await executor().execute(second);
    expect(second.settled).to.deep.equal(first.settled);
    expect(() => executor({ successRate: 1.1 })).to.throw(RangeError);
  });
});
