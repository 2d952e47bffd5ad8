import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@solana/web3.js';
import { expect } from 'chai';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

describe('O1 O3 the sandbox as a process', () => {
  let dataDir: string;
  const started: ChildProcess[] = [];
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'exitlane-sandbox-'));
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });

  function start(env: Record<string, string>) {
    const settings = { EXITLANE_SANDBOX_DATA_DIR: dataDir, EXITLANE_SANDBOX_PORT: '0', ...env };
    const child = spawn(process.execPath, [MAIN], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    started.push(child);
    let text = '';
    const url = new Promise<string>((resolve) => {
      child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const found = /"url":"([^"]+)"/.exec(text);
        if (found?.[1]) resolve(found[1]);
      });
    });
    return { child, url, log: () => text, ended: once(child, 'close').then(() => child.exitCode) };
  }

  it('serves, and ends cleanly on SIGTERM and SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const sandbox = start({ EXITLANE_SANDBOX_SLOT_MS: '50' });
      const connection = new Connection(await sandbox.url, 'processed');
      expect(await connection.getSlot()).to.be.greaterThan(20_000);
      sandbox.child.kill(signal);
      expect(await sandbox.ended).to.equal(0);
    }
  });

  it('is open to others only where that is said in a setting of its own', async () => {
    const sandbox = start({ EXITLANE_SANDBOX_OPEN_HOST: '0.0.0.0', EXITLANE_SANDBOX_SLOT_MS: '50' });
    const port = new URL(await sandbox.url).port;
    expect(await sandbox.url).to.include('0.0.0.0');
    expect(await new Connection(`http://127.0.0.1:${port}`, 'processed').getSlot()).to.be.greaterThan(20_000);
  });

  it('goes on with its chain after SIGKILL', async () => {
    const first = start({});
    const height = await new Connection(await first.url).getBlockHeight('processed');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = start({});
    expect(await new Connection(await second.url).getBlockHeight('processed')).to.be.greaterThanOrEqual(height);
  });

  it('takes a scenario and a seed for faults by chance from the environment', async () => {
    const scenario = path.join(dataDir, 'scenario.jsonl');
    writeFileSync(scenario, '{"atBlock":0,"action":"pause"}\n');
    const sandbox = start({
      EXITLANE_SANDBOX_SCENARIO: scenario,
      EXITLANE_SANDBOX_CHAOS_SEED: '7',
      EXITLANE_SANDBOX_CHAOS_INTENSITY: '0.25',
      EXITLANE_SANDBOX_CHAOS_EXCLUDE: 'hang, slow',
    });
    const state = (await (await fetch(`${await sandbox.url}/control/state`)).json()) as object;
    const chaos = { seed: 7, intensity: 0.25, drawn: 0 };
    expect(state).to.deep.include({ paused: true, chaos, scenario: { done: 1, total: 1 } });
  });

  const wrong: [Record<string, string>, RegExp][] = [
    [{ EXITLANE_SANDBOX_SCENARIO: '/nowhere/x.json' }, /scenario .*x\.json cannot be used/],
    [{ EXITLANE_SANDBOX_CHAOS_SEED: '-1' }, /EXITLANE_SANDBOX_CHAOS_SEED \(environment\): must be a whole number/],
    [
      { EXITLANE_SANDBOX_CHAOS_INTENSITY: '2' },
      /EXITLANE_SANDBOX_CHAOS_INTENSITY \(environment\): must be a number above 0/,
    ],
    [{ EXITLANE_SANDBOX_CHAOS_EXCLUDE: 'hang,melt' }, /EXITLANE_SANDBOX_CHAOS_EXCLUDE.* must be kinds of faults/],
    [{ EXITLANE_SANDBOX_HOST: '0.0.0.0' }, /EXITLANE_SANDBOX_HOST \(environment\): must be a loopback address/],
    [{ EXITLANE_SANDBOX_HOST: 'example.com' }, /EXITLANE_SANDBOX_HOST \(environment\): must be a loopback address/],
    [{ EXITLANE_SANDBOX_PORT: '70000' }, /EXITLANE_SANDBOX_PORT \(environment\): must be at most 65535/],
    [{ EXITLANE_SANDBOX_SLOT_MS: '0' }, /EXITLANE_SANDBOX_SLOT_MS \(environment\): must be at least 1/],
    [{ EXITLANE_SANDBOX_SEED: 'abc' }, /EXITLANE_SANDBOX_SEED \(environment\): must be a whole number/],
  ];
  for (const [env, error] of wrong) {
    it(`refuses ${JSON.stringify(env)}`, async () => {
      const sandbox = start(env);
      expect(await sandbox.ended).to.equal(1);
      expect(sandbox.log()).to.match(error);
    });
  }
});
