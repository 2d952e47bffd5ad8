import { z } from 'zod';
import { ExitlaneError, type FieldViolation } from './errors.js';
import type { LogLevel } from './logger.js';
import { type LoadedSettings, loadedSettings, originText } from './settings.js';

/**
 * Settings from an environment, or from what `loadSettings` made. All problems are reported at once, each with the setting's name,
 * what it may hold and where the bad value came from; values are not echoed, since some of them are secrets.
 */
export function readEnv<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv,
): z.infer<z.ZodObject<Shape>> {
  const loaded = loadedSettings(env);
  const given = Object.fromEntries(Object.keys(shape).map((name) => [name, env[name] === '' ? undefined : env[name]]));
  const result = z.object(shape).safeParse(given);
  const problems = loaded?.problems ?? [];
  if (result.success && problems.length === 0) return result.data;
  const violations = (result.error?.issues ?? []).map((issue) => ({
    field: issue.path.join('.'),
    description: issue.message,
  }));
  throw invalidSettings(violations, problems, loaded);
}

/** Runs checks of settings that go together, and reports what all of them say at once. @throws CONFIG_INVALID */
export function checkTogether(...checks: readonly (() => void)[]): void {
  const failures = checks.flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      if (error instanceof ExitlaneError && error.reason === 'CONFIG_INVALID') return [error];
      throw error;
    }
  });
  const [first, ...others] = failures;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw invalidSettings(
    failures.flatMap(({ violations }) => violations),
    failures.flatMap(({ violations, message }) => (violations.length > 0 ? [] : [message])),
  );
}

function invalidSettings(
  violations: readonly FieldViolation[],
  problems: readonly string[],
  loaded?: LoadedSettings,
): ExitlaneError {
  const lines = violations.map(({ field, description }) => {
    const origin = loaded?.origins.get(field);
    return origin === undefined ? `${field}: ${description}` : `${field} (${originText(origin)}): ${description}`;
  });
  return new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  ${[...lines, ...problems].join('\n  ')}`, {
    violations,
  });
}

/** A whole number from `min` to `max`. */
export function intSetting(min: number, max: number, fallback: number) {
  return wholeNumber(min, max).default(fallback);
}

/** The same without a default; nothing is undefined. */
export function optionalIntSetting(min: number, max: number) {
  return wholeNumber(min, max).optional();
}

/** A number such as `0.5` from `min` to `max`, without a default. */
export function optionalDecimalSetting(min: number, max: number) {
  const message = `must be a number from ${min} to ${max}`;
  return numberLike(/^\d{1,12}(\.\d{1,6})?$/, min, max, message).optional();
}

function wholeNumber(min: number, max: number) {
  return numberLike(/^\d{1,15}$/, min, max, `must be a whole number from ${min} to ${max}`);
}

function numberLike(form: RegExp, min: number, max: number, message: string) {
  return z
    .string()
    .regex(form, message)
    .transform(Number)
    .refine((n) => n >= min && n <= max, message);
}

export const portSetting = (fallback: number) => intSetting(0, 65_535, fallback);

export const logLevelSetting = z
  .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    message: 'must be trace, debug, info, warn, error, fatal or silent',
  })
  .default('info')
  .meta({ description: 'Lines from this level on are logged, on standard error.' });

/** An http(s) address; a list of them is separated by commas. */
export const urlSetting = z.url({ protocol: /^https?$/, message: 'must be an http:// or https:// address' });

/** `postgresql://...`; required, unless the caller makes it optional. */
export const databaseUrlSetting = z
  .string('is required: the requestor and the processor share one PostgreSQL. For a first look run `exitlane dev`.')
  .regex(/^postgres(ql)?:\/\//, 'must begin with postgresql://')
  .meta({
    description: '`postgresql://user:password@host:port/database`, shared by requestor and processor.',
    secrecy: 'address',
    allowed: 'a `postgresql://` address',
  });

/** The level of a process's log as far as it can be told before its settings are read. */
export function logLevelOf(env: NodeJS.ProcessEnv): LogLevel {
  return logLevelSetting.safeParse(env.EXITLANE_LOG_LEVEL || undefined).data ?? 'info';
}

export const urlListSetting = z.string().transform((text, context) => {
  const urls = text.split(',').map((url) => url.trim());
  if (urls.every((url) => urlSetting.safeParse(url).success)) return urls;
  context.addIssue({ code: 'custom', message: 'must be http:// or https:// addresses, separated by commas' });
  return z.NEVER;
});
