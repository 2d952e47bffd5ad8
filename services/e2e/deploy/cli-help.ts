import { runCli } from '../../cli/program.js';

/** What the help of a command says that it takes. */
export interface Shape {
  readonly subcommands: readonly string[];
  /** Name with dashes, and whether a value follows. */
  readonly options: ReadonlyMap<string, boolean>;
  readonly argumentsMax: number;
}

const known = new Map<string, Promise<Shape>>();

/** From the real program: `exitlane alerts ack --help`, read. @throws Error when there is no such command */
export function shapeOf(path: readonly string[]): Promise<Shape> {
  const key = path.join(' ');
  const shape = known.get(key) ?? read(path);
  known.set(key, shape);
  return shape;
}

async function read(path: readonly string[]): Promise<Shape> {
  const text: string[] = [];
  const complaints: string[] = [];
  const stdout = { write: (part: string) => text.push(part), columns: 200 };
  const stderr = { write: (part: string) => complaints.push(part), columns: 200 };
  const io = { stdout, stderr, stdin: process.stdin, env: {}, signal: new AbortController().signal };
  const code = await runCli([...path, '--help'], io);
  const usage = /^Usage: exitlane(?: \[options\])?(.*)$/m.exec(text.join(''))?.[1] ?? '';
  if (code !== 0 || !usage.includes(path.join(' ')))
    throw new Error(`no command ${path.join(' ')}: ${complaints.join('')}`);
  const lines = text.join('').split('\n');
  const options = lines.flatMap((line): [string, boolean][] => {
    const [, short, long, value] = /^ {2}(?:(-\w), )?(--[\w-]+)( <[^>]+>| \[[^\]]+\])?(?: |$)/.exec(line) ?? [];
    if (long === undefined) return [];
    const takes = value !== undefined;
    return [[long, takes], ...(short === undefined ? [] : [[short, takes] as [string, boolean]])];
  });
  return {
    subcommands: sectionOf(lines, 'Commands:').map((line) => line.trim().split(/[ |]/)[0] ?? ''),
    options: new Map(options),
    argumentsMax: sectionOf(lines, 'Arguments:').length,
  };
}

function sectionOf(lines: readonly string[], title: string): string[] {
  const start = lines.indexOf(title);
  if (start === -1) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.trim() === '');
  return rest.slice(0, end === -1 ? undefined : end).filter((line) => /^ {2}\S/.test(line));
}

/** What is wrong with a command line, as far as the help tells; undefined when nothing is. */
export async function problemWith(words: readonly string[]): Promise<string | undefined> {
  const path: string[] = [];
  let shape = await shapeOf([]);
  let given = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word.startsWith('-')) {
      const takes = shape.options.get(word) ?? (await defaultOf(path))?.options.get(word);
      if (takes === undefined) return `${path.join(' ')} has no ${word}`;
      if (takes && words[index + 1] === undefined) return `${word} wants a value`;
      index += takes ? 1 : 0;
    } else if (given === 0 && shape.subcommands.includes(word)) {
      path.push(word);
      shape = await shapeOf(path);
    } else given += 1;
  }
  if (path.length === 0) return `${words[0]} is no verb`;
  const most = Math.max(shape.argumentsMax, (await defaultOf(path))?.argumentsMax ?? 0);
  return given > most ? `${path.join(' ')} takes ${most} arguments, not ${given}` : undefined;
}

/** Verbs that do something without a word behind them: `exitlane alerts <id>` is `exitlane alerts list <id>`. */
const DEFAULTS: Readonly<Record<string, string>> = { alerts: 'list', audit: 'list', state: 'get' };

async function defaultOf(path: readonly string[]): Promise<Shape | undefined> {
  const [verb = ''] = path;
  const name = path.length === 1 ? DEFAULTS[verb] : undefined;
  return name === undefined ? undefined : shapeOf([verb, name]);
}
