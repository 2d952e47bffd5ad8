import type { Alert } from '../../../proto/gen/exitlane/v1/alert_service.js';
import type { GetPnlResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import type { GetQueueStatsResponse, QueueStats, RunningOrder } from '../../../proto/gen/exitlane/v1/queue_service.js';
import type { GetStatusResponse } from '../../../proto/gen/exitlane/v1/system_service.js';
import { severityColour } from './alert.js';
import {
  dateTime,
  duration,
  enumName,
  levelName,
  signed,
  statusName,
  tradingModeName,
  tradingStateName,
  wireDuration,
} from './format.js';
import type { View } from './order.js';
import { profitColour } from './position.js';
import { perMinute, priorityLines, slots } from './queue.js';
import { statusColour } from './style.js';
import { type Column, facts, table } from './table.js';
import { cut, plain } from './text.js';

/** What one service told, or told before it was gone. */
export interface ServiceLook<Told> {
  /** Nothing if it never answered. */
  readonly told: Told | undefined;
  /** When it was told, ms; nothing if it never was. */
  readonly at: number | undefined;
  /** Why it does not answer; empty while it does. */
  readonly error: string;
  /** Since when it does not, ms. */
  readonly since: number;
}

export interface Look {
  readonly requestor: ServiceLook<{
    readonly status: GetStatusResponse;
    readonly queue: GetQueueStatsResponse;
    /** Nothing where the requestor does not have it. */
    readonly pnl: GetPnlResponse | undefined;
    /** Not resolved, newest first. */
    readonly alerts: readonly Alert[] | undefined;
  }>;
  readonly processor: ServiceLook<{ readonly status: GetStatusResponse }>;
}

/** A screen has room for so many; the rest is a number. */
const ALERTS_SHOWN = 3;

/** Everything at a glance, the most urgent first, since a small terminal cuts the end. */
export function topLines({ requestor, processor }: Look, view: View): string[] {
  const { style } = view;
  const stats = requestor.told?.queue.stats;
  const old = requestor.error !== '' && requestor.at !== undefined ? `as of ${dateTime(new Date(requestor.at))}` : '';
  return [
    headline(stats, processor.told?.status, view),
    serviceLine('requestor', requestor, view),
    serviceLine('processor', processor, view),
    ...alertLines(requestor.told?.alerts ?? [], view),
    ...(old === '' ? [] : ['', style.yellow(old)]),
    '',
    ...(stats ? queueLines(stats, requestor.told?.pnl, view) : [style.dim('the queue is not known yet')]),
  ];
}

function headline(stats: QueueStats | undefined, status: GetStatusResponse | undefined, { style }: View): string {
  const mode = tradingModeName(status?.mode ?? '');
  const state = tradingStateName(stats?.tradingState ?? '');
  const paintMode = mode === 'LIVE' ? style.red : style.yellow;
  const paintState = state === 'ACTIVE' ? style.green : style.yellow;
  return `${style.bold(paintMode(mode === '-' ? 'ENVIRONMENT NOT KNOWN' : mode))}  trading ${paintState(state)}`;
}

function serviceLine(name: string, look: ServiceLook<{ readonly status: GetStatusResponse }>, view: View): string {
  const { style, width, ellipsis } = view;
  const { status } = look.told ?? {};
  if (look.error === '') return style.dim(`${name}  up for ${wireDuration(status?.uptime)}`);
  const line = `${name}  DOWN since ${dateTime(new Date(look.since))}: ${plain(look.error)}`;
  return style.red(width === undefined ? line : cut(line, width, ellipsis));
}

function alertLines(alerts: readonly Alert[], view: View): string[] {
  if (alerts.length === 0) return [];
  const { width = 100, style, ellipsis } = view;
  const lines = alerts.slice(0, ALERTS_SHOWN).map((alert) => {
    const name = enumName(alert.severity, 'ALERT_SEVERITY_').padEnd(8);
    const token = plain(alert.tokenSymbol);
    const text = `${plain(alert.title)}${token === '' ? '' : ` (${token})`}`;
    return `${severityColour(style, alert.severity)(name)}  ${cut(text, width - name.length - 2, ellipsis)}`;
  });
  const more = alerts.length - lines.length;
  return ['', ...lines, ...(more > 0 ? [style.dim(`${more} more: exitlane alerts`)] : [])];
}

function queueLines(stats: QueueStats, pnl: GetPnlResponse | undefined, view: View): string[] {
  const { style } = view;
  const pairs: [string, string][] = [
    ['slots', slots(stats)],
    ['waiting', `${stats.queuedExits} exits, ${stats.queuedEntries} entries, ${stats.waitingForRetry} for a retry`],
    ['rate', `${perMinute(stats.arrivalsPerMinute)} in, ${perMinute(stats.completionsPerMinute)} out per minute`],
    ['average wait', wireDuration(stats.averageWait)],
    ['ended', `${stats.processedSinceStart} since the requestor started, ${stats.processedTotal} in total`],
    ['profit', pnl ? profit(pnl, view) : ''],
  ];
  return [...slotLines(stats, view), '', ...facts(pairs, style.dim), '', ...priorityLines(stats.priorities, view)];
}

/** Every slot as a line: what runs in it and for how long, or that it is free. */
function slotLines(stats: QueueStats, { width, style, ellipsis }: View): string[] {
  const count = Math.max(stats.maxConcurrentOrders, stats.running.length);
  const rows = Array.from({ length: count }, (_, index) => ({ number: index + 1, order: stats.running[index] }));
  const of = (read: (order: RunningOrder) => string) => (row: (typeof rows)[number]) =>
    row.order ? read(row.order) : '';
  const columns: Column<(typeof rows)[number]>[] = [
    { title: 'SLOT', cell: ({ number }) => String(number), align: 'right' },
    { title: 'LEVEL', cell: ({ order }) => (order ? levelName(order.priority) : 'free') },
    { title: 'TOKEN', cell: of(({ tokenSymbol }) => plain(tokenSymbol)), least: 6 },
    {
      title: 'ORDER_REQ_ID',
      cell: of(({ orderReqId }) => plain(orderReqId)),
      squeeze: 'shorten',
      least: 20,
      leaves: 1,
    },
    {
      title: 'STATUS',
      cell: of(({ status }) => statusName(status)),
      paint: (text, { order }) => (order ? statusColour(style, statusName(order.status))(text) : text),
    },
    { title: 'FOR', cell: of(({ since }) => heldFor(since, stats.takenAt)), align: 'right' },
  ];
  return table(columns, rows, { width, heading: style.bold, ellipsis });
}

function heldFor(since: Date | undefined, now: Date | undefined): string {
  return since && now ? duration(Math.max(0, now.getTime() - since.getTime())) : '';
}

function profit({ realizedPnl, unrealizedPnl, openPositions }: GetPnlResponse, { style }: View): string {
  const sol = (amount: string): string => profitColour(style, amount)(`${signed(amount)} SOL`);
  return `${sol(unrealizedPnl)} in ${openPositions} open positions, ${sol(realizedPnl)} realized`;
}
