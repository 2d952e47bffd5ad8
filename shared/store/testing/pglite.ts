import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { silentLogger } from '../../core/logger.js';
import type { Database } from '../database.js';
import type { StoreObserver } from '../observer.js';
import { EmbeddedServer } from '../pglite/embedded.js';
import { openOn } from '../pglite/open.js';

/**
 * Embedded databases for tests. Making one takes 5 s and starting one 0.8 s, emptying a running one 0.1 s: so one is made
 * per process, copied for each server that is needed at the same time, and servers are emptied and used again.
 */
let folder: string | undefined;
let template: Promise<string> | undefined;
let started = 0;
const idle: EmbeddedServer[] = [];

const FOLDER = 'exitlane-pglite-';

/** Folders of test runs that were killed. */
function removeLeftOvers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^exitlane-pglite-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function temporaryFolder(): string {
  if (!folder) {
    removeLeftOvers();
    const made = mkdtempSync(path.join(tmpdir(), `${FOLDER}${process.pid}-`));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}

/** A data directory with an empty database that was never opened by anybody: no tables, no lock. Removed at exit. */
export async function newDataDir(): Promise<string> {
  template ??= makeTemplate();
  const source = await template;
  started += 1;
  const dataDir = path.join(temporaryFolder(), String(started));
  await mkdir(dataDir, { mode: 0o700 });
  await cp(path.join(source, 'pgdata'), path.join(dataDir, 'pgdata'), { recursive: true });
  return dataDir;
}

/** An empty migrated database; `onClosed` runs when it was closed. */
export async function openEmptyPglite(onClosed: () => void, observer?: StoreObserver): Promise<Database> {
  const server = idle.pop() ?? (await EmbeddedServer.start(await newDataDir(), silentLogger));
  await empty(server);
  return openOn(server, {
    logger: silentLogger,
    observer,
    onClosed: async () => {
      idle.push(server);
      onClosed();
    },
  });
}

/** Ends the servers that are kept. Mocha calls it by itself. */
export async function stopPglite(): Promise<void> {
  await Promise.all(idle.splice(0).map((server) => server.stop()));
}

async function makeTemplate(): Promise<string> {
  const dataDir = path.join(temporaryFolder(), 'template');
  const server = await EmbeddedServer.start(dataDir, silentLogger);
  await server.stop();
  return dataDir;
}

/** Also undoes what the last test did to functions and settings: the schema is made anew by the migrations. */
async function empty(server: EmbeddedServer): Promise<void> {
  const client = new pg.Client(server.connection);
  await client.connect();
  await client.query('DISCARD ALL');
  await client.query('DROP SCHEMA public CASCADE');
  await client.query('CREATE SCHEMA public');
  await client.end();
}

if (typeof after === 'function') after(stopPglite);
