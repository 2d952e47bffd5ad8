import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { ExitlaneError } from '../../core/errors.js';
import { LOCK_HOLDER_ANSWER_MS } from '../limits.js';
import { type Folders, hashOf } from './folders.js';

export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only one that uses the folder: two PGlites on one folder destroy it without a word.
 *
 * What is held is a listening socket, which the kernel closes when the process dies, however it dies; nothing is ever
 * judged by its age. On Linux its name is abstract: no file, nothing left over. Everywhere a socket file is held too: it
 * is seen from containers that mount the same folder, where abstract names are not. A file left over by a dead process
 * refuses connections and is replaced; where there are no abstract names, two that replace it in the same instant could
 * both succeed. Whoever connects is told the holder's process id.
 *
 * @throws ExitlaneError DATA_DIRECTORY_IN_USE
 */
export async function lockDirectory(folders: Folders): Promise<DirectoryLock> {
  const held: Server[] = [];
  const release = async () => {
    await rm(folders.pidFile, { force: true });
    // Node removes the socket file of a server it closes.
    for (const server of held.reverse()) await closed(server);
  };
  try {
    if (process.platform === 'linux') held.push(await holdName(`\0exitlane-${hashOf(folders.root)}`, folders));
    held.push(await holdFile(path.join(folders.sockets, 'lock'), folders));
    await writeFile(folders.pidFile, `${process.pid}\n`);
    return { release };
  } catch (error) {
    for (const server of held.reverse()) await closed(server);
    throw error;
  }
}

async function holdName(name: string, folders: Folders): Promise<Server> {
  const server = await listen(name);
  if (server) return server;
  throw await inUse(folders, await askHolder(name));
}

async function holdFile(file: string, folders: Folders): Promise<Server> {
  const server = await listen(file);
  if (server) return server;
  const holder = await askHolder(file);
  if (holder.alive) throw await inUse(folders, holder);
  await rm(file, { force: true });
  const second = await listen(file);
  if (second) return second;
  throw await inUse(folders, await askHolder(file));
}

/** Undefined when somebody listens there, or did until it died. */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      // Whoever asks may be gone by the time of the answer; that is its own affair.
      socket.on('error', () => socket.destroy());
      socket.end(`${process.pid}\n`);
    });
    server.unref();
    server.once('listening', () => resolve(server));
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address);
  });
}

interface Holder {
  readonly alive: boolean;
  readonly pid?: string;
}

function askHolder(address: string): Promise<Holder> {
  return new Promise((resolve) => {
    let alive = false;
    let pid = '';
    const socket = connect(address);
    socket.setTimeout(LOCK_HOLDER_ANSWER_MS, () => socket.destroy());
    socket.on('connect', () => {
      alive = true;
    });
    socket.on('data', (data) => {
      pid += data.toString();
    });
    // Refused or missing: nobody is there. `close` follows either way.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve({ alive, pid: pid.trim() }));
  });
}

async function inUse(folders: Folders, holder: Holder): Promise<ExitlaneError> {
  const pid = holder.pid || (await readFile(folders.pidFile, 'utf8').catch(() => '')).trim();
  const who = pid ? `process ${pid}` : 'another process';
  return new ExitlaneError(
    'DATA_DIRECTORY_IN_USE',
    `the data directory ${folders.root} is in use by ${who}: stop it first, or name another directory; for several processes on one database set DATABASE_URL to a PostgreSQL`,
    { metadata: { directory: folders.root, ...(pid ? { pid } : {}) } },
  );
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
