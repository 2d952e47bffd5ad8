import { expect } from 'chai';
import fc from 'fast-check';
import { type ExitPlan, exitPlanJson, exitPlanOf, NO_EXIT_PLAN, planViolations, withDefaults } from './exit-plan.js';
import { anyPlan } from './testing/plans.js';

const plan = (part: Partial<ExitPlan>): ExitPlan => ({ ...NO_EXIT_PLAN, ...part });
const step = (gainPercent: number, sellPercent: number) => ({ gainPercent, sellPercent });
const fieldsOf = (part: Partial<ExitPlan>) => planViolations(plan(part)).map(({ field }) => field);

describe('X9 what an exit plan may hold', () => {
  const good: Partial<ExitPlan>[] = [
    {},
    { stopLossPercent: 0.0001 },
    { stopLossPercent: 99.9999, trailingStopPercent: 50 },
    { trailingStopPercent: 5, trailingActivationPercent: 1_000_000 },
    { takeProfits: [step(0.5, 1)] },
    { takeProfits: [step(10, 50), step(20, 50), step(900, 100)] },
    { timeLimitMs: 1 },
    { stagnationWindowMs: 60_000, stagnationPercent: 150 },
  ];
  for (const part of good) {
    it(`takes ${JSON.stringify(part)}`, () => expect(planViolations(plan(part))).to.deep.equal([]));
  }

  const bad: [Partial<ExitPlan>, ...string[]][] = [
    [{ stopLossPercent: 0 }, 'stop_loss_percent'],
    [{ stopLossPercent: 100 }, 'stop_loss_percent'],
    [{ stopLossPercent: -5 }, 'stop_loss_percent'],
    [{ stopLossPercent: Number.NaN }, 'stop_loss_percent'],
    [{ stopLossPercent: 5.00001 }, 'stop_loss_percent'],
    [{ trailingStopPercent: 100 }, 'trailing_stop_percent'],
    [{ trailingActivationPercent: 5 }, 'trailing_activation_percent'],
    [{ trailingStopPercent: 5, trailingActivationPercent: 0 }, 'trailing_activation_percent'],
    [{ trailingStopPercent: 5, trailingActivationPercent: Number.POSITIVE_INFINITY }, 'trailing_activation_percent'],
    [{ takeProfits: [step(0, 50)] }, 'take_profits[0].gain_percent'],
    [{ takeProfits: [step(10, 0)] }, 'take_profits[0].sell_percent'],
    [{ takeProfits: [step(10, 101)] }, 'take_profits[0].sell_percent'],
    [{ takeProfits: [step(10, 50.5)] }, 'take_profits[0].sell_percent'],
    [{ takeProfits: [step(10, 50), step(10, 50)] }, 'take_profits[1].gain_percent'],
    [{ takeProfits: [step(10, 50), step(30, 50), step(20, 50)] }, 'take_profits[2].gain_percent'],
    [{ takeProfits: [step(10, 100), step(20, 50)] }, 'take_profits[1]'],
    [{ takeProfits: [step(1, 1), step(2, 1), step(3, 1), step(4, 1)] }, 'take_profits'],
    [{ timeLimitMs: 0 }, 'time_limit'],
    [{ timeLimitMs: 366 * 86_400_000 }, 'time_limit'],
    [{ stagnationPercent: 5 }, 'stagnation_window'],
    [{ stagnationWindowMs: 5 }, 'stagnation_window'],
    [{ stopLossPercent: 100, takeProfits: [step(10, 0)] }, 'stop_loss_percent', 'take_profits[0].sell_percent'],
  ];
  for (const [part, ...fields] of bad) {
    it(`refuses ${JSON.stringify(part)}, naming ${fields.join(' and ')}`, () => {
      expect(fieldsOf(part)).to.deep.equal(fields);
    });
  }
});

describe('X9 defaults of an exit plan', () => {
  const defaults = plan({
    stopLossPercent: 15,
    trailingStopPercent: 10,
    trailingActivationPercent: 20,
    takeProfits: [step(50, 50)],
    timeLimitMs: 3_600_000,
  });

  it('complete what the given plan leaves out', () => {
    expect(withDefaults(NO_EXIT_PLAN, defaults)).to.deep.equal(defaults);
    expect(withDefaults(plan({ stopLossPercent: 5 }), defaults)).to.deep.equal({ ...defaults, stopLossPercent: 5 });
    expect(withDefaults(plan({ takeProfits: [step(9, 100)] }), defaults).takeProfits).to.deep.equal([step(9, 100)]);
  });

  it('never mix with a rule that was given', () => {
    const given = withDefaults(plan({ trailingStopPercent: 3 }), defaults);
    expect(given).to.include({ trailingStopPercent: 3, stopLossPercent: 15 });
    expect(given).not.to.have.property('trailingActivationPercent');
  });

  it('make a valid plan of two valid ones, and change nothing of a complete one', () => {
    fc.assert(
      fc.property(anyPlan, anyPlan, (given, other) => {
        const merged = withDefaults(given, other);
        expect(planViolations(merged)).to.deep.equal([]);
        expect(withDefaults(merged, other)).to.deep.equal(merged);
        expect(withDefaults(given, NO_EXIT_PLAN)).to.deep.equal(given);
      }),
    );
  });
});

describe('X9 a stored exit plan', () => {
  it('is what was stored', () => {
    fc.assert(
      fc.property(anyPlan, (given) => {
        const stored = JSON.parse(JSON.stringify(exitPlanJson(given)));
        expect(exitPlanOf(stored)).to.deep.equal(given);
        expect(planViolations(given)).to.deep.equal([]);
      }),
    );
  });

  it('of a position that was opened without one is empty, and nonsense is an error', () => {
    expect(exitPlanOf({})).to.deep.equal(NO_EXIT_PLAN);
    expect(() => exitPlanOf({ stopLossPercent: 'ten' })).to.throw();
  });
});
