/** Command lines of the long runs: `--name value` with whole numbers, each with a default. */
export function readNumbers<Name extends string>(
  argv: readonly string[],
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const numbers: Record<Name, number> = { ...defaults };
  const isName = (name: string): name is Name => Object.hasOwn(defaults, name);
  for (let index = 0; index < argv.length; index += 2) {
    const name = argv[index]?.replace(/^--/, '') ?? '';
    const value = argv[index + 1] ?? '';
    if (!argv[index]?.startsWith('--') || !isName(name) || !/^\d{1,10}$/.test(value)) {
      const known = Object.entries(defaults).map(([each, number]) => `--${each} ${number}`);
      throw new Error(
        `cannot read ${argv.slice(index, index + 2).join(' ')}; known, with defaults: ${known.join(' ')}`,
      );
    }
    numbers[name] = Number(value);
  }
  return numbers;
}

/** The value that this part of the sorted list lies below; 0 of an empty one. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}
