import { z } from 'zod';
import { ControlError } from './control-mints.js';

/** What is wrong with one field of a control body. */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

/** What an error says about the body it was thrown for; undefined when the body is not to blame. */
export function violationsOf(error: unknown): Violation[] | undefined {
  if (error instanceof ControlError) {
    return [{ field: error.field, description: error.message.slice(error.field.length + 2) }];
  }
  if (error instanceof RangeError) return [{ field: 'fault', description: error.message }];
  if (error instanceof SyntaxError) return [{ field: 'body', description: error.message }];
  if (!(error instanceof z.ZodError)) return undefined;
  return error.issues.map((issue) => ({ field: issue.path.join('.') || 'body', description: issue.message }));
}
