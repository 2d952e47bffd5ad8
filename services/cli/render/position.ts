import type { ExitPlan, Position } from '../../../proto/gen/exitlane/v1/position.js';
import { PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { dateTime, positionStatusName, price, signed, wireDuration } from './format.js';
import type { View } from './order.js';
import type { Style } from './style.js';
import { type Column, facts, table } from './table.js';
import { plain } from './text.js';

/** Positions as a table, one line each. */
export function positionTable(positions: readonly Position[], { width, style, ellipsis }: View): string[] {
  const columns: Column<Position>[] = [
    { title: 'POSITION_ID', cell: ({ positionId }) => positionId },
    { title: 'TOKEN', cell: tokenOf, squeeze: 'shorten', least: 6 },
    { title: 'STATUS', cell: ({ status }) => positionStatusName(status) },
    { title: 'TOKENS', cell: remaining, align: 'right', leaves: 4 },
    {
      title: 'PNL SOL',
      cell: (position) => signed(pnlOf(position)),
      paint: (text, position) => pnlColour(style, pnlOf(position))(text),
      align: 'right',
    },
    { title: 'ENTRY', cell: ({ entryPrice }) => price(entryPrice), align: 'right', leaves: 2 },
    { title: 'PRICE', cell: ({ currentPrice }) => price(currentPrice), align: 'right', leaves: 1 },
    { title: 'AGE', cell: ({ currentPriceAge }) => wireDuration(currentPriceAge), align: 'right', leaves: 3 },
    { title: 'OPENED', cell: ({ openedAt }) => dateTime(openedAt), leaves: 5 },
  ];
  return table(columns, positions, { width, heading: style.bold, ellipsis });
}

function tokenOf({ tokenSymbol, tokenAddress }: Position): string {
  return plain(tokenSymbol) || tokenAddress;
}

/** Not sold yet, what exits on their way will sell included. */
function remaining({ status, availableTokens, reservedTokens }: Position): string {
  if (status === PositionStatus.CLOSED) return '0';
  return reservedTokens === '' || reservedTokens === '0' ? availableTokens : `${availableTokens}+${reservedTokens}`;
}

/** What is known best: the whole of a closed position, else of what is held, else of what was sold. */
function pnlOf({ finalPnl, unrealizedPnl, realizedPnl }: Position): string {
  return finalPnl || unrealizedPnl || realizedPnl;
}

function pnlColour(style: Style, amount: string): (text: string) => string {
  if (amount.startsWith('-')) return style.red;
  return /[1-9]/.test(amount) ? style.green : (text) => text;
}

/** Everything about one position, and how to leave it. */
export function positionDetails(position: Position, { style }: View, command: string): string[] {
  const closed = position.status === PositionStatus.CLOSED;
  const sell = `${command} submit exit --position ${position.positionId} --percent 100`;
  return [
    style.bold(`${plain(position.tokenSymbol) || position.tokenAddress}  ${positionStatusName(position.status)}`),
    ...(position.exitBlocker === '' ? [] : [style.yellow(`blocked: ${plain(position.exitBlocker)}`)]),
    '',
    ...facts(positionFacts(position), style.dim),
    ...(closed ? [] : ['', `leave it: ${sell}`]),
  ];
}

function positionFacts(position: Position): [string, string][] {
  const age = wireDuration(position.currentPriceAge);
  const now = position.currentPrice === '' ? '' : `${position.currentPrice} SOL${age === '' ? '' : `, ${age} ago`}`;
  return [
    ['position_id', position.positionId],
    ['token', position.tokenAddress],
    ['entry order', position.entryOrderId],
    ['entry price', `${position.entryPrice} SOL`],
    ['paid', `${position.entryAmountSol} SOL`],
    ['bought', position.entryAmountTokens],
    ['sold', position.soldTokens],
    ['being sold', position.reservedTokens === '0' ? '' : position.reservedTokens],
    ['available', position.availableTokens],
    ['price now', now],
    ['realized pnl', sol(signed(position.realizedPnl))],
    ['unrealized pnl', sol(signed(position.unrealizedPnl))],
    ['final pnl', sol(signed(position.finalPnl))],
    ['fees', sol(position.feesSol)],
    ['exit reason', plain(position.exitReason)],
    ['last exit order', position.lastExitOrderId],
    ['last exit price', sol(position.lastExitPrice)],
    ['opened_at', dateTime(position.openedAt)],
    ['last_exit_at', dateTime(position.lastExitAt)],
    ['closed_at', dateTime(position.closedAt)],
    ['exit plan', planText(position.exitPlan)],
    ['simulated', position.isSimulated ? 'yes: nothing is on a chain' : ''],
  ];
}

function sol(amount: string): string {
  return amount === '' ? '' : `${amount} SOL`;
}

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
