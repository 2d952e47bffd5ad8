import type { PriorityStats, QueueStats, RunningOrder } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { millisOf } from '../../../shared/grpc/duration.js';
import { duration, levelName, orderTypeName, statusName, timeOfDay, tradingStateName, wireDuration } from './format.js';
import type { View } from './order.js';
import { type Style, statusColour } from './style.js';
import { type Column, facts, table } from './table.js';
import { plain } from './text.js';

/** The queue at one moment: headline, table by priority, running orders. */
export function queueLines(stats: QueueStats, view: View): string[] {
  const { style } = view;
  const running = stats.running.length === 0 ? [style.dim('no order is running')] : runningLines(stats, view);
  return [...facts(headline(stats, style), style.dim), '', ...priorityLines(stats.priorities, view), '', ...running];
}

/** The same in one line, for logs. */
export function queueSummary(stats: QueueStats): string {
  return [
    timeOfDay(stats.takenAt),
    `waiting ${stats.queued} (${stats.queuedEntries} entries, ${stats.queuedExits} exits)`,
    `running ${stats.processing}/${stats.maxConcurrentOrders}`,
    `retrying ${stats.waitingForRetry}`,
    `ended ${stats.processedTotal}`,
    tradingStateName(stats.tradingState),
  ].join('  ');
}

function headline(stats: QueueStats, style: Style): [string, string][] {
  const state = tradingStateName(stats.tradingState);
  return [
    ['trading', state === 'ACTIVE' ? style.green(state) : style.yellow(`${state} (exitlane state tells who and why)`)],
    ['slots', slots(stats)],
    [
      'waiting',
      `${stats.queued} (${stats.queuedEntries} entries, ${stats.queuedExits} exits), ${stats.waitingForRetry} more for a retry`,
    ],
    ['ended', `${stats.processedTotal} in total, ${stats.processedSinceStart} since the requestor started`],
    ['rate', `${perMinute(stats.arrivalsPerMinute)} in, ${perMinute(stats.completionsPerMinute)} out per minute`],
    ['average wait', wireDuration(stats.averageWait)],
  ];
}

/** P8: what is watched without a slot, and slots that are not for everyone, are said when there are any. */
export function slots(stats: QueueStats): string {
  const facts = [`${stats.processing} of ${stats.maxConcurrentOrders} in use, ${stats.availableSlots} free`];
  if (stats.watching > 0n) facts.push(`${stats.watching} sent and watched without one`);
  if (stats.exitReservedSlots > 0) facts.push(`${stats.exitReservedSlots} for exits only`);
  if (stats.emergencyExtraSlots > 0) facts.push(`${stats.emergencyExtraSlots} more for emergency exits`);
  return facts.join('; ');
}

/** A rate as people read it. */
export function perMinute(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toFixed(1);
}

/** Every level with what waits and runs, most urgent first. */
export function priorityLines(priorities: readonly PriorityStats[], { width, style, ellipsis }: View): string[] {
  const columns: Column<PriorityStats>[] = [
    { title: 'PRIORITY', cell: ({ priority }) => String(priority), align: 'right' },
    { title: 'LEVEL', cell: ({ name, priority }) => plain(name) || levelName(priority) },
    { title: 'WAITING', cell: ({ queued }) => count(queued), align: 'right' },
    { title: 'RUNNING', cell: ({ processing }) => count(processing), align: 'right' },
    { title: 'OLDEST', cell: ({ oldestWaiting }) => wireDuration(oldestWaiting) || '-', align: 'right' },
    { title: 'ESTIMATED WAIT', cell: estimate, align: 'right', leaves: 1 },
  ];
  return table(columns, priorities, { width, heading: style.bold, ellipsis });
}

function count(value: bigint): string {
  return value === 0n ? '-' : String(value);
}

function estimate({ estimatedWaitMin, estimatedWaitMax }: PriorityStats): string {
  if (!estimatedWaitMax) return '-';
  const most = wireDuration(estimatedWaitMax);
  return estimatedWaitMin && millisOf(estimatedWaitMin) > 0
    ? `${wireDuration(estimatedWaitMin)} - ${most}`
    : `up to ${most}`;
}

function runningLines({ running, takenAt }: QueueStats, { width, style, ellipsis }: View): string[] {
  const since = ({ since: at }: RunningOrder): string =>
    at && takenAt ? duration(Math.max(0, takenAt.getTime() - at.getTime())) : '';
  const columns: Column<RunningOrder>[] = [
    { title: 'RUNNING', cell: ({ orderReqId }) => plain(orderReqId), squeeze: 'shorten', least: 30 },
    { title: 'TYPE', cell: ({ orderType }) => orderTypeName(orderType) },
    { title: 'LEVEL', cell: ({ priority }) => levelName(priority), leaves: 1 },
    { title: 'TOKEN', cell: ({ tokenSymbol }) => plain(tokenSymbol), least: 6 },
    {
      title: 'STATUS',
      cell: ({ status }) => statusName(status),
      paint: (text, { status }) => statusColour(style, statusName(status))(text),
    },
    { title: 'FOR', cell: since, align: 'right' },
  ];
  return table(columns, running, { width, heading: style.bold, ellipsis });
}
