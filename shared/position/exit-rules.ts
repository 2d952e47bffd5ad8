import { BigNumber } from 'bignumber.js';
import type { ExitPlan } from './exit-plan.js';
import { type EntryFacts, EXIT_TRIGGERS, type ExitState, type ExitTrigger, takeProfitIndex } from './exit-state.js';

/**
 * Whether an accepted price makes a position's plan fire (X9). Pure: the caller keeps the state, makes the exit and then calls
 * `markFired`. Thresholds are compared by multiplying, never by dividing, so that every comparison is exact; a price at a
 * threshold fires it.
 */

export interface PositionFacts extends EntryFacts {
  /** Base units that were not sold yet; with 0 nothing fires. */
  readonly remainingTokens: bigint;
}

/** A price that passed `judgePrice` (X10). */
export interface PriceNow {
  /** SOL per whole token, above 0. */
  readonly value: string;
  /** When it was observed; the time of the decision. */
  readonly at: Date;
}

export interface Triggered {
  readonly trigger: ExitTrigger;
  /** Percent of what is held to sell. */
  readonly percent: number;
  /** Why, for people. */
  readonly detail: string;
}

export interface Evaluation {
  readonly state: ExitState;
  /** The first trigger in order of precedence whose rule holds and that has not fired; undefined: none. */
  readonly triggered: Triggered | undefined;
}

/** Looks at one price. Prices must come in the order of their times. */
export function evaluateExit(plan: ExitPlan, before: ExitState, position: PositionFacts, price: PriceNow): Evaluation {
  const state = tracked(plan, before, position, price);
  if (position.remainingTokens <= 0n) return { state, triggered: undefined };
  for (const trigger of EXIT_TRIGGERS) {
    if (state.fired.includes(trigger)) continue;
    const hit = HITS[trigger](plan, state, position, price);
    if (hit) return { state, triggered: { trigger, percent: hit.percent ?? 100, detail: hit.detail } };
  }
  return { state, triggered: undefined };
}

/** What the price changes in the memory of the rules that look back. */
function tracked(plan: ExitPlan, state: ExitState, position: PositionFacts, price: PriceNow): ExitState {
  return {
    ...state,
    trailing: trailingAfter(plan, state, position, price),
    stagnation: stagnationAfter(plan, state, price),
  };
}

function trailingAfter(plan: ExitPlan, { trailing }: ExitState, { entryPrice }: EntryFacts, { value, at }: PriceNow) {
  if (plan.trailingStopPercent === undefined) return null;
  if (trailing) return new BigNumber(value).isGreaterThan(trailing.peak) ? { ...trailing, peak: value } : trailing;
  const activation = plan.trailingActivationPercent;
  const active = activation === undefined || gained(value, entryPrice, activation);
  return active ? { peak: value, since: at.toISOString() } : null;
}

function stagnationAfter(plan: ExitPlan, { stagnation }: ExitState, { value, at }: PriceNow) {
  const here = { price: value, since: at.toISOString() };
  if (plan.stagnationPercent === undefined) return stagnation;
  return stagnation && !moved(value, stagnation.price, plan.stagnationPercent) ? stagnation : here;
}

type Hit = { readonly detail: string; readonly percent?: number } | undefined;
type Rule = (plan: ExitPlan, state: ExitState, position: PositionFacts, price: PriceNow) => Hit;

const takeProfit =
  (trigger: 'take_profit_1' | 'take_profit_2' | 'take_profit_3'): Rule =>
  ({ takeProfits }, _state, { entryPrice }, { value }) => {
    const step = takeProfits[takeProfitIndex(trigger)];
    if (!step || !gained(value, entryPrice, step.gainPercent)) return undefined;
    const { gainPercent, sellPercent } = step;
    return { percent: sellPercent, detail: `price ${value} is ${gainPercent} % or more above the entry ${entryPrice}` };
  };

const HITS: Readonly<Record<ExitTrigger, Rule>> = {
  stop_loss: ({ stopLossPercent }, _state, { entryPrice }, { value }) =>
    stopLossPercent !== undefined && fell(value, entryPrice, stopLossPercent)
      ? { detail: `price ${value} is ${stopLossPercent} % or more below the entry ${entryPrice}` }
      : undefined,
  trailing_stop: ({ trailingStopPercent }, { trailing }, _position, { value }) =>
    trailingStopPercent !== undefined && trailing && fell(value, trailing.peak, trailingStopPercent)
      ? { detail: `price ${value} is ${trailingStopPercent} % or more below its best ${trailing.peak}` }
      : undefined,
  take_profit_1: takeProfit('take_profit_1'),
  take_profit_2: takeProfit('take_profit_2'),
  take_profit_3: takeProfit('take_profit_3'),
  time_limit: (plan, _state, position, { at }) => {
    const dueAt = timeLimitAt(plan, position);
    return dueAt && at >= dueAt
      ? { detail: `held since ${position.openedAt.toISOString()}, past the time limit` }
      : undefined;
  },
  stagnation: ({ stagnationPercent, stagnationWindowMs }, { stagnation }, _position, { at }) =>
    stagnationWindowMs !== undefined && stagnation && at.getTime() - Date.parse(stagnation.since) >= stagnationWindowMs
      ? { detail: `less than ${stagnationPercent} % away from ${stagnation.price} since ${stagnation.since}` }
      : undefined,
};

/** When the time limit ends; undefined without one. Without a price it cannot fire (X7): then this says what waits. */
export function timeLimitAt({ timeLimitMs }: ExitPlan, { openedAt }: EntryFacts): Date | undefined {
  return timeLimitMs === undefined ? undefined : new Date(openedAt.getTime() + timeLimitMs);
}

/** `price` is at least `percent` percent below `from`. */
function fell(price: string, from: string, percent: number): boolean {
  const threshold = new BigNumber(from).multipliedBy(new BigNumber(100).minus(percent));
  return new BigNumber(price).multipliedBy(100).isLessThanOrEqualTo(threshold);
}

/** `price` is at least `percent` percent above `from`. */
function gained(price: string, from: string, percent: number): boolean {
  const threshold = new BigNumber(from).multipliedBy(new BigNumber(100).plus(percent));
  return new BigNumber(price).multipliedBy(100).isGreaterThanOrEqualTo(threshold);
}

/** `price` is at least `percent` percent away from `from`, up or down. */
function moved(price: string, from: string, percent: number): boolean {
  return gained(price, from, percent) || fell(price, from, percent);
}
