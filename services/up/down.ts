import { rmdirSync, rmSync } from 'node:fs';
import { isAlive, signalTo } from './identity.js';
import { KILL_WITHIN_MS, STOP_WITHIN_MS } from './limits.js';
import { alone } from './lock.js';
import type { Places } from './places.js';
import type { Kind } from './plan.js';
import { until } from './probe.js';
import { type ProcessRecord, readRecords, removeRecord } from './record.js';

/** How a process ended. */
export interface Stopped {
  readonly record: ProcessRecord;
  /** `died`: it was gone before. `killed`: it did not end by itself in time. */
  readonly how: 'stopped' | 'killed' | 'died';
  readonly tookMs: number;
}

/**
 * Who is asked first: those that take work in, then those that do it, the chain when nobody looks at it any more, and the database when
 * nobody writes to it.
 */
const ORDER: readonly (readonly Kind[])[] = [['console', 'requestor'], ['processor'], ['sandbox'], ['postgres']];

/** Asks nicely, then not: PostgreSQL's "fast" ends sessions and writes everything down, "immediate" leaves that to the next start. */
const SIGNALS: Readonly<Record<Kind, readonly [NodeJS.Signals, NodeJS.Signals]>> = {
  console: ['SIGTERM', 'SIGKILL'],
  requestor: ['SIGTERM', 'SIGKILL'],
  processor: ['SIGTERM', 'SIGKILL'],
  sandbox: ['SIGTERM', 'SIGKILL'],
  postgres: ['SIGINT', 'SIGQUIT'],
};

/**
 * Stops everything that was started. Data stay, unless they are to be wiped.
 * @param onStopped told of each process as it ends
 */
export function down(places: Places, wipe: boolean, onStopped: (stopped: Stopped) => void): Promise<Stopped[]> {
  return alone(places, async () => {
    const records = readRecords(places);
    const all: Stopped[] = [];
    for (const kinds of ORDER) {
      const some = records.filter(({ kind }) => kinds.includes(kind));
      all.push(
        ...(await Promise.all(
          some.map(async (record) => {
            const stopped = await stop(record);
            removeRecord(places, record.name);
            onStopped(stopped);
            return stopped;
          }),
        )),
      );
    }
    if (wipe) remove(places);
    return all;
  }).finally(() => {
    if (wipe) removeEmpty(places);
  });
}

async function stop(record: ProcessRecord): Promise<Stopped> {
  const from = performance.now();
  const [gently, hard] = SIGNALS[record.kind];
  const tookMs = () => performance.now() - from;
  const gone = () => !isAlive(record);
  if (!signalTo(record, gently)) return { record, how: 'died', tookMs: tookMs() };
  // A process that stands still takes no signal but the last.
  if (await until(gone, STOP_WITHIN_MS)) return { record, how: 'stopped', tookMs: tookMs() };
  signalTo(record, hard);
  if (!(await until(gone, KILL_WITHIN_MS))) {
    signalTo(record, 'SIGKILL');
    await until(gone, KILL_WITHIN_MS);
  }
  if (!gone()) throw new Error(`${record.name} (process ${record.pid}) does not end, even by SIGKILL`);
  return { record, how: 'killed', tookMs: tookMs() };
}

/** By name: a folder that was named by mistake loses nothing else. */
function remove({ run, logs, postgres, sandbox, databaseUrl, postgresPassword, env }: Places): void {
  for (const each of [run, logs, postgres, sandbox, databaseUrl, postgresPassword, env]) {
    rmSync(each, { recursive: true, force: true, maxRetries: 3 });
  }
}

function removeEmpty({ folder }: Places): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty: what is left was not made here. Or somebody has begun anew.
  }
}
