import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageRoot } from '../../../shared/core/package-root.js';
import { START_MS, type Stack, startStack } from '../api/stack.js';

const run = promisify(execFile);

const TSCONFIG = {
  compilerOptions: {
    module: 'node16',
    moduleResolution: 'node16',
    target: 'es2022',
    strict: true,
    types: ['node'],
    outDir: 'out',
  },
  files: ['bot.ts', 'types.ts'],
};

/** Uses what the API offers with the types it has; never runs. */
const TYPES = `
import { type Alert, CallError, connectExitlane, type Order, type Position, statusOf } from 'exitlane/client';

const client = connectExitlane({ requestor: 'dns:///requestor:50051', processor: '10.0.0.1:1,10.0.0.2:1', security: { caFile: 'system', token: 't' } });
const one: Order = await client.orders.get({ orderReqId: 'a' }, { signal: AbortSignal.timeout(1) });
const price: string = one.actualPrice;
const when: Date | undefined = one.filledAt;
for await (const position of client.positions.watch()) { const each: Position = position; void each.exitPlan?.stopLossPercent; }
for await (const alert of client.alerts.watch()) { const each: Alert = alert; void each; }
for await (const message of client.followOrder('a', { afterSequence: 3n })) { const bps: number | undefined = statusOf(message)?.slippageBps; void bps; }
await client.orders.sell({ positionId: 'p', exitReason: 'manual', amountTokens: '1.5' });
// @ts-expect-error an amount is a decimal string
await client.orders.buy({ tokenAddress: 't', amountSol: 0.5 });
// @ts-expect-error an entry spends SOL
await client.orders.buy({ tokenAddress: 't' });
// @ts-expect-error there is no such option
await client.exitPosition('p', { percentage: 50 });
const error: unknown = new Error();
if (error instanceof CallError && error.outcomeUnknown) { const reason: string | undefined = error.reason; void reason; }
void price; void when;
`;

describe('S6 exitlane/client as a package: packed, put into another project, type-checked and run', function () {
  this.timeout(START_MS);
  const folder = mkdtempSync(path.join(tmpdir(), 'exitlane-consumer-'));
  const modules = path.join(folder, 'node_modules');
  const ours = path.join(packageRoot(), 'node_modules');
  let stack: Stack;

  before(async () => {
    await Promise.all([
      makeConsumer(),
      startStack().then((started) => {
        stack = started;
      }),
    ]);
  });
  after(async () => {
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As `npm install` would, with the packages that are here: those that the tarball depends on, and the types of Node.js. */
  async function makeConsumer(): Promise<void> {
    const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
    const { stdout } = await run('npm', pack, { cwd: packageRoot() });
    const installed = path.join(modules, 'exitlane');
    mkdirSync(installed, { recursive: true });
    await run('tar', ['-xzf', path.join(folder, stdout.trim()), '--strip-components=1', '-C', installed]);
    const { dependencies } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
    for (const name of [...Object.keys(dependencies), '@types/node']) {
      mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
      symlinkSync(path.join(ours, name), path.join(modules, name));
    }
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'bot', private: true, type: 'module' }));
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    const docs = readFileSync(path.join(packageRoot(), 'docs/clients.md'), 'utf8');
    writeFileSync(path.join(folder, 'bot.ts'), /```ts\n(.*?)```/s.exec(docs)?.[1] ?? '');
    writeFileSync(path.join(folder, 'types.ts'), TYPES);
  }

  const botSays = (...addresses: string[]) => run(process.execPath, ['out/bot.js', ...addresses], { cwd: folder });

  it('its types hold what they promise, and refuse what is wrong', async () => {
    await run(process.execPath, [path.join(ours, 'typescript/bin/tsc'), '-p', '.'], { cwd: folder });
  });

  it('the bot of docs/clients.md buys, follows, and sells', async () => {
    const { stdout, stderr } = await botSays(stack.requestorAddress, stack.processorAddress);
    const lines = stdout.trim().split('\n');
    expect(stderr).to.equal('');
    expect(lines[0]).to.match(/^1 PENDING/);
    expect(lines.filter((line) => /^\d+ FILLED/.test(line))).to.have.lengthOf(1);
    expect(lines.at(-2)).to.match(/^bought \d[\d.]* at 0\.\d+ SOL$/);
    expect(lines.at(-1)).to.match(/^sold for 0\.\d+ SOL: ORDER_STATUS_FILLED$/);
  });

  it('the bot says what is wrong, and ends with 1', async () => {
    const { processorAddress } = stack;
    const ended = await botSays(processorAddress, processorAddress).catch((error: unknown) => error);
    expect(ended).to.include({ code: 1 });
    expect((ended as { stderr: string }).stderr)
      .to.match(/^UNIMPLEMENTED: .*\n {2}order_req_id: bot-/)
      .and.not.include('ask again');
  });
});
