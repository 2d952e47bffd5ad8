import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../shared/core/errors.js';
import { packageRoot } from '../../../shared/core/package-root.js';
import { aptGet } from '../apt.js';

const run = promisify(execFile);

const PLACES = ['/usr/bin/promtool', '/usr/local/bin/promtool', '/opt/homebrew/bin/promtool'];

/** Where it is put when it had to be fetched. */
const FETCHED = path.join(packageRoot(), 'node_modules/.cache/exitlane/promtool');

/** A download of thirty megabytes on a slow line. */
const FETCH_MS_MAX = 5 * 60_000;

const HELP =
  'the tests of the alert rules need promtool: install it (Debian: apt-get install prometheus) or name it in PROMTOOL_PATH';

/**
 * promtool's path. Where it is missing and there is apt, the package is fetched and taken apart rather than installed: installing it
 * would start a service.
 */
export async function findPromtool(): Promise<string> {
  const { PROMTOOL_PATH: named } = process.env;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`PROMTOOL_PATH names ${named}, which does not exist`);
  }
  const found = [...PLACES, FETCHED].find((place) => existsSync(place));
  if (found !== undefined) return found;
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb')) throw new Error(HELP);
  process.stderr.write('fetching promtool for the tests of the alert rules ...\n');
  await fetchPromtool();
  return FETCHED;
}

async function fetchPromtool(): Promise<void> {
  await mkdir(path.dirname(FETCHED), { recursive: true });
  const folder = await mkdtemp(`${FETCHED}-`);
  const options = { cwd: folder, timeout: FETCH_MS_MAX };
  const download = () => aptGet(['download', 'prometheus'], options);
  try {
    await download().catch(async () => {
      await aptGet(['update'], options);
      await download();
    });
    const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (file === undefined) throw new Error('no package came');
    await run('dpkg-deb', ['-x', file, 'unpacked'], options);
    await rename(path.join(folder, 'unpacked/usr/bin/promtool'), FETCHED);
  } catch (cause) {
    throw new Error(`${HELP}; fetching it failed: ${messageOf(cause)}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
