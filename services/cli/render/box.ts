import { padEnd, widthOf } from './text.js';

const UNICODE = { corners: ['╭', '╮', '╰', '╯'], row: '─', side: '│' } as const;
const ASCII = { corners: ['+', '+', '+', '+'], row: '-', side: '|' } as const;

/** Lines in a frame; ASCII where the terminal shows no more. */
export function box(
  lines: readonly string[],
  utf8: boolean,
  paint: (text: string) => string = (text) => text,
): string[] {
  const { corners, row, side } = utf8 ? UNICODE : ASCII;
  const width = Math.max(...lines.map(widthOf));
  const bar = row.repeat(width + 2);
  return [
    paint(corners[0] + bar + corners[1]),
    ...lines.map((line) => `${paint(side)} ${padEnd(line, width)} ${paint(side)}`),
    paint(corners[2] + bar + corners[3]),
  ];
}
