import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Places } from './places.js';
import type { Kind } from './plan.js';

const KINDS = ['postgres', 'sandbox', 'processor', 'requestor', 'console'] as const satisfies readonly Kind[];

const probe = z.discriminatedUnion('by', [
  z.object({ by: z.literal('grpc'), address: z.string(), caFile: z.string().optional() }),
  z.object({ by: z.literal('http'), url: z.string() }),
  z.object({ by: z.literal('postgres'), url: z.string() }),
]);

const recordForm = z.object({
  name: z.string(),
  kind: z.enum(KINDS),
  pid: z.int(),
  /** See `Identity`. */
  startedAt: z.string(),
  /** ISO 8601. */
  since: z.string(),
  address: z.string(),
  probe,
  log: z.string(),
  /** Where its log begins in the file: what stands before is of its earlier lives. */
  logFrom: z.int(),
});

/** A process that was started and not stopped. Whether it still runs is for `isAlive` to say. */
export type ProcessRecord = z.infer<typeof recordForm>;

/** All of them, in the order in which they were planned. */
export function readRecords({ run }: Places): ProcessRecord[] {
  if (!existsSync(run)) return [];
  const files = readdirSync(run).filter((name) => name.endsWith('.json'));
  const records = files.flatMap((name) => readRecord(path.join(run, name)));
  return records.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.name.localeCompare(b.name));
}

/** A record appears whole or not at all, whatever happens meanwhile. */
export function writeRecord({ run }: Places, record: ProcessRecord): void {
  mkdirSync(run, { recursive: true, mode: 0o755 });
  const file = path.join(run, `${record.name}.json`);
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeRecord({ run }: Places, name: string): void {
  rmSync(path.join(run, `${name}.json`), { force: true });
}

function readRecord(file: string): ProcessRecord[] {
  try {
    return [recordForm.parse(JSON.parse(readFileSync(file, 'utf8')))];
  } catch (cause) {
    throw new Error(`${file} is not what make up wrote: stop the process that it names and remove the file`, { cause });
  }
}
