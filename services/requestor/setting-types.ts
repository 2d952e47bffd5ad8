import { z } from 'zod';
import { parseAmount, SOL_DECIMALS } from '../../shared/core/decimals.js';
import { exitPlanOf, planViolations } from '../../shared/position/exit-plan.js';

/** An amount of SOL, read as lamports. */
export const solSetting = z.string().transform((text, context) => {
  if (/^0(\.0*)?$/.test(text)) return 0n;
  const amount = parseAmount(text, SOL_DECIMALS);
  if (amount.ok) return amount.units;
  context.addIssue({ code: 'custom', message: 'must be an amount of SOL such as 0.5' });
  return z.NEVER;
});

/** A plan as the API's JSON has it. */
export const exitPlanSetting = z.string().transform((text, context) => {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  try {
    const plan = exitPlanOf(JSON.parse(text));
    const violations = planViolations(plan);
    if (violations.length === 0) return plan;
    return refuse(violations.map(({ field, description }) => `${field} ${description}`).join('; '));
  } catch {
    return refuse('must be an exit plan as JSON, such as {"stopLossPercent":20}');
  }
});
