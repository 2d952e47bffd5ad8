import { expect } from 'chai';
import fc from 'fast-check';
import { OrderPriority } from '../order/priority.js';
import { EXIT_LADDER_DEFAULT, exitTerms } from './exit-ladder.js';

const { EMERGENCY, EXIT_STOP_LOSS, EXIT_TRAILING, EXIT_TAKE_PROFIT, EXIT_MANUAL, EXIT_OTHER } = OrderPriority;
const ladder = EXIT_LADDER_DEFAULT;
const EXITS = [EMERGENCY, EXIT_STOP_LOSS, EXIT_TRAILING, EXIT_TAKE_PROFIT, EXIT_MANUAL, EXIT_OTHER];

describe('X6 X11 what an exit offers to get out', () => {
  const table: [priority: OrderPriority, slippage: number[], fees: number[], levels: string][] = [
    [EMERGENCY, [300, 500, 700, 900, 1_000, 1_000], [1_000, 1_000, 1_000, 1_000, 1_000, 1_000], 'VVVVVV'],
    [EXIT_STOP_LOSS, [150, 250, 350, 450, 550, 650], [500, 1_000, 1_000, 1_000, 1_000, 1_000], 'hhVVVV'],
    [EXIT_TRAILING, [150, 250, 350, 450, 550, 650], [500, 1_000, 1_000, 1_000, 1_000, 1_000], 'hhVVVV'],
    [EXIT_TAKE_PROFIT, [150, 200, 250, 300, 350, 400], [250, 500, 1_000, 1_000, 1_000, 1_000], 'hhVVVV'],
    [EXIT_MANUAL, [150, 200, 250, 300, 350, 400], [250, 500, 1_000, 1_000, 1_000, 1_000], 'hhVVVV'],
    [EXIT_OTHER, [150, 200, 250, 300, 350, 400], [250, 500, 1_000, 1_000, 1_000, 1_000], 'hhVVVV'],
  ];
  for (const [priority, slippage, fees, levels] of table) {
    it(`priority ${priority}: ${slippage.join(', ')} bps`, () => {
      const terms = slippage.map((_, index) => exitTerms({ priority, attempt: index + 1 }, ladder));
      expect(terms.map(({ slippageBps }) => slippageBps)).to.deep.equal(slippage);
      expect(terms.map(({ priorityFeeMaxLamports }) => Number(priorityFeeMaxLamports) / 1_000)).to.deep.equal(fees);
      expect(terms.map(({ priorityLevel }) => (priorityLevel === 'high' ? 'h' : 'V')).join('')).to.equal(levels);
    });
  }

  it('X6 a manual retry begins with 200 bps, or with what failed before if that was more, and steps up from there', () => {
    const retry = (triedBps: number, attempt = 1) =>
      exitTerms({ priority: EXIT_STOP_LOSS, attempt, manualRetry: { triedBps } }, ladder).slippageBps;
    expect([retry(0), retry(150), retry(550), retry(5_000)]).to.deep.equal([200, 200, 550, 1_000]);
    expect([retry(0, 2), retry(550, 2)]).to.deep.equal([300, 650]);
  });

  it("the client's own bound is neither exceeded nor held back, while the fee still steps up", () => {
    const terms = [1, 2, 3].map((attempt) => exitTerms({ priority: EXIT_MANUAL, attempt, explicitBps: 2_500 }, ladder));
    expect(terms.map(({ slippageBps }) => slippageBps)).to.deep.equal([2_500, 2_500, 2_500]);
    expect(terms.map(({ priorityFeeMaxLamports }) => priorityFeeMaxLamports)).to.deep.equal([
      250_000n,
      500_000n,
      1_000_000n,
    ]);
  });

  it('attempts count from 1', () => {
    for (const attempt of [0, -1, 1.5, Number.NaN]) {
      expect(() => exitTerms({ priority: EXIT_MANUAL, attempt }, ladder)).to.throw(RangeError);
    }
  });

  it('whatever the settings: never above a cap, never less for a later attempt or a more urgent exit', () => {
    const settings = fc.record({
      slippageBps: fc.integer({ min: 1, max: 10_000 }),
      retrySlippageBps: fc.integer({ min: 1, max: 10_000 }),
      slippageStepBps: fc.integer({ min: 0, max: 10_000 }),
      slippageMaxBps: fc.integer({ min: 1, max: 10_000 }),
      priorityFeeLamports: fc.bigInt(0n, 10n ** 10n),
      priorityFeeMaxLamports: fc.bigInt(0n, 10n ** 10n),
    });
    const anyExit = fc.record({ priority: fc.constantFrom(...EXITS), attempt: fc.integer({ min: 1, max: 200 }) });
    fc.assert(
      fc.property(settings, anyExit, anyExit, (own, one, other) => {
        const terms = exitTerms(one, own);
        expect(terms.slippageBps).to.be.within(1, own.slippageMaxBps);
        expect(terms.priorityFeeMaxLamports <= own.priorityFeeMaxLamports).to.equal(true);
        const higher = other.priority <= one.priority && other.attempt >= one.attempt ? exitTerms(other, own) : terms;
        expect(higher.slippageBps).to.be.at.least(terms.slippageBps);
        expect(higher.priorityFeeMaxLamports >= terms.priorityFeeMaxLamports).to.equal(true);
      }),
    );
  });
});
