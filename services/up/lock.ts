import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Identity, identify, isAlive } from './identity.js';
import type { Places } from './places.js';

/** Runs the work while nobody else starts or stops this stack. @throws Error naming who is at it */
export async function alone<T>({ folder, lock }: Places, work: () => Promise<T>): Promise<T> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  take(lock);
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string): void {
  // Whole from its first moment on: who finds a lock that is written by half would take it for a stale one.
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  try {
    while (!isFirst(own, lock)) {
      const holder = holderOf(lock);
      if (holder && isAlive(holder)) throw isBusy(holder);
      removeStale(lock);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** Puts the file there, unless there is one. */
function isFirst(file: string, there: string): boolean {
  try {
    linkSync(file, there);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Takes away what somebody left behind who was killed. Another one may have done so already and hold the lock now: what was taken
 * away is looked at once more, and put back.
 * @throws Error naming who is at it
 */
export function removeStale(lock: string): void {
  const aside = `${lock}.${process.pid}.stale`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const holder = holderOf(aside);
    if (!holder || !isAlive(holder)) return;
    isFirst(aside, lock);
    throw isBusy(holder);
  } finally {
    rmSync(aside, { force: true });
  }
}

function isBusy({ pid }: Identity): Error {
  return new Error(`another make up or make down is at work on this stack (process ${pid}): wait until it is done`);
}

function holderOf(lock: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as Identity;
  } catch {
    // Gone again.
    return undefined;
  }
}
