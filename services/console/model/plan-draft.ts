import type { ExitPlanView } from './view.js';

/** An exit plan as it is typed: texts, empty where a rule is off. Spans are minutes. */
export interface PlanDraft {
  readonly stopLoss: string;
  readonly trailing: string;
  readonly activation: string;
  readonly steps: readonly StepDraft[];
  readonly timeLimit: string;
  readonly window: string;
  readonly stagnation: string;
}

export interface StepDraft {
  readonly gain: string;
  readonly sell: string;
}

/** The API takes up to three. */
export const STEPS_MAX = 3;
const MINUTE_MS = 60_000;

export function draftOf(plan: ExitPlanView | null): PlanDraft {
  const number = (value: number | null | undefined) => (value === null || value === undefined ? '' : String(value));
  const minutes = (ms: number | null | undefined) => (ms === null || ms === undefined ? '' : String(ms / MINUTE_MS));
  return {
    stopLoss: number(plan?.stopLossPercent),
    trailing: number(plan?.trailingStopPercent),
    activation: number(plan?.trailingActivationPercent),
    steps: Array.from({ length: STEPS_MAX }, (_, index) => ({
      gain: number(plan?.takeProfits[index]?.gainPercent),
      sell: number(plan?.takeProfits[index]?.sellPercent),
    })),
    timeLimit: minutes(plan?.timeLimitMs),
    window: minutes(plan?.stagnationWindowMs),
    stagnation: number(plan?.stagnationPercent),
  };
}

/** The plan that was typed, or what is wrong with it. The service checks the rest: which numbers make sense together. */
export function planIn(draft: PlanDraft): { readonly plan: ExitPlanView | undefined; readonly problem: string } {
  const problems: string[] = [];
  const number = (name: string, text: string): number | null => {
    if (text === '') return null;
    const value = /^\d{1,9}(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
    if (value > 0) return value;
    problems.push(`${name} must be a number above 0`);
    return null;
  };
  const span = (name: string, text: string): number | null => {
    const minutes = number(name, text);
    return minutes === null ? null : Math.round(minutes * MINUTE_MS);
  };
  const takeProfits = draft.steps.flatMap(({ gain, sell }, index) => {
    const name = `take-profit ${index + 1}`;
    const [gainPercent, sellPercent] = [number(name, gain), number(`${name} sells`, sell)];
    if (gain === '' && sell === '') return [];
    if (gain === '' || sell === '') problems.push(`${name} needs both numbers`);
    if (sellPercent !== null && !(Number.isInteger(sellPercent) && sellPercent <= 100)) {
      problems.push(`${name} sells a whole percent up to 100`);
    }
    return gainPercent === null || sellPercent === null ? [] : [{ gainPercent, sellPercent }];
  });
  const plan: ExitPlanView = {
    stopLossPercent: number('stop-loss', draft.stopLoss),
    trailingStopPercent: number('trailing stop', draft.trailing),
    trailingActivationPercent: number('the beginning of the trailing stop', draft.activation),
    takeProfits,
    timeLimitMs: span('time limit', draft.timeLimit),
    stagnationWindowMs: span('stagnation window', draft.window),
    stagnationPercent: number('stagnation', draft.stagnation),
  };
  const problem = problems.join('; ');
  return { plan: problem === '' ? plan : undefined, problem };
}
