/** Where the operator's programs write: tests hand in their own. */
export interface Out {
  readonly format: 'text' | 'json';
  write(text: string): void;
  /** Beside the result, on standard error. */
  note(line: string): void;
}

/** Columns as wide as their widest cell; the last one is free. */
export function columns(rows: readonly (readonly string[])[], gap = 2): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.slice(0, -1).entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd((widths[at] ?? 0) + gap)))
      .join('')
      .trimEnd(),
  );
}
