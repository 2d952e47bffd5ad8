import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf } from '../../../shared/core/errors.js';
import { aptGet } from '../apt.js';

const run = promisify(execFile);

/** A download of a few megabytes on a slow line, and the wait for others who install something. */
const INSTALL_MS_MAX = 10 * 60_000;
/** Debian's first: the packages below are for that one, and another `python3` may stand before it in PATH. */
const PYTHONS = ['/usr/bin/python3', 'python3'];
const PACKAGES = ['python3-grpcio', 'python3-protobuf'];

const HELP = `the tests of the Python example need Python 3 with grpcio and protobuf: install them (Debian: apt-get install ${PACKAGES.join(' ')})`;

/** A Python that has grpcio and protobuf, installed first where they are missing and that is possible: as root, with apt. */
export async function findPython(): Promise<string> {
  const found = await firstWithGrpc();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(HELP);
  process.stderr.write('installing grpcio for the tests of the Python example ...\n');
  await install();
  const installed = await firstWithGrpc();
  if (installed === undefined) throw new Error(HELP);
  return installed;
}

async function firstWithGrpc(): Promise<string | undefined> {
  for (const python of PYTHONS) {
    const works = await run(python, ['-c', 'import grpc, google.protobuf']).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  return undefined;
}

async function install(): Promise<void> {
  const options = { timeout: INSTALL_MS_MAX };
  try {
    await aptGet(['update'], options);
    await aptGet(['install', '-y', '--no-install-recommends', ...PACKAGES], options);
  } catch (cause) {
    throw new Error(`${HELP}; apt-get failed: ${messageOf(cause)}`, { cause });
  }
}
