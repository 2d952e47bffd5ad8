import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { configProblems } from '../config-report.js';
import { CONFIGURED } from '../configured.js';
import { type Check, type Finding, ok, problem, warning } from './check.js';
import { DISK_PROBLEM_BYTES, DISK_WARNING_BYTES, MEMORY_WARNING_BYTES } from './limits.js';

/** Settings, disk and memory. */

export const settings: Check = {
  name: 'settings',
  run({ settings: loaded, dataDir }) {
    const findings: Finding[] = loaded.warnings.map((text) => warning(text, 'correct the name, or remove it'));
    // A stack of `exitlane dev` has settings of its own.
    if (dataDir !== undefined) return [...findings, ok('those of exitlane dev')];
    const wrong = new Map<string, string[]>();
    for (const service of CONFIGURED) {
      for (const text of configProblems(service, loaded)) wrong.set(text, [...(wrong.get(text) ?? []), service]);
    }
    if (wrong.size === 0) return [...findings, ok('valid for requestor, processor and console')];
    const problems = [...wrong].map(([text, services]) => {
      return problem(
        `${services.join(', ')}: ${text}`,
        'exitlane config check tells the same; docs/settings.md lists all',
      );
    });
    return [...findings, ...problems];
  },
};

export const disk: Check = {
  name: 'disk',
  async run({ dataDir }) {
    const places = new Map([
      ['working directory', process.cwd()],
      ['temporary files', tmpdir()],
    ]);
    if (dataDir !== undefined) places.set('data directory', dataDir);
    return Promise.all([...places].map(([what, folder]) => spaceIn(what, folder)));
  },
};

async function spaceIn(what: string, wanted: string): Promise<Finding> {
  let folder = path.resolve(wanted);
  while (!existsSync(folder)) folder = path.dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const saw = `${what} ${folder}: ${gigabytes(free)} free`;
  const todo = 'free space: without it nothing is written, and no order goes on';
  if (free < DISK_PROBLEM_BYTES) return problem(saw, todo);
  return free < DISK_WARNING_BYTES ? warning(saw, todo) : ok(saw);
}

export const memory: Check = {
  name: 'memory',
  run() {
    const free = availableMemory();
    const saw = `${gigabytes(free)} of ${gigabytes(totalmem())} available`;
    if (free >= MEMORY_WARNING_BYTES) return [ok(saw)];
    return [warning(saw, 'a service takes 150 MB, the embedded database up to 830 MB: stop something, or add memory')];
  },
};

/** Linux counts what it may give back as used. */
function availableMemory(): number {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  } catch {
    return freemem();
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
