import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { messageOf } from './errors.js';

/** One setting as a file gives it. */
export interface FileSetting {
  readonly name: string;
  readonly value: string;
  /** Line it stands in, from 1. */
  readonly line: number;
}

export interface SettingsFile {
  readonly path: string;
  readonly settings: readonly FileSetting[];
  /** Permission bits. */
  readonly mode: number;
  /** What is wrong with its form, each with its line. */
  readonly problems: readonly string[];
}

/** A file with every setting twice takes 30 kB; anything much larger is another file. */
const FILE_BYTES_MAX = 1024 * 1024;

const ASSIGNMENT = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;

/**
 * Reads lines `NAME=value`, as systemd's EnvironmentFile and compose's env_file take them: empty lines and those that begin with `#`
 * or `;` say nothing, a value may stand in single or double quotes, and nothing is expanded. Never throws.
 */
export function readSettingsFile(path: string): SettingsFile {
  let text: string;
  let mode: number;
  try {
    const file = openSync(path, 'r');
    try {
      const stat = fstatSync(file);
      mode = stat.mode & 0o777;
      if (!stat.isFile()) return broken(path, 'is not a regular file');
      if (stat.size > FILE_BYTES_MAX) return broken(path, 'is too large for a file of settings');
      text = readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return broken(path, `cannot be read (${codeOf(error)})`);
  }
  return { path, mode, ...parseSettings(path, text) };
}

function broken(path: string, problem: string): SettingsFile {
  return { path, settings: [], mode: 0, problems: [`the settings file ${path} ${problem}`] };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
}

/** The lines of a file. Values are never repeated in problems: any of them may be a secret. */
export function parseSettings(path: string, text: string): Pick<SettingsFile, 'settings' | 'problems'> {
  const settings = new Map<string, FileSetting>();
  const problems: string[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '').trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const at = `${path} line ${index + 1}`;
    const [, name, rest] = ASSIGNMENT.exec(line) ?? [];
    const value = rest === undefined ? undefined : unquoted(rest.trim());
    if (name === undefined) problems.push(`${at}: must be NAME=value`);
    else if (value === undefined) problems.push(`${at}: the quotes around the value of ${name} do not match`);
    else {
      const before = settings.get(name);
      if (before) problems.push(`${at}: ${name} is set in line ${before.line} already`);
      settings.set(name, { name, value, line: index + 1 });
    }
  }
  return { settings: [...settings.values()], problems };
}

/** Without its quotes; undefined when they do not match. */
function unquoted(text: string): string | undefined {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text;
  if (text.length < 2 || !text.endsWith(quote)) return undefined;
  const inner = text.slice(1, -1);
  if (quote === "'") return inner.includes("'") ? undefined : inner;
  if (/(^|[^\\])(\\\\)*"/.test(inner)) return undefined;
  return inner.replace(/\\(["\\$`])/g, '$1');
}
