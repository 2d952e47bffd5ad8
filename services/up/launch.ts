import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { ClientSecurityConfig } from '../../shared/auth/settings.js';
import { identify, isAlive } from './identity.js';
import { READY_WITHIN_MS, START_AGAIN_MS, STARTS_MAX } from './limits.js';
import { lastLines, openLog } from './logs.js';
import type { Places } from './places.js';
import { shown } from './places.js';
import type { Planned } from './plan.js';
import { isReady, until } from './probe.js';
import { type ProcessRecord, writeRecord } from './record.js';

export interface LaunchParts {
  readonly places: Places;
  readonly environment: NodeJS.ProcessEnv;
  /** For the question whether it is ready. */
  readonly security: ClientSecurityConfig;
}

/** Starts a process that outlives this one, notes which one it is, and resolves when it does its work. */
export async function launch(planned: Planned, parts: LaunchParts): Promise<ProcessRecord> {
  for (let starts = 1; ; starts++) {
    const record = await begin(planned, parts);
    if (await becomesReady(record, parts.security)) return record;
    const lines = lastLines(record);
    const again = !isAlive(record) && lines.some(isPassing);
    if (again && starts < STARTS_MAX) {
      await new Promise((resolve) => setTimeout(resolve, START_AGAIN_MS));
      continue;
    }
    throw failed(record, lines);
  }
}

/** Waits until a process that runs does its work. @throws Error with the last lines of its log */
export async function untilReady(record: ProcessRecord, security: ClientSecurityConfig): Promise<void> {
  if (await becomesReady(record, security)) return;
  throw failed(record, lastLines(record));
}

async function begin(planned: Planned, { places, environment }: LaunchParts): Promise<ProcessRecord> {
  const { name, kind, program, args, env, user, address, probe } = planned;
  const { fd, ...log } = openLog(places, name);
  try {
    const child = spawn(program, [...args], {
      ...user,
      // PostgreSQL gets nothing that is not its own: it has settings in the environment, too.
      env: kind === 'postgres' ? { PATH: environment.PATH, ...env } : { ...environment, ...env },
      detached: true,
      stdio: ['ignore', fd, fd],
    });
    const failure = await new Promise<Error | undefined>((resolve) => {
      child.once('error', resolve);
      child.once('spawn', () => resolve(undefined));
    });
    if (failure || child.pid === undefined) throw new Error(`${name} did not start: ${failure?.message}`);
    child.unref();
    // One that is gone already has no start time any more, and is found dead under any.
    const { startedAt } = identify(child.pid) ?? { startedAt: 'gone at once' };
    const since = new Date().toISOString();
    const record: ProcessRecord = { name, kind, pid: child.pid, startedAt, since, address, probe, ...log };
    writeRecord(places, record);
    return record;
  } finally {
    closeSync(fd);
  }
}

/** False when it ended, or took too long. */
async function becomesReady(record: ProcessRecord, security: ClientSecurityConfig): Promise<boolean> {
  let ready = false;
  await until(async () => {
    ready = await isReady(record.probe, security);
    // What answers when it is dead is somebody else's.
    if (!isAlive(record)) ready = false;
    return ready || !isAlive(record);
  }, READY_WITHIN_MS);
  return ready;
}

function failed(record: ProcessRecord, lines: readonly string[]): Error {
  const { name, log } = record;
  const what = !isAlive(record) ? 'ended while it started' : `is not ready after ${READY_WITHIN_MS / 1_000} s`;
  return new Error(
    `${name} ${what}; its log, ${shown(log)}, ends with\n${lines.map((line) => `    ${line}`).join('\n')}`,
  );
}

/**
 * What is over in a moment. After `kill -9` of PostgreSQL its own processes need a while to notice; and the ports were free a moment ago,
 * but Linux gives such numbers to outgoing connections too.
 */
function isPassing(line: string): boolean {
  return /shared memory block .* still in use|lock file "postmaster.pid" already exists|another process uses this port/.test(
    line,
  );
}
