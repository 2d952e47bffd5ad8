import { z } from 'zod';
import { OWN_REQ_ID_PREFIX } from '../core/ids.js';
import type { ExitPlan } from './exit-plan.js';

/** What can fire by itself, in order of precedence (X9). Each is an exit reason too (X2). */
export const EXIT_TRIGGERS = [
  'stop_loss',
  'trailing_stop',
  'take_profit_1',
  'take_profit_2',
  'take_profit_3',
  'time_limit',
  'stagnation',
] as const;
export type ExitTrigger = (typeof EXIT_TRIGGERS)[number];

/**
 * How far the triggers of one position have come: all that the watch must remember across a restart. Stored as it is (plain JSON):
 * prices are decimal strings in SOL per whole token, times ISO 8601 in UTC.
 */
export interface ExitState {
  /** Best price since the trailing stop was activated, and since when; null before. */
  readonly trailing: { readonly peak: string; readonly since: string } | null;
  /** Price that later ones are compared with, and since when none was far from it; null before the first price. */
  readonly stagnation: { readonly price: string; readonly since: string } | null;
  /** Triggers whose exit exists: they do not fire again. */
  readonly fired: readonly ExitTrigger[];
  /** How often a changed plan armed a trigger again that had fired. */
  readonly rearmed: Readonly<Partial<Record<ExitTrigger, number>>>;
}

export interface EntryFacts {
  /** SOL per whole token. */
  readonly entryPrice: string;
  readonly openedAt: Date;
}

/** The state of a position that was just opened: the entry is the first price of all rules that look back. */
export function openingState(plan: ExitPlan, { entryPrice, openedAt }: EntryFacts): ExitState {
  const since = openedAt.toISOString();
  const trailsAtOnce = plan.trailingStopPercent !== undefined && plan.trailingActivationPercent === undefined;
  return {
    trailing: trailsAtOnce ? { peak: entryPrice, since } : null,
    stagnation: { price: entryPrice, since },
    fired: [],
    rearmed: {},
  };
}

/** The trigger's exit exists: it never fires again, unless its rule is changed. */
export function markFired(state: ExitState, trigger: ExitTrigger): ExitState {
  return state.fired.includes(trigger) ? state : { ...state, fired: [...state.fired, trigger] };
}

/**
 * The state under a new plan. A rule that stays the same keeps all it knows; a changed one begins anew: a trigger that had fired is
 * armed again, a trailing stop forgets its peak unless only its distance changed, stagnation is measured from the next price.
 */
export function stateUnderPlan(state: ExitState, before: ExitPlan, after: ExitPlan): ExitState {
  const changed = (trigger: ExitTrigger) => ruleOf(before, trigger) !== ruleOf(after, trigger);
  const samePeak =
    before.trailingStopPercent !== undefined &&
    after.trailingStopPercent !== undefined &&
    before.trailingActivationPercent === after.trailingActivationPercent &&
    !state.fired.includes('trailing_stop');
  const rearmed = { ...state.rearmed };
  for (const trigger of state.fired.filter(changed)) rearmed[trigger] = (rearmed[trigger] ?? 0) + 1;
  return {
    trailing: samePeak || !changed('trailing_stop') ? state.trailing : null,
    stagnation: changed('stagnation') ? null : state.stagnation,
    fired: state.fired.filter((trigger) => !changed(trigger)),
    rearmed,
  };
}

/** One trigger's rule as text that is equal if and only if the rule is. */
function ruleOf(plan: ExitPlan, trigger: ExitTrigger): string {
  switch (trigger) {
    case 'stop_loss':
      return String(plan.stopLossPercent);
    case 'trailing_stop':
      return `${plan.trailingStopPercent} ${plan.trailingActivationPercent}`;
    case 'time_limit':
      return String(plan.timeLimitMs);
    case 'stagnation':
      return `${plan.stagnationPercent} ${plan.stagnationWindowMs}`;
    default: {
      const step = plan.takeProfits[takeProfitIndex(trigger)];
      return step === undefined ? 'none' : `${step.gainPercent} ${step.sellPercent}`;
    }
  }
}

/** `take_profit_2` is step 1. */
export function takeProfitIndex(trigger: 'take_profit_1' | 'take_profit_2' | 'take_profit_3'): number {
  return Number(trigger.at(-1)) - 1;
}

/**
 * The order_req_id of a trigger's exit. It follows from position and trigger alone, so that whoever fires it again - after a crash, or
 * another process - finds the order that exists instead of selling twice. Where a client's order has it, `freeReqId` puts `.2` behind.
 */
export function triggerReqId(positionId: string, trigger: ExitTrigger, state: ExitState): string {
  const times = state.rearmed[trigger] ?? 0;
  return `${OWN_REQ_ID_PREFIX.triggered}${positionId}:${trigger}${times === 0 ? '' : `:${times}`}`;
}

const decimal = z.string().regex(/^\d{1,60}(\.\d{1,60})?$/);
const trigger = z.enum(EXIT_TRIGGERS);
const storedState = z.object({
  trailing: z.object({ peak: decimal, since: z.iso.datetime() }).nullable(),
  stagnation: z.object({ price: decimal, since: z.iso.datetime() }).nullable(),
  fired: z.array(trigger),
  rearmed: z.partialRecord(trigger, z.int().min(1)),
});

/** The state in a stored `exit_state`; `{}` is a position that was never looked at. @throws what zod throws otherwise */
export function exitStateOf(stored: unknown, plan: ExitPlan, entry: EntryFacts): ExitState {
  const untouched = JSON.stringify(stored) === '{}';
  return untouched ? openingState(plan, entry) : storedState.parse(stored);
}
