import { z } from 'zod';
import { ExitlaneError } from './errors.js';

/**
 * Settings from environment variables. All problems are reported at once, each with the variable's name and what it may
 * hold; values are not echoed, since some of them are secrets.
 */
export function readEnv<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv,
): z.infer<z.ZodObject<Shape>> {
  const given = Object.fromEntries(Object.keys(shape).map((name) => [name, env[name] === '' ? undefined : env[name]]));
  const result = z.object(shape).safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  ${problems.join('\n  ')}`, {
    violations: result.error.issues.map((issue) => ({ field: issue.path.join('.'), description: issue.message })),
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
  .default('info');

/** An http(s) address; a list of them is separated by commas. */
export const urlSetting = z.url({ protocol: /^https?$/, message: 'must be an http:// or https:// address' });

export const urlListSetting = z.string().transform((text, context) => {
  const urls = text.split(',').map((url) => url.trim());
  if (urls.every((url) => urlSetting.safeParse(url).success)) return urls;
  context.addIssue({ code: 'custom', message: 'must be http:// or https:// addresses, separated by commas' });
  return z.NEVER;
});
