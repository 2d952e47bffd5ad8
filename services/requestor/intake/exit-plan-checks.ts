import type { ExitPlan } from '../../../proto/gen/exitlane/v1/position.js';
import type { FieldChecks } from './field-checks.js';

const TAKE_PROFITS_MAX = 3;

/** The rules of an exit plan that need no position: ranges and order. */
export function checkExitPlan(plan: ExitPlan, checks: FieldChecks): void {
  const below100 = (field: string, value: number | undefined) => {
    if (value !== undefined && !(value > 0 && value < 100))
      checks.refuse(field, 'must be above 0 and below 100 percent');
  };
  const positive = (field: string, value: number | undefined) => {
    if (value !== undefined && !(value > 0 && Number.isFinite(value))) checks.refuse(field, 'must be above 0 percent');
  };
  below100('exit_plan.stop_loss_percent', plan.stopLossPercent);
  below100('exit_plan.trailing_stop_percent', plan.trailingStopPercent);
  positive('exit_plan.trailing_activation_percent', plan.trailingActivationPercent);
  positive('exit_plan.stagnation_percent', plan.stagnationPercent);
  if ((plan.stagnationWindow === undefined) !== (plan.stagnationPercent === undefined)) {
    checks.refuse('exit_plan.stagnation_window', 'stagnation_window and stagnation_percent go together');
  }
  if (plan.takeProfits.length > TAKE_PROFITS_MAX) {
    checks.refuse('exit_plan.take_profits', `has more than ${TAKE_PROFITS_MAX} steps`);
  }
  plan.takeProfits.forEach((step, index) => {
    const field = `exit_plan.take_profits[${index}]`;
    positive(`${field}.gain_percent`, step.gainPercent);
    if (step.sellPercent < 1 || step.sellPercent > 100) checks.refuse(`${field}.sell_percent`, 'must be from 1 to 100');
    const before = plan.takeProfits[index - 1];
    if (before && step.gainPercent <= before.gainPercent) {
      checks.refuse(`${field}.gain_percent`, 'must be higher than that of the step before');
    }
  });
}
