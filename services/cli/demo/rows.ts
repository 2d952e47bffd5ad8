import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { duration, price, statusName } from '../render/format.js';
import { type Style, statusColour } from '../render/style.js';
import { type Column, table } from '../render/table.js';
import { padEnd, padStart, shorten } from '../render/text.js';
import type { Tracked } from './tracked.js';

export const SIGNATURE_WIDTH = 9;
/** BONK: the longest price of the demo. */
const PRICE_WIDTH = 13;

export interface RowView {
  readonly width: number | undefined;
  readonly style: Style;
  readonly ellipsis: string;
}

/** One row per order, of the same width from the first event to the last, so that nothing jumps. */
export function rowLines(rows: readonly Tracked[], { width, style, ellipsis }: RowView): string[] {
  const fixed = (text: string, columns: number): string => padEnd(text, columns);
  const columns: Column<Tracked>[] = [
    { title: ' #', cell: ({ rank }) => padStart(rank === undefined ? '' : String(rank), 2) },
    { title: 'ORDER', cell: ({ plan }) => fixed(plan.name, 11) },
    { title: 'TOKEN', cell: ({ plan }) => fixed(plan.token, 6) },
    {
      title: 'STATUS',
      cell: ({ status }) => fixed(status === OrderStatus.UNSPECIFIED ? '' : statusName(status), 10),
      paint: (text, { status }) => statusColour(style, statusName(status))(text),
    },
    { title: 'QUOTED', cell: ({ quoted }) => fixed(price(quoted), PRICE_WIDTH) },
    {
      title: 'SIGNATURE',
      cell: ({ signature }) => fixed(shorten(signature, SIGNATURE_WIDTH, ellipsis), SIGNATURE_WIDTH),
    },
    { title: 'FILLED AT', cell: ({ filled }) => fixed(price(filled), PRICE_WIDTH) },
  ];
  return table(columns, rows, { width, heading: style.dim, ellipsis });
}

/** The closing table: the orders of the line in the order in which they started. */
export function rankingLines(line: readonly Tracked[], { width, style, ellipsis }: RowView): string[] {
  const rows = line.toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
  const columns: Column<Tracked>[] = [
    { title: '#', cell: ({ rank }) => String(rank ?? ''), align: 'right' },
    {
      title: 'ORDER',
      cell: ({ plan }) => plan.name,
      paint: (text, { plan }) => (plan.kind === 'exit' ? style.bold(text) : text),
    },
    { title: 'PRIO', cell: ({ order }) => String(order?.priority ?? ''), align: 'right' },
    { title: 'TOKEN', cell: ({ plan }) => plan.token },
    { title: 'WAITED', cell: waited, align: 'right' },
    { title: 'QUOTED', cell: ({ quoted }) => price(quoted) },
    { title: 'FILLED AT', cell: ({ filled }) => price(filled) },
    { title: 'BPS', cell: ({ slippageBps }) => slippage(slippageBps), align: 'right' },
    { title: 'SIGNATURE', cell: ({ signature }) => shorten(signature, SIGNATURE_WIDTH, ellipsis) },
  ];
  // Nine columns need every column of a small terminal.
  const gap = width !== undefined && width < 90 ? 1 : 2;
  return table(columns, rows, { width, heading: style.bold, gap, ellipsis });
}

function slippage(value: number | undefined): string {
  return value === undefined ? '' : `${value > 0 ? '+' : ''}${value}`;
}

/** Accepted until slot, by the service's clock. */
function waited({ order }: Tracked): string {
  if (!order?.createdAt || !order.submittedAt) return '';
  return duration(Math.max(0, order.submittedAt.getTime() - order.createdAt.getTime()));
}
