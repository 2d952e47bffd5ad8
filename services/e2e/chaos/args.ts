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

/** Takes `--name choice` out of a command line; without it, the first choice. The rest is left for {@link readNumbers}. */
export function takeChoice<Choice extends string>(
  argv: readonly string[],
  name: string,
  choices: readonly [Choice, ...Choice[]],
): { choice: Choice; rest: readonly string[] } {
  const at = argv.indexOf(`--${name}`);
  if (at < 0) return { choice: choices[0], rest: argv };
  const choice = choices.find((each) => each === argv[at + 1]);
  if (choice === undefined) throw new Error(`--${name} must be one of ${choices.join(', ')}, not ${argv[at + 1]}`);
  return { choice, rest: argv.toSpliced(at, 2) };
}

/** The value that this part of the sorted list lies below; 0 of an empty one. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}
