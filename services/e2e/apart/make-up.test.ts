import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageRoot } from '../../../shared/core/package-root.js';
import { UpStack } from './up-stack.js';

const UP = path.join(packageRoot(), 'dist/services/up/main.js');
const CLI = path.join(packageRoot(), 'dist/services/cli/main.js');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `make up` and its like say and do, seen from a shell. */
describe('O3 P2 make up, make status, make demo-up and make down', function () {
  this.timeout(120_000);
  this.slow(30_000);
  let stack: UpStack;
  before(async () => {
    // The demo holds blocks for as long as it needs; no order may give its slot away meanwhile.
    stack = await UpStack.start({ CONFIRM_TIMEOUT_SECONDS: '60' });
  });
  after(() => stack?.close());

  async function run(program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const { settings } = stack;
    const env = {
      ...settings.environment,
      LANG: 'C.UTF-8',
      EXITLANE_UP_DIR: settings.folder,
      EXITLANE_UP_REQUESTOR_PORTS: settings.requestorPorts.join(','),
      EXITLANE_UP_PROCESSOR_PORTS: settings.processorPorts.join(','),
      EXITLANE_UP_CONSOLE_PORT: String(settings.consolePort),
      EXITLANE_UP_SANDBOX_PORT: String(settings.sandboxPort),
      EXITLANE_UP_POSTGRES_PORT: String(settings.postgresPort),
      EXITLANE_UP_METRICS_PORT: '0',
      EXITLANE_UP_SLOT_MS: String(settings.slotMs),
      ...more,
    };
    return promisify(execFile)(process.execPath, [program, ...args], { env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: Ended) => error,
    );
  }

  it('is up: everything is ready, twice is harmless, and what to do next is said', async () => {
    const again = await run(UP, ['up']);
    expect(again.stderr).to.equal('');
    expect(again.code).to.equal(0);
    expect(again.stdout).to.contain('Exitlane is up: 7 processes on this machine, everything was up already');
    const { wallet } = await stack.venue.state();
    expect(again.stdout).to.contain(wallet).and.contain(`http://127.0.0.1:${stack.settings.consolePort}`);
    expect(again.stdout).not.to.contain(readFileSync(stack.places.postgresPassword, 'utf8').trim());
    const status = await run(UP, ['status']);
    expect(status.code).to.equal(0);
    expect(status.stdout.match(/ ready$/gm)).to.have.length(7);
  });

  it('plays the demo on all of it, and leaves trading and blocks going', async () => {
    const env = { EXITLANE_REQUESTOR: stack.requestorAddress, EXITLANE_PROCESSOR: stack.processorAddress };
    const demo = await run(CLI, ['demo', '--running'], env);
    expect(demo.stderr).to.equal('');
    expect(demo.code).to.equal(0);
    expect(demo.stdout).to.contain('priority kept').and.contain('its positions stay open');
    const submit = await run(
      CLI,
      ['submit', 'entry', '--token', 'BONK', '--sol', '0.1', '--id', 'after', '--watch'],
      env,
    );
    expect(submit.code, submit.stderr).to.equal(0);
    const services = await run(CLI, ['status', '-o', 'json'], env);
    const told = JSON.parse(services.stdout);
    expect(told.requestor.map(({ health }: { health: string }) => health)).to.deep.equal(['SERVING', 'SERVING']);
    expect(told.processor.map(({ address }: { address: string }) => address).join(',')).to.equal(
      stack.processorAddress,
    );
  });

  it('plays no demo where it would disturb', async () => {
    const env = { EXITLANE_REQUESTOR: stack.requestorAddress, EXITLANE_PROCESSOR: stack.processorAddress };
    await stack.venue.pause();
    await stack.bot.buy('on-its-way', 'BONK', '0.1');
    const demo = await run(CLI, ['demo', '--running'], env);
    await stack.venue.resume();
    expect(demo.code).to.equal(2);
    expect(demo.stderr).to.contain('no demo here: orders are on their way');
  });

  it('says what died and how it ended, and brings back that alone', async () => {
    await stack.end('processor-2', 'SIGKILL');
    const status = await run(UP, ['status']);
    expect(status.code).to.equal(1);
    expect(status.stdout).to.match(/processor-2 +was \d+ .* DOWN/);
    expect(status.stdout).to.match(/processor-2 is down\. The end of .*:\n {4}\d\d:\d\d:\d\d\.\d{3} /);
    const before = stack.alive.map((name) => stack.record(name).pid);
    const up = await run(UP, ['up']);
    expect(up.code, up.stderr).to.equal(0);
    expect(up.stdout).to.contain('7 processes on this machine, 1 started');
    expect(stack.alive.map((name) => stack.record(name).pid)).to.include.members(before);
  });

  it('goes down and stays down, keeps its data, and says which port is taken when it comes back', async () => {
    const down = await run(UP, ['down']);
    expect(down.code, down.stderr).to.equal(0);
    expect(down.stdout.match(/ stopped after /g)).to.have.length(7);
    expect((await run(UP, ['status'])).stdout).to.contain('Nothing is up here: make up starts it.');
    expect(existsSync(stack.places.ledger)).to.equal(true);
    const other = createServer().listen(stack.settings.processorPorts[0], '127.0.0.1');
    await once(other, 'listening');
    const taken = await run(UP, ['up']);
    other.close();
    expect(taken.code).to.equal(1);
    expect(taken.stderr).to.contain(
      'of processor-1 is in use by another process: EXITLANE_UP_PROCESSOR_PORTS chooses it',
    );
    expect(stack.alive, 'what was started all the same').to.deep.equal([]);
    const back = await run(UP, ['up']);
    expect(back.code, back.stderr).to.equal(0);
    expect((await stack.bot.order('after')).orderReqId).to.equal('after');
    const wiped = await run(UP, ['down', '--wipe']);
    expect(wiped.code, wiped.stderr).to.equal(0);
    expect(existsSync(stack.settings.folder)).to.equal(false);
  });
});
