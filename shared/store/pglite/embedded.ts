import { rm } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { ExitlaneError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { PGLITE_CONNECTION_WAIT_MS, PGLITE_START_MS, PGLITE_STOP_MS } from '../limits.js';
import { ensureCluster } from './cluster.js';
import { type Folders, prepareFolders, SOCKET_NAME, SOCKET_PORT } from './folders.js';
import { type DirectoryLock, lockDirectory } from './lock.js';
import { PgliteThread } from './thread.js';

/** A running embedded PostgreSQL: a locked folder, and a thread that serves it on a unix socket. */
export class EmbeddedServer {
  readonly thread: PgliteThread;
  /** How pg reaches it. One connection at a time: there is one session behind it. */
  readonly connection: pg.ClientConfig;
  readonly #lock: DirectoryLock;

  private constructor(thread: PgliteThread, lock: DirectoryLock, folders: Folders) {
    this.thread = thread;
    this.#lock = lock;
    this.connection = {
      host: folders.sockets,
      port: SOCKET_PORT,
      user: 'postgres',
      database: 'postgres',
      // The mode of the socket's folder is the protection; nothing from the environment may get in.
      password: '',
      ssl: false,
      connectionTimeoutMillis: PGLITE_CONNECTION_WAIT_MS,
    };
  }

  /** @throws ExitlaneError DATA_DIRECTORY_IN_USE, CONFIG_INVALID, DATABASE_UNAVAILABLE */
  static async start(dataDir: string, logger: Logger): Promise<EmbeddedServer> {
    if (process.platform === 'win32') {
      throw new ExitlaneError(
        'CONFIG_INVALID',
        'the embedded database needs unix sockets: use WSL, or set DATABASE_URL to a PostgreSQL',
      );
    }
    const folders = await prepareFolders(dataDir);
    const lock = await lockDirectory(folders);
    try {
      await ensureCluster(folders, logger);
      return new EmbeddedServer(await startThread(folders, logger), lock, folders);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Writes a last checkpoint, ends the thread and gives the folder free. */
  async stop(): Promise<void> {
    await this.thread.stop(PGLITE_STOP_MS);
    await this.#lock.release();
  }
}

async function startThread(folders: Folders, logger: Logger): Promise<PgliteThread> {
  const socket = path.join(folders.sockets, SOCKET_NAME);
  // The lock is ours: a socket file that is still there was left by a process that died.
  await rm(socket, { force: true });
  const thread = new PgliteThread({ folder: folders.cluster, socket }, logger);
  const timer = setTimeout(() => void thread.kill(), PGLITE_START_MS);
  try {
    await thread.ready;
  } finally {
    clearTimeout(timer);
  }
  return thread;
}
