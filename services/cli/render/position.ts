import type { Position } from '../../../proto/gen/exitlane/v1/position.js';
import { PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { dateTime, positionStatusName, price, signed, timeOfDay, wireDuration } from './format.js';
import type { View } from './order.js';
import { planSummary, planText } from './plan.js';
import type { Style } from './style.js';
import { type Column, facts, table } from './table.js';
import { padEnd, padStart, plain, wrap } from './text.js';

/** Positions as a table, one line each; then what keeps exits from being made, in whole sentences. */
export function positionLines(positions: readonly Position[], view: View): string[] {
  const blocked = positions.filter(({ exitBlocker }) => exitBlocker !== '');
  const texts = blocked.flatMap(({ exitBlocker, positionId, ...position }) =>
    wrap(`${tokenOf(position)} ${positionId} is blocked: ${plain(exitBlocker)}`, view.width ?? 100),
  );
  return [...positionTable(positions, view), ...(texts.length === 0 ? [] : ['', ...texts.map(view.style.yellow)])];
}

function positionTable(positions: readonly Position[], { width, style, ellipsis }: View): string[] {
  const columns: Column<Position>[] = [
    { title: 'POSITION_ID', cell: ({ positionId }) => positionId },
    { title: 'TOKEN', cell: tokenOf, squeeze: 'shorten', least: 6 },
    { title: 'STATUS', cell: ({ status }) => positionStatusName(status) },
    { title: 'TOKENS', cell: remaining, align: 'right', leaves: 4 },
    {
      title: 'PNL SOL',
      cell: (position) => signed(pnlOf(position)),
      paint: (text, position) => profitColour(style, pnlOf(position))(text),
      align: 'right',
    },
    { title: 'ENTRY', cell: ({ entryPrice }) => price(entryPrice), align: 'right', leaves: 2 },
    { title: 'PRICE', cell: ({ currentPrice }) => price(currentPrice), align: 'right', leaves: 1 },
    { title: 'AGE', cell: ({ currentPriceAge }) => wireDuration(currentPriceAge), align: 'right', leaves: 3 },
    { title: 'OPENED', cell: ({ openedAt }) => dateTime(openedAt), leaves: 6 },
    { title: 'PLAN', cell: ({ exitPlan }) => planSummary(exitPlan), leaves: 5 },
    { title: 'BLOCKED', cell: ({ exitBlocker }) => (exitBlocker === '' ? '' : 'yes'), paint: style.yellow, leaves: 7 },
  ];
  return table(columns, positions, { width, heading: style.bold, ellipsis });
}

/** One change of one position in a line, for logs. `at`: when it was seen. */
export function positionLine(position: Position, at: Date, { style }: View): string {
  const { positionId, status, currentPrice, currentPriceAge, exitBlocker } = position;
  const age = wireDuration(currentPriceAge);
  const pnl = pnlOf(position);
  const rest = [
    `${padStart(remaining(position), 14)} left`,
    currentPrice === '' ? 'no price' : `price ${price(currentPrice)}${age === '' ? '' : ` (${age} old)`}`,
    pnl === '' ? '' : profitColour(style, pnl)(`pnl ${signed(pnl)} SOL`),
    exitBlocker === '' ? '' : style.yellow(`blocked: ${plain(exitBlocker)}`),
  ];
  const head = [timeOfDay(at), positionId, padEnd(tokenOf(position), 6), padEnd(positionStatusName(status), 12)];
  return [...head, ...rest].filter((part) => part !== '').join('  ');
}

function tokenOf({ tokenSymbol, tokenAddress }: Pick<Position, 'tokenSymbol' | 'tokenAddress'>): string {
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

/** Red for a loss, green for a gain. Decimal string in SOL. */
export function profitColour(style: Style, amount: string): (text: string) => string {
  if (amount.startsWith('-')) return style.red;
  return /[1-9]/.test(amount) ? style.green : (text) => text;
}

/** Everything about one position, and how to leave it. */
export function positionDetails(position: Position, { style }: View, command: string): string[] {
  const closed = position.status === PositionStatus.CLOSED;
  const { positionId, exitBlocker } = position;
  const again = exitBlocker === '' ? [] : [`try a failed exit again: ${command} retry-exit ${positionId}`];
  return [
    style.bold(`${plain(position.tokenSymbol) || position.tokenAddress}  ${positionStatusName(position.status)}`),
    ...(exitBlocker === '' ? [] : [style.yellow(`blocked: ${plain(exitBlocker)}`)]),
    '',
    ...facts(positionFacts(position), style.dim),
    ...(closed ? [] : ['', `leave it: ${command} exit ${positionId}`, ...again]),
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
