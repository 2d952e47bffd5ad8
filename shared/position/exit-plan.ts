import { BigNumber } from 'bignumber.js';
import { z } from 'zod';
import type { FieldViolation } from '../core/errors.js';
import { EXIT_PERCENT_DECIMALS, EXIT_PERCENT_MAX, EXIT_TIME_MS_MAX, TAKE_PROFITS_MAX } from './limits.js';

/**
 * When and how much of a position to sell (X9). Percentages are of the entry price, but for `trailingStopPercent`, which is of
 * the best price since activation. What is left out never fires.
 */
export interface ExitPlan {
  /** Sell all when the price is this many percent below the entry; above 0 and below 100. */
  readonly stopLossPercent?: number;
  /** Sell all when the price is this many percent below its best since activation; above 0 and below 100. */
  readonly trailingStopPercent?: number;
  /** The trailing stop starts when the price is this many percent above the entry; left out: with the position. */
  readonly trailingActivationPercent?: number;
  /** Up to three, in rising order of gain. */
  readonly takeProfits: readonly TakeProfit[];
  /** Sell all this long after the position was opened, milliseconds. */
  readonly timeLimitMs?: number;
  /** Sell all when the price moved less than `stagnationPercent` for this long, milliseconds. The two go together. */
  readonly stagnationWindowMs?: number;
  readonly stagnationPercent?: number;
}

export interface TakeProfit {
  /** Fires when the price is this many percent above the entry. */
  readonly gainPercent: number;
  /**
   * Percent of what is still held when it fires (X3), a whole number from 1 to 100: steps of 50, 50 and 100 sell a half, a
   * quarter and a quarter of what was bought.
   */
  readonly sellPercent: number;
}

export const NO_EXIT_PLAN: ExitPlan = { takeProfits: [] };

/**
 * The plan a position gets: the given one, completed by the defaults rule by rule. A rule is never mixed: a trailing stop that was
 * given without activation has none, whatever the default's is.
 */
export function withDefaults(given: ExitPlan, defaults: ExitPlan): ExitPlan {
  const trailing = given.trailingStopPercent === undefined ? defaults : given;
  const stagnation = given.stagnationWindowMs === undefined ? defaults : given;
  return compact({
    stopLossPercent: given.stopLossPercent ?? defaults.stopLossPercent,
    trailingStopPercent: trailing.trailingStopPercent,
    trailingActivationPercent: trailing.trailingActivationPercent,
    takeProfits: given.takeProfits.length === 0 ? defaults.takeProfits : given.takeProfits,
    timeLimitMs: given.timeLimitMs ?? defaults.timeLimitMs,
    stagnationWindowMs: stagnation.stagnationWindowMs,
    stagnationPercent: stagnation.stagnationPercent,
  });
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

function compact(plan: Loose<ExitPlan> & Pick<ExitPlan, 'takeProfits'>): ExitPlan {
  const set = Object.entries(plan).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as unknown as ExitPlan;
}

/** Everything wrong with a plan by itself, with names as the proto file spells them: `take_profits[1].gain_percent`. */
export function planViolations(plan: ExitPlan): FieldViolation[] {
  const violations: FieldViolation[] = [];
  const refuse = (field: string, description: string) => violations.push({ field, description });
  const share = (field: string, value: number | undefined) => {
    if (value === undefined) return;
    if (!(value > 0 && value < 100)) refuse(field, 'must be above 0 and below 100 percent');
    else checkDigits(field, value, refuse);
  };
  const gain = (field: string, value: number | undefined) => {
    if (value === undefined) return;
    if (!(value > 0 && value <= EXIT_PERCENT_MAX))
      refuse(field, `must be above 0 and at most ${EXIT_PERCENT_MAX} percent`);
    else checkDigits(field, value, refuse);
  };
  share('stop_loss_percent', plan.stopLossPercent);
  share('trailing_stop_percent', plan.trailingStopPercent);
  gain('trailing_activation_percent', plan.trailingActivationPercent);
  if (plan.trailingActivationPercent !== undefined && plan.trailingStopPercent === undefined) {
    refuse('trailing_activation_percent', 'needs trailing_stop_percent: there is no trailing stop to activate');
  }
  checkTakeProfits(plan.takeProfits, gain, refuse);
  checkTime('time_limit', plan.timeLimitMs, refuse);
  gain('stagnation_percent', plan.stagnationPercent);
  checkTime('stagnation_window', plan.stagnationWindowMs, refuse);
  if ((plan.stagnationWindowMs === undefined) !== (plan.stagnationPercent === undefined)) {
    refuse('stagnation_window', 'stagnation_window and stagnation_percent go together');
  }
  return violations;
}

type Refuse = (field: string, description: string) => void;

function checkTakeProfits(
  steps: readonly TakeProfit[],
  gain: (field: string, value: number) => void,
  refuse: Refuse,
): void {
  if (steps.length > TAKE_PROFITS_MAX) refuse('take_profits', `has more than ${TAKE_PROFITS_MAX} steps`);
  steps.forEach((step, index) => {
    const field = `take_profits[${index}]`;
    gain(`${field}.gain_percent`, step.gainPercent);
    if (!(Number.isInteger(step.sellPercent) && step.sellPercent >= 1 && step.sellPercent <= 100)) {
      refuse(`${field}.sell_percent`, 'must be from 1 to 100');
    }
    const before = steps[index - 1];
    if (!before) return;
    if (step.gainPercent <= before.gainPercent) {
      refuse(`${field}.gain_percent`, 'must be higher than that of the step before');
    }
    if (before.sellPercent === 100) refuse(field, 'can never fire: the step before sells all that is held');
  });
}

function checkDigits(field: string, value: number, refuse: Refuse): void {
  if ((new BigNumber(value).decimalPlaces() ?? 0) > EXIT_PERCENT_DECIMALS) {
    refuse(field, `must have at most ${EXIT_PERCENT_DECIMALS} decimals`);
  }
}

function checkTime(field: string, ms: number | undefined, refuse: Refuse): void {
  if (ms === undefined) return;
  if (!(ms >= 1 && ms <= EXIT_TIME_MS_MAX)) {
    refuse(field, `must be above 0 and at most ${EXIT_TIME_MS_MAX / 86_400_000} days`);
  }
}

/** How plans are stored: proto's JSON, so that the API shows a stored plan as it is. */
const duration = z
  .object({
    seconds: z
      .string()
      .regex(/^\d{1,12}$/)
      .default('0'),
    nanos: z.number().default(0),
  })
  .transform(({ seconds, nanos }) => Number(seconds) * 1_000 + Math.round(nanos / 1_000_000));
const percent = z.number().optional();
const storedPlan = z.object({
  stopLossPercent: percent,
  trailingStopPercent: percent,
  trailingActivationPercent: percent,
  takeProfits: z
    .array(z.object({ gainPercent: z.number().default(0), sellPercent: z.number().default(0) }))
    .default([]),
  timeLimit: duration.optional(),
  stagnationWindow: duration.optional(),
  stagnationPercent: percent,
});

/** The plan in a stored `exit_plan`. @throws what zod throws when it is not one */
export function exitPlanOf(stored: unknown): ExitPlan {
  const { timeLimit, stagnationWindow, ...rest } = storedPlan.parse(stored);
  return compact({ ...rest, timeLimitMs: timeLimit, stagnationWindowMs: stagnationWindow });
}

/** The other way round. */
export function exitPlanJson(plan: ExitPlan): Record<string, unknown> {
  const { timeLimitMs, stagnationWindowMs, takeProfits, ...percents } = plan;
  return {
    ...percents,
    ...(takeProfits.length === 0 ? {} : { takeProfits: takeProfits.map((step) => ({ ...step })) }),
    ...(timeLimitMs === undefined ? {} : { timeLimit: durationJson(timeLimitMs) }),
    ...(stagnationWindowMs === undefined ? {} : { stagnationWindow: durationJson(stagnationWindowMs) }),
  };
}

function durationJson(ms: number): Record<string, unknown> {
  return { seconds: String(Math.floor(ms / 1_000)), nanos: Math.round((ms % 1_000) * 1_000_000) };
}
