// Runs the test files folder by folder, as many mocha processes side by side as there are cores (at most four), and closes with
// the sum: 'N passed, N failed'. A folder is a process of its own, so that one that dies does not take the others along.
// JOBS=n sets how many run at a time; arguments keep the folders that contain one of them.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import process from 'node:process';

const ROOTS = ['dist/proto', 'dist/shared', 'dist/services'];
/** Known to take longest: begun first, so that none of them is left over at the end. */
const LONG = [
  'services/e2e',
  'services/cli',
  'shared/store',
  'services/sandbox',
  'services/processor',
  'services/verify',
];
const JOBS = Number(process.env.JOBS ?? 0) || Math.max(1, Math.min(4, availableParallelism()));
/** A folder that takes this long hangs; the longest takes a third of it on a slow machine. */
const FOLDER_MS_MAX = 15 * 60_000;

const started = Date.now();
const wanted = process.argv.slice(2);
const folders = testFolders().filter((folder) => wanted.length === 0 || wanted.some((part) => folder.includes(part)));
if (folders.length === 0) {
  console.log(`no tests in ${wanted.join(', ')}: run 'make build' first, or name another folder`);
  process.exit(1);
}
const total = { passed: 0, failed: 0, skipped: 0 };
const broken = [];
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(130);
  });
}
const queue = [...folders];
await Promise.all(Array.from({ length: JOBS }, work));
if (broken.length > 0) console.log(`\nfailed in: ${broken.join(', ')}`);
console.log(`\n${folders.length} folders in ${seconds(Date.now() - started)}, ${JOBS} at a time`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 || broken.length > 0 || total.passed === 0 ? 1 : 0;

async function work() {
  for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) await runFolder(folder);
}

function runFolder(folder) {
  const began = Date.now();
  const child = spawn('node_modules/.bin/mocha', ['--config', '.mocha/config.json', `dist/${folder}/*.test.js`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const hung = setTimeout(() => child.kill('SIGKILL'), FOLDER_MS_MAX);
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(hung);
      running.delete(child);
      report(folder, code, signal, Buffer.concat(output).toString('utf8'), Date.now() - began);
      resolve();
    });
  });
}

function report(folder, code, signal, output, ms) {
  const [, passed, failed, skipped] = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(output) ?? [];
  total.passed += Number(passed ?? 0);
  total.failed += Number(failed ?? 0);
  total.skipped += Number(skipped ?? 0);
  const counts = passed === undefined ? `no summary (exit ${code ?? signal})` : `${passed} passed, ${failed} failed`;
  console.log(`  ${folder.padEnd(42)} ${counts.padEnd(24)} ${seconds(ms)}`);
  if (code === 0 && passed !== undefined) return;
  broken.push(folder);
  console.log(output.replace(/^/gm, '    '));
}

/** Folders with test files, the long ones first. */
function testFolders() {
  const found = ROOTS.flatMap((root) =>
    readdirSync(root, { recursive: true })
      .filter((file) => file.endsWith('.test.js'))
      .map((file) => path.relative('dist', path.join(root, path.dirname(file)))),
  );
  const rank = (folder) => {
    const at = LONG.findIndex((long) => folder.startsWith(long));
    return at === -1 ? LONG.length : at;
  };
  return [...new Set(found)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(0)} s`;
}
