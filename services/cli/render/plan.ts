import { BigNumber } from 'bignumber.js';
import type { ExitPlan, Position } from '../../../proto/gen/exitlane/v1/position.js';
import { dateTime, price, wireDuration } from './format.js';
import type { View } from './order.js';
import { facts } from './table.js';

/** An exit plan in one line; `none` when nothing fires by itself. */
export function planText(plan: ExitPlan | undefined): string {
  if (!plan) return '';
  const activation = plan.trailingActivationPercent;
  const steps = [
    plan.stopLossPercent === undefined ? '' : `stop-loss -${plan.stopLossPercent} %`,
    plan.trailingStopPercent === undefined
      ? ''
      : `trailing -${plan.trailingStopPercent} %${activation === undefined ? '' : ` from +${activation} %`}`,
    ...plan.takeProfits.map(({ gainPercent, sellPercent }) => `at +${gainPercent} % sell ${sellPercent} %`),
    plan.timeLimit ? `after ${wireDuration(plan.timeLimit)}` : '',
    plan.stagnationWindow ? `if below ${plan.stagnationPercent} % for ${wireDuration(plan.stagnationWindow)}` : '',
  ].filter((step) => step !== '');
  return steps.length === 0 ? 'none' : steps.join(', ');
}

/** A plan in as few characters as a table has: `sl10 tr5 tp50,100 time`. */
export function planSummary(plan: ExitPlan | undefined): string {
  if (!plan) return '';
  const gains = plan.takeProfits.map(({ gainPercent }) => gainPercent).join(',');
  return [
    plan.stopLossPercent === undefined ? '' : `sl${plan.stopLossPercent}`,
    plan.trailingStopPercent === undefined ? '' : `tr${plan.trailingStopPercent}`,
    gains === '' ? '' : `tp${gains}`,
    plan.timeLimit ? 'time' : '',
    plan.stagnationWindow ? 'stagn' : '',
  ]
    .filter((rule) => rule !== '')
    .join(' ');
}

/** The rules of a position's plan, one a line, with the prices and times at which they fire, beside the price now. */
export function planLines(position: Position, { style }: View): string[] {
  const { exitPlan, entryPrice } = position;
  const rules = exitPlan ? rulesOf(exitPlan, position) : [];
  const age = wireDuration(position.currentPriceAge);
  const now = position.currentPrice === '' ? 'unknown' : `${price(position.currentPrice)} SOL${age && `, ${age} old`}`;
  const shown = rules.length > 0 ? rules : ([['no rule', 'nothing is sold by itself']] as const);
  return facts([['entry price', `${price(entryPrice)} SOL`], ['price now', now], ...shown], style.dim);
}

function rulesOf(plan: ExitPlan, { entryPrice, openedAt }: Position): (readonly [string, string])[] {
  const at = (percent: number): string => `${price(shifted(entryPrice, percent))} SOL`;
  const { stopLossPercent: stop, trailingStopPercent: trailing, trailingActivationPercent: activation } = plan;
  const from = activation === undefined ? 'from the opening on' : `active from +${activation} %, ${at(activation)}`;
  return [
    ['stop-loss', stop === undefined ? '' : `-${stop} %, at ${at(-stop)}: sells all`],
    ['trailing stop', trailing === undefined ? '' : `-${trailing} % of the best price, ${from}: sells all`],
    ...plan.takeProfits.map(
      ({ gainPercent, sellPercent }, index) =>
        [
          `take-profit ${index + 1}`,
          `+${gainPercent} %, at ${at(gainPercent)}: sells ${sellPercent} % of the rest`,
        ] as const,
    ),
    ['time limit', plan.timeLimit ? `${wireDuration(plan.timeLimit)}${sinceText(openedAt)}: sells all` : ''],
    [
      'stagnation',
      plan.stagnationWindow
        ? `moved less than ${plan.stagnationPercent} % in ${wireDuration(plan.stagnationWindow)}: sells all`
        : '',
    ],
  ].filter(([, text]) => text !== '') as (readonly [string, string])[];
}

function sinceText(openedAt: Date | undefined): string {
  return openedAt ? ` after ${dateTime(openedAt)}` : '';
}

/** A price this many percent higher; empty when it is none. */
function shifted(text: string, percent: number): string {
  const value = new BigNumber(text).times(new BigNumber(100).plus(percent)).div(100);
  return value.isFinite() ? value.toFixed() : '';
}
