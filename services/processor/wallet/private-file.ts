import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ExitlaneError } from '../../../shared/core/errors.js';

/** Permission bits of group and others. */
export const NOT_OWNER = 0o077;

/** A keypair takes 400 characters, a keystore 900; anything much larger is another file. */
const FILE_BYTES_MAX = 4_096;

/**
 * Reads a file with a secret that only its owner may read. A link is followed, and what it leads to is judged. The file that
 * was checked is the file that is read: both happen through one descriptor. The caller wipes the bytes.
 *
 * @param what how errors name it, such as `keypair file`
 * @throws ExitlaneError CONFIG_INVALID (missing, no regular file, readable by others, too large)
 */
export function readPrivateFile(path: string, what: string): Buffer {
  const file = open(path, what);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw invalidFile(what, path, 'is not a regular file');
    if ((stat.mode & NOT_OWNER) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(3, '0');
      throw invalidFile(what, path, `can be read by others (mode ${mode}): run chmod 600 ${path}`);
    }
    if (stat.size > FILE_BYTES_MAX) throw invalidFile(what, path, `is too large for a ${what}`);
    return readAll(file, stat.size);
  } finally {
    closeSync(file);
  }
}

/** An error about a file with a secret. Its message names the file and quotes nothing of it. */
export function invalidFile(what: string, path: string, problem: string): ExitlaneError {
  return new ExitlaneError('CONFIG_INVALID', `${what} ${path} ${problem}`, { metadata: { path } });
}

/** The system's name for an error, such as `ENOENT`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

/** Does not wait for a writer where the path is a named pipe. */
function open(path: string, what: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw invalidFile(what, path, `cannot be opened (${codeOf(error)}): give the path of a ${what}`);
  }
}

/** Into one buffer, so that there is one copy to wipe. */
function readAll(file: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const read = readSync(file, bytes, filled, size - filled, filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
