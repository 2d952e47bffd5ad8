import type { z } from 'zod';
import { Refusal } from './refusal.js';

/** What was sent, checked. @throws Refusal that names every wrong field */
export function bodyOf<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const violations = result.error.issues.map(({ path, message }) => ({ field: path.join('.'), description: message }));
  const text = violations.map(({ field, description }) => `${field || 'body'}: ${description}`).join('; ');
  throw new Refusal(400, 'INVALID_FIELD', text, violations);
}
