import { expect } from 'chai';
import { unary } from '../../shared/grpc/unary.js';
import { ExitCode } from './exit-codes.js';
import { styleFor, wantsColour } from './render/style.js';
import { anOrder, run, serve } from './testing/rig.js';

const VERBS = [
  'demo',
  'dev',
  'submit',
  'signal',
  'watch',
  'orders',
  'cancel',
  'retry',
  'positions',
  'exit',
  'retry-exit',
  'plan',
  'pnl',
  'alerts',
  'top',
  'queue',
  'state',
  'price',
  'gate',
  'wallet',
  'status',
  'call',
  'verify',
];

describe('the command line', () => {
  it('documents exit codes and examples in its help', async () => {
    const { exitCode, stdout } = await run(['--help']);
    expect(exitCode).to.equal(ExitCode.OK);
    expect(stdout).to.contain('Exit codes:').and.to.contain('Examples:');
    expect(stdout).to.match(/4 {2}unknown: the request may have been accepted/);
  });

  for (const verb of VERBS) {
    it(`has help within 80 columns for ${verb}`, async () => {
      const { exitCode, stdout } = await run([verb, '--help'], { columns: 80 });
      expect(exitCode).to.equal(ExitCode.OK);
      expect(stdout).to.contain('Global Options:');
      for (const line of stdout.split('\n')) expect(line.length, line).to.be.at.most(80);
    });
  }

  it('shows the version', async () => expect((await run(['--version'])).stdout).to.match(/^\d+\.\d+\.\d+\n$/));

  for (const [argv, text] of [
    [['ordrs'], "unknown command 'ordrs'"],
    [['orders', '-o', 'xml'], 'Allowed choices are text, json'],
    [['orders', '--requestor', 'nonsense'], 'must be host:port'],
    [['orders', '--requestor', 'host:99999'], 'must be host:port'],
  ] as const) {
    it(`ends with 1 for ${argv.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(argv);
      expect(exitCode).to.equal(ExitCode.LOCAL);
      expect(stderr).to.contain(text);
    });
  }

  it('refuses an address in the environment that is none', async () => {
    const { exitCode, stderr } = await run(['orders'], { env: { EXITLANE_PROCESSOR: 'nonsense' } });
    expect(exitCode).to.equal(ExitCode.LOCAL);
    expect(stderr).to.contain('EXITLANE_PROCESSOR must be host:port');
  });

  it('takes global options before and after the verb', async () => {
    const server = await serve({ orders: { listOrders: unary(() => ({ orders: [anOrder()], nextPageToken: '' })) } });
    try {
      for (const argv of [
        ['-o', 'json', '--requestor', server.address, 'orders'],
        ['orders', '-o', 'json', '--requestor', server.address],
      ]) {
        expect(JSON.parse((await run(argv)).stdout).orders).to.have.length(1);
      }
    } finally {
      await server.close();
    }
  });

  it('colours a terminal only, and not when told not to', () => {
    expect(wantsColour(true, {}, true)).to.equal(true);
    expect(wantsColour(false, {}, true)).to.equal(false);
    expect(wantsColour(true, { NO_COLOR: '1' }, true)).to.equal(false);
    expect(wantsColour(true, { TERM: 'dumb' }, true)).to.equal(false);
    expect(wantsColour(true, {}, false)).to.equal(false);
    expect(styleFor(false).red('x')).to.equal('x');
  });

  it('shows where an error happened only when asked', async () => {
    expect((await run(['orders'])).stderr).not.to.contain('    at ');
    expect((await run(['orders'], { env: { EXITLANE_DEBUG: '1' } })).stderr).to.contain('    at ');
  });
});
