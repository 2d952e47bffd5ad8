import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { ExitlaneError } from '../../shared/core/errors.js';

/**
 * Takes the data directory for this process; two sandboxes on one ledger would ruin it. The lock is an abstract unix
 * socket, which the kernel frees when the process dies, however it dies. Other systems than Linux have none: there the
 * caller must keep directories apart.
 *
 * Returns the function that gives the lock back.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  if (process.platform !== 'linux') return async () => undefined;
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex');
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      const text = `${directory} is in use by another sandbox: stop it, or give this one another data directory`;
      reject(taken ? new ExitlaneError('DATA_DIRECTORY_IN_USE', text, { cause }) : cause);
    });
    server.listen(`\0exitlane-sandbox-${name}`, resolve);
  });
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}
