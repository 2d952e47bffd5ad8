import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../../shared/core/package-root.js';
import { devBanner } from '../render/dev-banner.js';
import { PLAIN } from '../render/style.js';
import { run } from '../testing/rig.js';

const MAIN = path.join(packageRoot(), 'dist/services/cli/main.js');
const FREE_PORTS = ['--requestor-port', '0', '--processor-port', '0', '--sandbox-port', '0', '--console-port', '0'];

describe('exitlane dev', function () {
  // Making a database takes seconds, and many of them on a busy machine.
  this.timeout(180_000);
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'exitlane-dev-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  function start(...options: string[]) {
    const argv = [MAIN, 'dev', '--data-dir', folder, '--log-level', 'error', ...options];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const output = { stderr: '' };
    child.stderr.on('data', (chunk: Buffer) => {
      output.stderr += chunk.toString();
    });
    return { child, output, ended: once(child, 'close').then(([code]) => Number(code)) };
  }

  it('serves until Ctrl-C, and tells a second one off in one line', async () => {
    const first = start('-o', 'json', ...FREE_PORTS);
    const [chunk] = await once(first.child.stdout, 'data');
    const running = JSON.parse(String(chunk));
    const status = await run(['status', '--requestor', running.requestor, '--processor', running.processor]);
    expect(status.exitCode).to.equal(0);
    expect((await fetch(running.console)).status, 'the console').to.equal(200);

    const at = ['--requestor', running.requestor, '--processor', running.processor];
    const venue = ['--set', `JUPITER_URL=${running.sandbox}`, `SOLANA_RPC_URLS=${running.sandbox}`];
    const doctor = await run(['doctor', '--data-dir', folder, ...at, ...venue]);
    expect(doctor.exitCode, doctor.stdout).to.equal(0);
    expect(doctor.stdout)
      .to.match(/database .* is in use by process/)
      .and.match(/services +trading state ACTIVE/);

    const second = start(...FREE_PORTS);
    expect(await second.ended).to.equal(1);
    expect(second.output.stderr).to.match(/^error: .*in use.*\n {2}-> --data-dir names another\n$/);

    first.child.kill('SIGINT');
    expect(await first.ended).to.equal(0);
    expect(first.output.stderr).to.equal('closing ...\n');
  });

  it('O4 takes settings of alerts and limits, and says at once which are wrong', async () => {
    const wrong = start(...FREE_PORTS, '--set', 'MAX_ATTEMPTS=0', 'MIN_SOL_RESERVE=much');
    expect(await wrong.ended).to.equal(1);
    expect(wrong.output.stderr).to.match(/MAX_ATTEMPTS \(flag\): must be a whole number from 1 to 20/);
    expect(wrong.output.stderr).to.match(/MIN_SOL_RESERVE \(flag\): must be an amount of SOL/);

    const slack = 'SLACK_WEBHOOK_URL=http://127.0.0.1:9/services/T0';
    const right = start('-o', 'json', ...FREE_PORTS, '--log-level', 'info', '--set', slack);
    await once(right.child.stdout, 'data');
    expect(right.output.stderr).to.contain('slack (127.0.0.1:9)').and.not.contain('services/T0');
    right.child.kill('SIGINT');
    expect(await right.ended).to.equal(0);
  });

  it('says which port is taken, without a stack', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      const { ended, output } = start(...FREE_PORTS, '--requestor-port', String(port));
      expect(await ended).to.equal(1);
      expect(output.stderr).to.contain(String(port)).and.to.contain('--requestor-port');
      expect(output.stderr).not.to.contain('    at ');
    } finally {
      taken.close();
    }
  });
});

describe('what exitlane dev shows when it is ready', () => {
  const running = {
    requestorAddress: '127.0.0.1:50051',
    processorAddress: '127.0.0.1:50052',
    sandboxUrl: 'http://127.0.0.1:8899',
    consoleUrl: 'http://127.0.0.1:8080',
    walletAddress: 'wallet',
    dataDir: './.exitlane',
  };
  const text = devBanner(running, 'npx exitlane', { style: PLAIN, utf8: false }).join('\n');

  it('says first that it is not for production', () => {
    expect(text.split('\n')[1]).to.contain('NOT FOR PRODUCTION - sandbox venue, no real money, no authentication');
  });

  it('gives grpcurl lines to paste: list, describe, submit, stream', () => {
    expect(text).to.contain('grpcurl -plaintext 127.0.0.1:50051 list');
    expect(text).to.contain('grpcurl -plaintext 127.0.0.1:50051 describe exitlane.v1.OrderService.SubmitOrder');
    const [, request] = /-d '(.*)' 127\.0\.0\.1:50051 exitlane\.v1\.OrderService\/SubmitOrder/.exec(text) ?? [];
    expect(JSON.parse(request ?? '')).to.include({ order_type: 'ORDER_TYPE_ENTRY', order_req_id: 'first' });
    expect(text).to.match(/127\.0\.0\.1:50052 exitlane\.v1\.DeliveryService\/StreamOrder/);
  });
});
