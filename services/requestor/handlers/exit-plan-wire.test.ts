import { expect } from 'chai';
import fc from 'fast-check';
import { ExitPlan as WirePlan } from '../../../proto/gen/exitlane/v1/position.js';
import { exitPlanJson, exitPlanOf } from '../../../shared/position/exit-plan.js';
import { anyPlan } from '../../../shared/position/testing/plans.js';
import { checkExitPlan } from '../intake/exit-plan-checks.js';
import { FieldChecks } from '../intake/field-checks.js';
import { planFromWire, planToWire } from './exit-plan-wire.js';

describe('X9 exit plans on the wire', () => {
  it('come back as they went, and are what the store keeps: both read what the other wrote', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const sent = WirePlan.decode(WirePlan.encode(planToWire(plan)).finish());
        expect(planFromWire(sent)).to.deep.equal(plan);
        expect(exitPlanOf(WirePlan.toJSON(sent))).to.deep.equal(plan);
        expect(planFromWire(WirePlan.fromJSON(exitPlanJson(plan)))).to.deep.equal(plan);
      }),
    );
  });

  it('are refused with the names of the request', () => {
    const checks = new FieldChecks();
    const plan = {
      stopLossPercent: 100,
      takeProfits: [{ gainPercent: 0, sellPercent: 200 }],
      timeLimit: { seconds: 0n },
    };
    checkExitPlan(WirePlan.fromPartial(plan), checks);
    expect(checks.violations.map(({ field }) => field)).to.deep.equal([
      'exit_plan.stop_loss_percent',
      'exit_plan.take_profits[0].gain_percent',
      'exit_plan.take_profits[0].sell_percent',
      'exit_plan.time_limit',
    ]);
  });
});
