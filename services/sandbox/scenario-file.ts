import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { ExitlaneError, messageOf } from '../../shared/core/errors.js';
import { CONTROL_ACTION_NAMES, CONTROL_ACTIONS, type ControlActionName } from './control-actions.js';
import { violationsOf } from './control-violations.js';
import type { ScenarioStep } from './scenario.js';

/** A day of a busy market, and small enough to be read at once. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const STEPS_MAX = 10_000;

const count = z.number().int().min(0).max(1_000_000_000);
const action = z.custom<ControlActionName>(
  (name) => CONTROL_ACTION_NAMES.some((each) => each === name),
  `must be one of ${CONTROL_ACTION_NAMES.join(', ')}`,
);

const stepSchema = z
  .strictObject({
    atBlock: count.optional(),
    afterTransaction: count.min(1).optional(),
    action,
    body: z.unknown().optional(),
  })
  .refine(({ atBlock, afterTransaction }) => (atBlock === undefined) !== (afterTransaction === undefined), {
    path: ['atBlock'],
    message: 'give either atBlock or afterTransaction',
  });

/**
 * Reads a scenario: a JSON array of steps, or one step per line (JSON Lines; empty lines and lines that begin with `#` do not
 * count). README.md has the shape.
 *
 * @throws ExitlaneError CONFIG_INVALID that names everything wrong in the file, by step and field
 */
export function readScenarioFile(file: string): ScenarioStep[] {
  const entries = entriesOf(file, textOf(file));
  if (entries.length > STEPS_MAX)
    throw invalid(file, [`it has ${entries.length} steps; at most ${STEPS_MAX} are read`]);
  const problems: string[] = [];
  const steps = entries.flatMap(({ place, value, problem }) => {
    const read = problem === undefined ? readStep(place, value) : { problems: [problem] };
    if ('step' in read) return [read.step];
    problems.push(...read.problems.map((each) => `${place}: ${each}`));
    return [];
  });
  if (problems.length > 0) throw invalid(file, problems);
  return steps;
}

interface Entry {
  readonly place: string;
  readonly value?: unknown;
  readonly problem?: string;
}

function textOf(file: string): string {
  try {
    if (statSync(file).size > FILE_BYTES_MAX) throw new Error(`it is larger than ${FILE_BYTES_MAX} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(file, [messageOf(error)]);
  }
}

function entriesOf(file: string, text: string): Entry[] {
  if (!text.trimStart().startsWith('[')) return entriesOfLines(text);
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.map((each, index) => ({ place: `step ${index + 1}`, value: each })) : [];
  } catch (error) {
    throw invalid(file, [`it is not JSON: ${messageOf(error)}`]);
  }
}

function entriesOfLines(text: string): Entry[] {
  return text.split('\n').flatMap((line, index): Entry[] => {
    if (line.trim() === '' || line.trimStart().startsWith('#')) return [];
    const place = `line ${index + 1}`;
    try {
      return [{ place, value: JSON.parse(line) as unknown }];
    } catch (error) {
      return [{ place, problem: `it is not JSON: ${messageOf(error)}` }];
    }
  });
}

function readStep(place: string, value: unknown): { step: ScenarioStep } | { problems: string[] } {
  const parsed = stepSchema.safeParse(value);
  if (!parsed.success) return { problems: problemsOf(parsed.error, '') };
  const { atBlock, afterTransaction, action: name, body } = parsed.data;
  try {
    const run = CONTROL_ACTIONS[name](body);
    if (atBlock !== undefined) return { step: { atBlock, place, action: name, run } };
    return { step: { afterTransaction: afterTransaction ?? 1, place, action: name, run } };
  } catch (error) {
    return { problems: problemsOf(error, 'body.') };
  }
}

function problemsOf(error: unknown, prefix: string): string[] {
  const violations = violationsOf(error);
  if (!violations) throw error;
  return violations.map(({ field, description }) => {
    return prefix !== '' && field === 'body' ? `body: ${description}` : `${prefix}${field}: ${description}`;
  });
}

function invalid(file: string, problems: readonly string[]): ExitlaneError {
  const text = problems.map((problem) => `\n  ${problem}`).join('');
  return new ExitlaneError('CONFIG_INVALID', `scenario ${file} cannot be used:${text}`);
}
