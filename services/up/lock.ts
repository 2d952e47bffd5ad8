import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const own = identify(process.pid);
  for (;;) {
    try {
      writeFileSync(lock, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(lock);
    if (holder && isAlive(holder)) {
      throw new Error(
        `another make up or make down is at work on this stack (process ${holder.pid}): wait until it is done`,
      );
    }
    // Left behind by one that was killed.
    rmSync(lock, { force: true });
  }
}

function holderOf(lock: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as Identity;
  } catch {
    // Gone again, or written by half when its writer was killed.
    return undefined;
  }
}
