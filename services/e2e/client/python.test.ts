import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { OrderStatus } from '../../../shared/client/index.js';
import { packageRoot } from '../../../shared/core/package-root.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { type LockedStack, lineFor, startLocked } from '../access/locked-stack.js';
import { type Stack, startStack } from '../api/stack.js';
import { orderOf } from '../api/support.js';
import { startTcpProxy } from '../venue/tcp-proxy.js';
import { AnswerThief } from './answer-thief.js';
import { findPython } from './python.js';

/** Downloading and installing, where that must be, and starting a stack. */
const PYTHON_MS = 12 * 60_000;

class Bot {
  stdout = '';
  stderr = '';
  readonly exitCode: Promise<number>;

  constructor(python: string, args: readonly string[]) {
    const script = path.join(packageRoot(), 'docs/examples/python/bot.py');
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn(python, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (data) => {
      this.stdout += data;
    });
    child.stderr.on('data', (data) => {
      this.stderr += data;
    });
    this.exitCode = once(child, 'close').then(([code]) => code);
  }

  async said(line: RegExp): Promise<void> {
    await eventually(`the bot to say ${line}: ${this.stdout}${this.stderr}`, () => line.test(this.stdout), 40_000);
  }

  /** Numbers and texts of the messages it was given: of the entry, then of the exit. */
  get messages(): string[] {
    return this.stdout.split('\n').filter((line) => /^\d+ /.test(line));
  }
}

/** Every message once, in order: of an entry, then of an exit. */
function expectWhole({ messages }: Bot): void {
  const numbers = messages.map((line) => Number.parseInt(line, 10));
  const exitAt = numbers.lastIndexOf(1);
  const expected = numbers.map((_, index) => (index < exitAt ? index + 1 : index - exitAt + 1));
  expect(numbers).to.deep.equal(expected);
  expect(messages[exitAt - 1]).to.match(/ FILLED/);
  expect(messages.at(-1)).to.match(/ FILLED/);
}

describe('S1 S5 S6 the Python example trades', function () {
  this.timeout(PYTHON_MS);
  let python = '';
  let stack: Stack;
  const closers: (() => Promise<void>)[] = [];
  before(async () => {
    python = await findPython();
    stack = await startStack();
  });
  after(async () => {
    for (const close of closers) await close();
    await stack?.close();
  });

  const bot = (id: string, ...more: string[]) =>
    new Bot(python, [
      '--requestor',
      stack.requestorAddress,
      '--processor',
      stack.processorAddress,
      '--id',
      id,
      ...more,
    ]);

  it('buys, follows and sells; with the same id again it finds its order', async () => {
    const first = bot('py-1');
    expect(await first.exitCode, first.stderr).to.equal(0);
    expect(first.stdout)
      .to.match(/^order_req_id py-1\naccepted\n1 PENDING/)
      .and.match(/bought for 0\.\d+ SOL, sold for 0\.\d+ SOL\n$/);
    expectWhole(first);
    const again = bot('py-1');
    expect(await again.exitCode, again.stderr).to.equal(0);
    expect(again.stdout).to.match(/^order_req_id py-1\naccepted before\n/);
    expect(again.messages).to.deep.equal(first.messages);
  });

  it('asks again when an answer is lost: the same order', async () => {
    const thief = await AnswerThief.before(stack.requestorAddress);
    closers.push(() => thief.close());
    thief.cutNext(1);
    const robbed = bot('py-lost', '--requestor', thief.address);
    expect(await robbed.exitCode, robbed.stderr).to.equal(0);
    expect(thief.taken).to.equal(1);
    expect(robbed.stdout).to.match(/^order_req_id py-lost\naccepted before\n/);
  });

  it('goes on after the last message when the stream breaks', async () => {
    const proxy = await startTcpProxy();
    proxy.target = Number(stack.processorAddress.split(':')[1]);
    closers.push(() => proxy.close());
    await stack.control('pause');
    const follower = bot('py-cut', '--processor', new URL(proxy.url).host);
    await follower.said(/ CONFIRMING/);
    proxy.cut();
    await follower.said(/the stream broke \(\w+\): going on/);
    await stack.control('resume');
    proxy.mend();
    expect(await follower.exitCode, follower.stderr).to.equal(0);
    expectWhole(follower);
    expect((await orderOf(stack, 'py-cut')).status).to.equal(OrderStatus.FILLED);
  });

  it('does not wonder what became of a request that was never sent', async () => {
    const nowhere = bot('py-nowhere', '--requestor', '127.0.0.1:1');
    expect(await nowhere.exitCode).to.equal(1);
    expect(nowhere.stderr)
      .to.match(/^UNAVAILABLE: failed to connect/)
      .and.not.include('nobody knows');
  });

  it('tells an error with all its details, and ends with 1', async () => {
    const wrong = bot('py-wrong', '--sol', '-1');
    expect(await wrong.exitCode).to.equal(1);
    expect(wrong.stderr).to.match(
      /^INVALID_ARGUMENT \(INVALID_FIELD\): .*\n {2}field amount_sol: .+\n(.*\n)* {2}request id: \S+\n$/,
    );
  });
});

describe('O1 the Python example shows a token over TLS', function () {
  this.timeout(PYTHON_MS);
  let python = '';
  let stack: LockedStack;
  before(async () => {
    python = await findPython();
    stack = await startLocked();
    stack.allow([lineFor('bot', 'trade', 'exl_bot')]);
  });
  after(() => stack?.close());

  function botWith(token: string, ...more: string[]): Bot {
    const file = path.join(stack.folder, token);
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    const places = ['--requestor', stack.requestorAddress, '--processor', stack.processorAddress];
    return new Bot(python, [...places, '--token-file', file, ...more]);
  }

  it('trades with the right one', async () => {
    const bot = botWith('exl_bot', '--ca-file', path.join(stack.folder, 'certs/ca.pem'));
    expect(await bot.exitCode, bot.stderr).to.equal(0);
    expectWhole(bot);
  });

  it('is told when it is the wrong one', async () => {
    const bot = botWith('exl_wrong', '--ca-file', path.join(stack.folder, 'certs/ca.pem'));
    expect(await bot.exitCode).to.equal(1);
    expect(bot.stderr).to.match(/^UNAUTHENTICATED \(NOT_AUTHENTICATED\)/);
  });
});
