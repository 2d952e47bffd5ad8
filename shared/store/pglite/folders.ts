import { createHash } from 'node:crypto';
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ExitlaneError, messageOf } from '../../core/errors.js';
import { SOCKET_PATH_BYTES_MAX } from '../limits.js';

/** Where the parts of an embedded database are. */
export interface Folders {
  /** What the user named, as a real path. */
  readonly root: string;
  /** PostgreSQL's files. */
  readonly cluster: string;
  /** PostgreSQL's files while they are made; renamed to `cluster` when complete. */
  readonly unfinished: string;
  /** Where the sockets are: `root`, or a short folder when that path is too long for a socket. */
  readonly sockets: string;
  /** For people only. */
  readonly pidFile: string;
}

/** Name that pg looks for in the folder it is given as `host`. */
export const SOCKET_PORT = 5432;
export const SOCKET_NAME = `.s.PGSQL.${SOCKET_PORT}`;

/** Creates the folders (mode 0700: whoever can open the socket is the database's superuser). */
export async function prepareFolders(dataDir: string): Promise<Folders> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const root = await realpath(dataDir);
    return {
      root,
      cluster: path.join(root, 'pgdata'),
      unfinished: path.join(root, 'pgdata.unfinished'),
      sockets: await socketFolder(root),
      pidFile: path.join(root, 'exitlane.pid'),
    };
  } catch (error) {
    if (error instanceof ExitlaneError) throw error;
    throw new ExitlaneError('CONFIG_INVALID', `the data directory ${dataDir} cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

export function hashOf(root: string): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 32);
}

async function socketFolder(root: string): Promise<string> {
  if (fits(root)) return root;
  const short = [tmpdir(), '/tmp'].map((base) => path.join(base, `exitlane-${hashOf(root)}`)).find(fits);
  if (!short) throw new Error(`its path is too long for a socket, and so is ${tmpdir()}`);
  await mkdir(short, { recursive: true, mode: 0o700 });
  const { uid, mode } = await lstat(short);
  // The temporary folder is everyone's: someone else may have been first.
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new Error(`${short} is not only yours: remove it, or use a shorter path`);
  }
  return short;
}

function fits(folder: string): boolean {
  return Buffer.byteLength(path.join(folder, SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX;
}
