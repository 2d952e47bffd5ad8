import type {
  GateHostStats,
  GateLevelStats,
  GetGateStatsResponse,
} from '../../../proto/gen/exitlane/v1/market_service.js';
import { timeOfDay, wireDuration } from './format.js';
import type { View } from './order.js';
import { type Column, table } from './table.js';
import { plain, shorten } from './text.js';

/** Leaves room for a sentence in 80 columns. */
const HOST_WIDTH = 28;

/** The gate at one moment: calls by level, budgets by host. */
export function gateLines({ levels, hosts }: GetGateStatsResponse, view: View): string[] {
  const { style } = view;
  const budgets = hosts.length === 0 ? [style.dim('no host was called')] : hostLines(hosts, view);
  return [...levelLines(levels, view), '', ...budgets, ...hosts.flatMap((host) => limitLines(host, view))];
}

function levelLines(levels: readonly GateLevelStats[], { width, style, ellipsis }: View): string[] {
  const columns: Column<GateLevelStats>[] = [
    { title: 'LEVEL', cell: ({ level }) => plain(level) },
    { title: 'UNDER WAY', cell: ({ inFlight }) => count(inFlight), align: 'right' },
    { title: 'WAITING', cell: ({ waiting }) => count(waiting), align: 'right' },
    { title: 'CALLS', cell: ({ callsTotal }) => count(callsTotal), align: 'right' },
    { title: 'WAITED', cell: ({ waitsTotal }) => count(waitsTotal), align: 'right' },
    { title: 'AVERAGE WAIT', cell: ({ averageWait }) => wireDuration(averageWait), align: 'right', leaves: 2 },
    { title: 'LONGEST', cell: ({ waitMax }) => wireDuration(waitMax), align: 'right', leaves: 1 },
    { title: 'REFUSED', cell: ({ refusedTotal }) => count(refusedTotal), align: 'right' },
  ];
  return table(columns, levels, { width, heading: style.bold, ellipsis });
}

function hostLines(hosts: readonly GateHostStats[], { width, style, ellipsis }: View): string[] {
  const columns: Column<GateHostStats>[] = [
    { title: 'HOST', cell: ({ host }) => plain(host), squeeze: 'shorten', least: 16 },
    { title: 'LEFT', cell: ({ budgetLeft }) => known(budgetLeft), align: 'right' },
    { title: 'BUDGET', cell: budget, align: 'right' },
    { title: 'RESERVED', cell: ({ reserved }) => known(reserved), align: 'right' },
    { title: 'UNDER WAY', cell: ({ inFlight }) => count(inFlight), align: 'right', leaves: 1 },
    { title: 'WAITING', cell: ({ waiting }) => count(waiting), align: 'right' },
    { title: 'REFUSED US', cell: ({ limitedTotal }) => count(limitedTotal), align: 'right' },
  ];
  return table(columns, hosts, { width, heading: style.bold, ellipsis });
}

/** What is out of the ordinary with a host. */
function limitLines({ host, limitedUntil, overBudgetTotal }: GateHostStats, { style, ellipsis }: View): string[] {
  const name = shorten(plain(host), HOST_WIDTH, ellipsis);
  const lines = [];
  if (limitedUntil) lines.push(`${name} limits us until ${timeOfDay(limitedUntil)} UTC, but for critical calls`);
  if (overBudgetTotal > 0n) lines.push(`${name}: ${overBudgetTotal} calls of exits went on over the budget`);
  return lines.map(style.yellow);
}

function budget({ budget: calls, window }: GateHostStats): string {
  return calls === undefined ? '-' : `${calls} in ${wireDuration(window)}`;
}

function count(value: number | bigint): string {
  return value === 0 || value === 0n ? '-' : String(value);
}

function known(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}
