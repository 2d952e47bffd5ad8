import { expect } from 'chai';
import fc from 'fast-check';
import { draftOf, planIn } from './plan-draft.js';
import type { ExitPlanView } from './view.js';

const percent = fc.option(fc.integer({ min: 1, max: 999_999 }).map((n) => n / 10_000));
const span = fc.option(fc.integer({ min: 1, max: 100_000 }).map((minutes) => minutes * 60_000));

const plans: fc.Arbitrary<ExitPlanView> = fc.record({
  stopLossPercent: percent,
  trailingStopPercent: percent,
  trailingActivationPercent: percent,
  takeProfits: fc.array(
    fc.record({ gainPercent: fc.integer({ min: 1, max: 9_999 }), sellPercent: fc.integer({ min: 1, max: 100 }) }),
    { maxLength: 3 },
  ),
  timeLimitMs: span,
  stagnationWindowMs: span,
  stagnationPercent: percent,
});

describe('X9 the exit plan as it is typed', () => {
  it('is the same plan when nothing was changed', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        expect(planIn(draftOf(plan))).to.deep.equal({ plan, problem: '' });
      }),
    );
  });

  it('without a plan every rule is off', () => {
    const { plan } = planIn(draftOf(null));
    expect(plan).to.include({ stopLossPercent: null, timeLimitMs: null });
    expect(plan?.takeProfits).to.deep.equal([]);
  });

  const off = draftOf(null);
  for (const [what, draft, problem] of [
    ['text', { ...off, stopLoss: 'ten' }, 'stop-loss must be a number above 0'],
    ['nothing to lose', { ...off, stopLoss: '0' }, 'stop-loss must be a number above 0'],
    ['a sign', { ...off, trailing: '-5' }, 'trailing stop must be a number above 0'],
    ['half a step', { ...off, steps: [{ gain: '10', sell: '' }] }, 'take-profit 1 needs both numbers'],
    [
      'more than all',
      { ...off, steps: [{ gain: '10', sell: '101' }] },
      'take-profit 1 sells a whole percent up to 100',
    ],
    [
      'part of a percent',
      { ...off, steps: [{ gain: '10', sell: '1.5' }] },
      'take-profit 1 sells a whole percent up to 100',
    ],
  ] as const) {
    it(`refuses ${what}`, () => expect(planIn(draft)).to.deep.equal({ plan: undefined, problem }));
  }
});
