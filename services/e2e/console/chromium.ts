import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { messageOf } from '../../../shared/core/errors.js';
import { aptGet } from '../apt.js';

/** Where packages of Debian, Ubuntu, Fedora and Arch put it, and what people install by hand. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** A download of a hundred megabytes on a slow line, after the wait for others who install something. */
const INSTALL_MS_MAX = 12 * 60_000;

const HELP =
  'the tests of the console need Chromium: install it (Debian: apt-get install chromium) or name it in CHROMIUM_PATH';

/** Chromium's path, installed first where it is missing and that is possible: as root, with apt. */
async function findChromium(): Promise<string> {
  const { CHROMIUM_PATH: named } = process.env;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM_PATH names ${named}, which does not exist`);
  }
  const found = PLACES.find((place) => existsSync(place));
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(HELP);
  process.stderr.write('installing Chromium for the tests of the console ...\n');
  await install();
  const installed = PLACES.find((place) => existsSync(place));
  if (installed === undefined) throw new Error(HELP);
  return installed;
}

async function install(): Promise<void> {
  const options = { timeout: INSTALL_MS_MAX };
  try {
    await aptGet(['update'], options);
    await aptGet(['install', '-y', '--no-install-recommends', 'chromium'], options);
  } catch (cause) {
    throw new Error(`${HELP}; apt-get failed: ${messageOf(cause)}`, { cause });
  }
}

/** A real Chromium without a window. It may talk to this machine only, as everything in the tests. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await findChromium();
  return chromium.launch({
    executablePath,
    // Its sandbox does not run as root, which test machines often are.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-background-networking'],
  });
}
