import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { CannotCheck } from './cannot-check.js';

/**
 * Reads a file of one JSON object per line, line by line. A last line that a crash cut short was never acknowledged to anybody
 * and is left out; any other line that does not fit makes the file useless.
 *
 * @throws CannotCheck naming the line
 */
export async function* readJsonLines<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): AsyncGenerator<z.infer<Schema>> {
  let number = 0;
  let broken: CannotCheck | undefined;
  for await (const line of linesOf(path)) {
    number += 1;
    // Something came after it: the broken line was not the last one.
    if (broken) throw broken;
    if (line.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      broken = new CannotCheck(`${path} line ${number} is not JSON`, { cause });
      continue;
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
      throw new CannotCheck(`${path} line ${number} is not what was expected: ${problems}`);
    }
    yield parsed.data;
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, 'utf8');
  try {
    yield* createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (cause) {
    throw new CannotCheck(`${path} cannot be read`, { cause });
  } finally {
    stream.destroy();
  }
}
