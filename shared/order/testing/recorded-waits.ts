import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../core/package-root.js';
import type { WaitFacts } from '../wait-estimate.js';

/** One order of a run that was recorded: what was known when it came, and what came of it. */
export interface RecordedWait {
  readonly priority: number;
  readonly facts: WaitFacts;
  readonly waitedMs: number;
}

/** A run on the sandbox with 50 ms blocks; `services/e2e/record-waits-main.ts` made it. */
export function recordedWaits(): readonly RecordedWait[] {
  const text = readFileSync(path.join(packageRoot(), 'shared/order/testing/recorded-waits.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
