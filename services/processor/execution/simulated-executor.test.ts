import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { orderOf, RecordingRun } from '../venue/testing/recording-run.js';
import { SimulatedExecutor } from './simulated-executor.js';

const ENTRY = orderOf({
  mint: 'mint',
  decimals: 6,
  requestedLamports: 1_500_000_000n,
  expectedPrice: '0.002',
  isSimulated: true,
});
const EXIT = orderOf({
  mint: 'mint',
  decimals: 6,
  orderType: 'EXIT',
  requestedLamports: null,
  requestedTokens: 2_500_000n,
  expectedPrice: '0.004',
});

describe('E4 simulated executor', () => {
  let clock: ManualClock;
  let executor: SimulatedExecutor;
  beforeEach(() => {
    clock = new ManualClock();
    executor = new SimulatedExecutor({ clock, oracle: undefined });
  });

  it('walks the states of a real order, in half a second and one second', async () => {
    const run = new RecordingRun(ENTRY);
    const done = executor.execute(run);
    await clock.advance(0);
    await clock.advance(499);
    expect(run.calls).to.deep.equal(['propose', 'accept']);
    await clock.advance(1);
    expect(run.calls).to.deep.equal(['propose', 'accept', 'commit', 'sent']);
    await clock.advance(999);
    expect(run.settled).to.deep.equal([]);
    await clock.advance(1);
    await done;
    expect(run.calls.at(-1)).to.equal('settle');
    expect(run.offers[0]).to.include({
      source: 'simulated',
      price: '0.002',
      lamports: 1_500_000_000n,
      tokens: 750_000_000n,
    });
    expect(run.committed[0]).to.deep.include({
      rawTransaction: new Uint8Array(),
      lastValidBlockHeight: 0n,
      expectedPrice: '0.002',
    });
    expect(run.committed[0]?.signature).to.match(/^sim_[0-9a-f-]{36}$/);
  });

  const settled = async (run: RecordingRun) => {
    const done = executor.execute(run);
    for (let step = 0; step < 4; step++) await clock.advance(500);
    await done;
    return run.settled[0]?.fill;
  };

  it('fills at the expected price, without a fee, in both directions', async () => {
    expect(await settled(new RecordingRun(ENTRY))).to.deep.equal({
      lamports: 1_500_000_000n,
      tokens: 750_000_000n,
      feeLamports: 0n,
      rentLamports: 0n,
      price: '0.002',
    });
    expect(await settled(new RecordingRun(EXIT))).to.include({
      lamports: 10_000_000n,
      tokens: 2_500_000n,
      price: '0.004',
    });
  });

  it('asks the oracle when there is no expected price, and fails without either', async () => {
    const unpriced = { ...ENTRY, expectedPrice: null };
    const price = { mint: 'mint', price: '0.003', source: 'jupiter-price', at: 0 } as const;
    executor = new SimulatedExecutor({ clock, oracle: { price: async () => price } });
    expect(await settled(new RecordingRun(unpriced))).to.include({ tokens: 500_000_000n, price: '0.003' });
    for (const oracle of [undefined, { price: () => Promise.reject(new Error('nobody answers')) }]) {
      const run = new RecordingRun(unpriced);
      await new SimulatedExecutor({ clock, oracle }).execute(run);
      expect(run.calls).to.deep.equal(['fail']);
      expect(run.failed[0]?.failure.reason).to.equal('PRICE_UNAVAILABLE');
    }
  });

  it('refuses an amount below one base unit', async () => {
    const run = new RecordingRun({ ...ENTRY, decimals: 0, requestedLamports: 1n });
    await executor.execute(run);
    expect(run.failed[0]?.failure.reason).to.equal('QUOTE_FAILED');
  });

  it('settles an attempt of an earlier run to the same amounts', async () => {
    const first = new RecordingRun(ENTRY);
    first.onCall = (call) => {
      if (call === 'sent') first.controller.abort(new Error('killed'));
    };
    const ended = executor.execute(first).catch((error: unknown) => error);
    for (let step = 0; step < 4; step++) await clock.advance(500);
    expect(await ended).to.have.property('message', 'killed');
    const second = first.resume();
    await executor.execute(second);
    expect(second.calls).to.deep.equal(['settle']);
    expect(second.settled[0]?.fill).to.include({ lamports: 1_500_000_000n, tokens: 750_000_000n, price: '0.002' });
  });
});
