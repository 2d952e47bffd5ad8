import type { ExitPlan } from '../../../proto/gen/exitlane/v1/position.js';
import { planViolations } from '../../../shared/position/exit-plan.js';
import { planFromWire } from '../handlers/exit-plan-wire.js';
import type { FieldChecks } from './field-checks.js';

/** The rules of an exit plan that need no position: ranges and order. */
export function checkExitPlan(plan: ExitPlan, checks: FieldChecks): void {
  for (const { field, description } of planViolations(planFromWire(plan))) {
    checks.refuse(`exit_plan.${field}`, description);
  }
}
