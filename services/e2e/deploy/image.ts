import { textOf } from './files.js';

/** One instruction of a Dockerfile, lines that go on joined. */
export interface Instruction {
  readonly line: number;
  readonly name: string;
  readonly args: string;
}

/** From one FROM to the next. */
export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export const INSTRUCTIONS = [
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'LABEL',
  'RUN',
  'STOPSIGNAL',
  'USER',
  'WORKDIR',
];

export function instructionsOf(file: string): Instruction[] {
  const found: Instruction[] = [];
  let open: Instruction | undefined;
  for (const [index, raw] of textOf(file).split('\n').entries()) {
    const text = raw.trim();
    if (text === '' || text.startsWith('#')) continue;
    const [, name = '', args = ''] = open ? [] : (/^([A-Za-z]+)\s+(.+)$/.exec(text) ?? []);
    const begun: Instruction = open
      ? { ...open, args: `${open.args} ${text}` }
      : { line: index + 1, name: name.toUpperCase(), args };
    if (begun.args.endsWith('\\')) open = { ...begun, args: begun.args.slice(0, -1).trim() };
    else {
      found.push(begun);
      open = undefined;
    }
  }
  if (open) throw new Error(`${file}: the last line goes on`);
  return found;
}

/** Stages, with `ARG`s before the first FROM put into their bases. */
export function stagesOf(file: string): Stage[] {
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  const globals = new Map<string, string>();
  for (const instruction of instructionsOf(file)) {
    const { name, args } = instruction;
    if (name === 'FROM') {
      const [, base = '', alias] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(args) ?? [];
      const filled = base.replace(/\$\{(\w+)\}/g, (_, variable: string) => globals.get(variable) ?? '');
      stages.push({ base: filled, name: alias, instructions: [] });
    } else if (stages.length === 0) {
      const [variable = '', value = ''] = args.split('=');
      globals.set(variable, value);
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** `COPY [--from=stage] source... target`. */
export interface Copy {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
  readonly line: number;
}

export function copiesOf({ instructions }: Stage): Copy[] {
  return instructions
    .filter(({ name }) => name === 'COPY')
    .map(({ args, line }) => {
      const words = args.split(/\s+/);
      const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
      const paths = words.filter((word) => !word.startsWith('--'));
      return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '', line };
    });
}

/** The one of its name that counts: the last. */
export function lastOf({ instructions }: Stage, name: string): string {
  return instructions.filter((each) => each.name === name).at(-1)?.args ?? '';
}

/** Programs that the image holds, below its folder: what a `command` may name. */
export const PROGRAMS = ['requestor', 'processor', 'console', 'sandbox', 'cli'].map(
  (service) => `dist/services/${service}/main.js`,
);
