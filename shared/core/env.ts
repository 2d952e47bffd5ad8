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
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((n) => n >= min && n <= max, message)
    .default(fallback);
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
