import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Another folder's tests may be installing a browser. */
const TURN_WAIT_S = 10 * 60;

/**
 * Runs apt-get, one at a time on this machine: several folders of tests may miss packages at once, and apt-get fails where another one
 * holds its lists. The lock is on the program itself, of which there is one that everybody may read.
 * @throws Error when it fails
 */
export async function aptGet(
  args: readonly string[],
  options: { readonly cwd?: string; readonly timeout: number },
): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const takeTurns = ['--timeout', String(TURN_WAIT_S), '/usr/bin/apt-get'];
  await run('flock', [...takeTurns, 'apt-get', '-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], { ...options, env });
}
