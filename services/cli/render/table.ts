import { cut, padEnd, padStart, shorten, widthOf } from './text.js';

export interface Column<Row> {
  readonly title: string;
  /** The text, without colours and control characters. */
  readonly cell: (row: Row) => string;
  /** Colour of the finished cell. */
  readonly paint?: (text: string, row: Row) => string;
  readonly align?: 'left' | 'right';
  /** What happens to a text that does not fit: its end goes (`cut`, the default) or its middle (`shorten`). */
  readonly squeeze?: 'cut' | 'shorten';
  /** Least width when the table is too wide; without it the column is never squeezed. */
  readonly least?: number;
  /** Columns with a number leave when the table is still too wide, the highest number first. */
  readonly leaves?: number;
}

export interface TableOptions {
  /** Columns of the terminal; undefined: as wide as needed. */
  readonly width?: number | undefined;
  readonly heading?: (text: string) => string;
  readonly gap?: number;
  readonly ellipsis?: string;
}

/** Aligned lines under one heading; columns that are empty all the way down are left out. Fits the width by squeezing columns, then by leaving columns out. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions = {},
): string[] {
  const { width, gap = 2, heading = (text) => text } = options;
  const telling = columns.filter(({ cell }) => rows.length === 0 || rows.some((row) => cell(row) !== ''));
  const shown = fitting(telling, rows, width, gap);
  const widths = widthsOf(shown, rows, width, gap);
  const line = (cells: readonly string[]): string => cells.join(' '.repeat(gap)).trimEnd();
  const place = (text: string, index: number): string =>
    (shown[index]?.align === 'right' ? padStart : padEnd)(text, widths[index] ?? 0);
  const body = rows.map((row) =>
    line(
      shown.map((column, index) => {
        const text = column.cell(row);
        const squeeze = column.squeeze === 'shorten' ? shorten : cut;
        const placed = place(squeeze(text, widths[index] ?? 0, options.ellipsis), index);
        return column.paint ? column.paint(placed, row) : placed;
      }),
    ),
  );
  return [heading(line(shown.map(({ title }, index) => place(title, index)))), ...body];
}

function natural<Row>({ title, cell }: Column<Row>, rows: readonly Row[]): number {
  return Math.max(widthOf(title), ...rows.map((row) => widthOf(cell(row))));
}

function total(widths: readonly number[], gap: number): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1);
}

function leastOf<Row>(column: Column<Row>, rows: readonly Row[]): number {
  const full = natural(column, rows);
  return column.least === undefined ? full : Math.min(full, Math.max(column.least, widthOf(column.title)));
}

function fitting<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
  gap: number,
): readonly Column<Row>[] {
  let shown = columns;
  if (width === undefined) return shown;
  while (
    total(
      shown.map((column) => leastOf(column, rows)),
      gap,
    ) > width
  ) {
    const next = shown.reduce<Column<Row> | undefined>(
      (best, column) => ((column.leaves ?? 0) > (best?.leaves ?? 0) ? column : best),
      undefined,
    );
    if (!next) return shown;
    shown = shown.filter((column) => column !== next);
  }
  return shown;
}

/** Natural widths, with what is too much taken from the columns that can be squeezed, the widest first. */
function widthsOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
  gap: number,
): number[] {
  const widths = columns.map((column) => natural(column, rows));
  if (width === undefined) return widths;
  const least = columns.map((column) => leastOf(column, rows));
  for (let over = total(widths, gap) - width; over > 0; over -= 1) {
    const widest = widths.reduce(
      (best, each, index) => {
        const slack = each - (least[index] ?? each);
        return slack > 0 && each > best.width ? { index, width: each } : best;
      },
      { index: -1, width: 0 },
    );
    if (widest.index < 0) break;
    widths[widest.index] = widest.width - 1;
  }
  return widths;
}

/** `name  value` lines with the values aligned; pairs without a value are left out. */
export function facts(pairs: readonly (readonly [string, string])[], dim: (text: string) => string): string[] {
  const shown = pairs.filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown.map(([name, value]) => `${dim(padEnd(name, width))}  ${value}`);
}
