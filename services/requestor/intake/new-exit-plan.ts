import type { ExitPlan as WirePlan } from '../../../proto/gen/exitlane/v1/position.js';
import { type ExitPlan, exitPlanJson, NO_EXIT_PLAN, withDefaults } from '../../../shared/position/exit-plan.js';
import { planFromWire } from '../handlers/exit-plan-wire.js';

/** The plan that a new position gets, as it is stored: the given one, completed by the configured defaults unless it refuses them. */
export function newExitPlan(given: WirePlan | undefined, defaults: ExitPlan): Record<string, unknown> {
  const plan = given ? planFromWire(given) : NO_EXIT_PLAN;
  return exitPlanJson(given?.noDefaults ? plan : withDefaults(plan, defaults));
}
