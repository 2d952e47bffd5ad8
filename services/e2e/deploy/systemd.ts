import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf } from '../../../shared/core/errors.js';
import { aptGet } from '../apt.js';
import { textOf } from './files.js';

const run = promisify(execFile);

/** A unit file: for each section, the values of each key in their order. */
export type Unit = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

export function unitOf(file: string): Unit {
  const unit = new Map<string, Map<string, string[]>>();
  let section: Map<string, string[]> | undefined;
  for (const [index, raw] of textOf(file).split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, header] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (header !== undefined) {
      section = new Map();
      unit.set(header, section);
    } else if (key === undefined || value === undefined || !section) {
      throw new Error(`${file} line ${index + 1}: neither [Section] nor Key=value`);
    } else section.set(key, [...(section.get(key) ?? []), value]);
  }
  return unit;
}

export function valuesOf(unit: Unit, section: string, key: string): readonly string[] {
  return unit.get(section)?.get(key) ?? [];
}

export function lastValueOf(unit: Unit, section: string, key: string): string {
  return valuesOf(unit, section, key).at(-1) ?? '';
}

const PROGRAM = '/usr/bin/systemd-analyze';
const HELP = 'the tests of the unit files need systemd-analyze: install systemd (Debian: apt-get install systemd)';
/** A download of a few megabytes on a slow line. */
const INSTALL_MS_MAX = 5 * 60_000;

/** systemd's own checker, installed first where it is missing and that is possible: as root, with apt. It starts nothing. */
export async function systemdAnalyze(): Promise<string> {
  if (existsSync(PROGRAM)) return PROGRAM;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(HELP);
  process.stderr.write('installing systemd for the tests of the unit files ...\n');
  const options = { timeout: INSTALL_MS_MAX };
  try {
    await aptGet(['update'], options);
    await aptGet(['install', '-y', '--no-install-recommends', 'systemd'], options);
  } catch (cause) {
    throw new Error(`${HELP}; apt-get failed: ${messageOf(cause)}`, { cause });
  }
  if (!existsSync(PROGRAM)) throw new Error(HELP);
  return PROGRAM;
}

/** What the checker says about these units; nothing when they are right. It warns of unknown keys without failing. */
export async function complaintsAbout(files: readonly string[]): Promise<string> {
  const program = await systemdAnalyze();
  const [stdout, stderr] = await run(program, ['verify', '--man=no', ...files]).then(
    (output) => [output.stdout, output.stderr],
    (error: { stdout: string; stderr: string; message: string }) => [error.stdout, error.stderr || error.message],
  );
  return `${stdout}${stderr}`.trim();
}
