import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../../core/logger.js';
import { PGLITE_START_MS } from '../limits.js';
import type { Folders } from './folders.js';
import { PgliteThread } from './thread.js';

/**
 * Makes PostgreSQL's files at first start: in a folder beside, synced, then renamed. Whoever is killed on the way leaves an
 * unfinished folder, never half a database. A thread of its own, since making them takes 500 MB more than serving them.
 */
export async function ensureCluster(folders: Folders, logger: Logger): Promise<void> {
  await rm(folders.unfinished, { recursive: true, force: true });
  if (await exists(folders.cluster)) return;
  logger.info({ directory: folders.root }, 'making a new embedded database; this takes some seconds');
  const thread = new PgliteThread({ folder: folders.unfinished }, logger);
  await thread.exit(PGLITE_START_MS);
  if (thread.failure) throw thread.failure;
  await syncTree(folders.unfinished);
  await rename(folders.unfinished, folders.cluster);
  await syncOne(folders.root);
}

async function exists(folder: string): Promise<boolean> {
  return stat(folder).then(
    () => true,
    () => false,
  );
}

/** PGlite unpacks the first files without syncing them. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const child = path.join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(child);
    else if (entry.isFile()) await syncOne(child);
  }
  await syncOne(folder);
}

async function syncOne(fileOrFolder: string): Promise<void> {
  const handle = await open(fileOrFolder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
