import { ExitPlan as WirePlan } from '../../../proto/gen/exitlane/v1/position.js';
import { durationOf, millisOf } from '../../../shared/grpc/duration.js';
import type { ExitPlan } from '../../../shared/position/exit-plan.js';

/** Exit plans as the API has them. What is unset stays unset; nothing is checked here (`planViolations` does). */
export function planFromWire(plan: WirePlan): ExitPlan {
  const { stopLossPercent, trailingStopPercent, trailingActivationPercent, stagnationPercent } = plan;
  return {
    ...(stopLossPercent === undefined ? {} : { stopLossPercent }),
    ...(trailingStopPercent === undefined ? {} : { trailingStopPercent }),
    ...(trailingActivationPercent === undefined ? {} : { trailingActivationPercent }),
    takeProfits: plan.takeProfits.map(({ gainPercent, sellPercent }) => ({ gainPercent, sellPercent })),
    ...(plan.timeLimit === undefined ? {} : { timeLimitMs: millisOf(plan.timeLimit) }),
    ...(plan.stagnationWindow === undefined ? {} : { stagnationWindowMs: millisOf(plan.stagnationWindow) }),
    ...(stagnationPercent === undefined ? {} : { stagnationPercent }),
  };
}

/** The other way round; a plan in force is complete, so that nothing is left to defaults. */
export function planToWire(plan: ExitPlan): WirePlan {
  const { timeLimitMs, stagnationWindowMs, takeProfits, ...percents } = plan;
  return WirePlan.fromPartial({
    ...percents,
    takeProfits: takeProfits.map((step) => ({ ...step })),
    ...(timeLimitMs === undefined ? {} : { timeLimit: durationOf(timeLimitMs) }),
    ...(stagnationWindowMs === undefined ? {} : { stagnationWindow: durationOf(stagnationWindowMs) }),
  });
}
