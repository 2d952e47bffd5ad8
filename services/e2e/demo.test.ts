import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageRoot } from '../../shared/core/package-root.js';

const MAIN = path.join(packageRoot(), 'dist/services/cli/main.js');

describe('P2, P3, P4 exitlane demo', function () {
  // Making a database takes seconds, and many of them on a busy machine.
  this.timeout(180_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'exitlane-e2e-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Its temporary files go into a folder of the test's, so that what is left behind can be seen. */
  function start(...argv: string[]) {
    const env = { ...process.env, TMPDIR: folder, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
    const child = spawn(process.execPath, [MAIN, 'demo', ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      output.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output.stderr += chunk.toString();
    });
    const ended = once(child, 'close').then(([code]) => Number(code));
    return { child, output, ended };
  }

  async function childrenOf(pid: number | undefined): Promise<string> {
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'ppid,pid,args']);
    return stdout
      .split('\n')
      .filter((line) => line.trim().startsWith(`${pid} `))
      .join('\n');
  }

  it('fills every order in the promised sequence and leaves nothing behind', async () => {
    const { child, output, ended } = start();
    const exitCode = await ended;
    expect(output.stderr).to.equal('');
    expect(exitCode).to.equal(0);
    const lines = output.stdout.split('\n');
    const titleAt = lines.findIndex((line) => line.startsWith('#  ORDER'));
    const started = lines.slice(titleAt + 1, titleAt + 10).map((line) => /^\d {2}(.*?) {2,}\d/.exec(line)?.[1]);
    expect(started).to.deep.equal([
      'emergency',
      'stop-loss',
      'take-profit',
      'manual exit',
      'entry 1',
      'entry 2',
      'entry 3',
      'entry 4',
      'entry 5',
    ]);
    expect(output.stdout).to.contain('priority kept');
    expect(submitted(lines)).to.deep.equal([
      'entry 1',
      'entry 2',
      'manual exit',
      'entry 3',
      'take-profit',
      'entry 4',
      'stop-loss',
      'entry 5',
      'emergency',
    ]);
    expect(await readdir(folder)).to.deep.equal([]);
    expect(await childrenOf(child.pid)).to.equal('');
  });

  it('ends cleanly on Ctrl-C', async () => {
    const { child, output, ended } = start();
    for await (const _ of child.stdout) if (output.stdout.includes('take all 3 slots')) break;
    child.kill('SIGINT');
    expect(await ended).to.equal(1);
    expect(output.stderr).to.equal('error: interrupted (SIGINT)\n');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  /** Orders of the line by their first message. */
  function submitted(lines: readonly string[]): string[] {
    const from = lines.findIndex((line) => line.startsWith('3  '));
    const to = lines.findIndex((line) => line.startsWith('5  '));
    return lines
      .slice(from, to)
      .flatMap((line) => /^ *\d+\.\d{3} {2}(.{11}) {2}.{6} {2}PENDING/.exec(line)?.[1]?.trim() ?? []);
  }
});
