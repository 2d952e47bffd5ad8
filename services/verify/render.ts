import type { CheckResult, VerifyReport } from './report.js';

/** What the exit code of a verification says. */
export const VerifyExit = {
  /** Something was looked at, and no violation was found. */
  CLEAN: 0,
  VIOLATIONS: 1,
  /** A file or the database could not be read, or there was nothing at all to look at. */
  COULD_NOT_CHECK: 2,
} as const;

export type VerifyExit = (typeof VerifyExit)[keyof typeof VerifyExit];

export function exitCodeOf(report: VerifyReport): VerifyExit {
  if (!report.ok) return VerifyExit.VIOLATIONS;
  return report.checks.some(({ rows }) => rows > 0) ? VerifyExit.CLEAN : VerifyExit.COULD_NOT_CHECK;
}

/** Violations shown per check; JSON has more. */
const SHOWN_MAX = 20;

/** The report for people: one line per check, then what breaks it. */
export function reportLines(report: VerifyReport): string[] {
  const width = Math.max(...report.checks.map(({ name }) => name.length));
  return [...report.checks.flatMap((check) => checkLines(check, width)), '', summary(report)];
}

function checkLines(check: CheckResult, width: number): string[] {
  const { name, promise, rows, violations, omitted, notes } = check;
  const found = violations.length + omitted;
  const verdict = found > 0 ? 'FAIL' : rows === 0 ? 'none' : 'ok';
  const looked = `${rows} ${rows === 1 ? 'row' : 'rows'}`;
  const lines = [`${verdict.padEnd(4)}  ${name.padEnd(width)}  ${looked.padStart(10)}  ${promise}`];
  const below = ' '.repeat(6);
  if (rows === 0 && found === 0)
    lines.push(`${below}nothing was looked at${notes.length > 0 ? `: ${notes.join('; ')}` : ''}`);
  else lines.push(...notes.map((note) => `${below}note: ${note}`));
  lines.push(...violations.slice(0, SHOWN_MAX).map(({ subject, detail }) => `${below}${subject}: ${detail}`));
  if (found > SHOWN_MAX) lines.push(`${below}and ${found - SHOWN_MAX} more`);
  return lines;
}

function summary({ checks }: VerifyReport): string {
  const failed = checks.filter(({ violations }) => violations.length > 0);
  const empty = checks.filter(({ rows, violations }) => rows === 0 && violations.length === 0);
  const found = failed.reduce((sum, { violations, omitted }) => sum + violations.length + omitted, 0);
  const verdict =
    failed.length > 0
      ? `${found} violations of ${failed.map(({ name }) => name).join(', ')}`
      : empty.length === checks.length
        ? 'nothing could be checked: there are no rows'
        : 'no violations';
  const left = empty.length > 0 ? `; ${empty.length} of ${checks.length} checks had nothing to look at` : '';
  return `${verdict}${left}.`;
}
