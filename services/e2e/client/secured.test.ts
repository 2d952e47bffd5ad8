import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import {
  connectExitlane,
  type ExitlaneClient,
  OrderStatus,
  OrderType,
  type Retry,
  type SecurityOptions,
} from '../../../shared/client/index.js';
import { failureOf } from '../../../shared/store/testing/waiting.js';
import { type LockedStack, lineFor, startLocked } from '../access/locked-stack.js';
import { START_MS } from '../api/stack.js';
import { mint } from '../api/support.js';

const WAIT_MS = 60_000;
/** Calls a second that one client may make here; twice as many may come at once. */
const RATE = 5;

describe('O1 the client shows a token over TLS', function () {
  this.timeout(START_MS);
  let stack: LockedStack;
  const open: ExitlaneClient[] = [];
  before(async () => {
    stack = await startLocked({ limits: { ratePerSecond: RATE } });
    stack.allow([lineFor('bot', 'trade', 'exl_bot'), lineFor('eyes', 'read', 'exl_eyes')]);
  });
  after(() => stack?.close());
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });

  const caFile = () => path.join(stack.folder, 'certs', 'ca.pem');
  function as(security: SecurityOptions, onRetry?: (retry: Retry) => void): ExitlaneClient {
    const { requestorAddress: requestor, processorAddress: processor } = stack;
    const client = connectExitlane({
      requestor,
      processor,
      security,
      deadlineMs: WAIT_MS,
      ...(onRetry ? { onRetry } : {}),
    });
    open.push(client);
    return client;
  }
  function tokenFile(token: string): string {
    const file = path.join(stack.folder, `token-of-${token}`);
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    return file;
  }

  it('trades and follows with a token from a file', async () => {
    const bot = as({ caFile: caFile(), tokenFile: tokenFile('exl_bot') });
    const { orderReqId } = await bot.orders.buy({ tokenAddress: mint('WIF'), amountSol: '0.1' });
    expect((await bot.waitForEnd(orderReqId, { deadlineMs: WAIT_MS })).status).to.equal(OrderStatus.FILLED);
  });

  it('waits out what its rate limit refuses, and every call is answered', async () => {
    const retries: Retry[] = [];
    const eyes = as({ caFile: caFile(), token: 'exl_eyes' }, (retry) => retries.push(retry));
    const answers = await Promise.all(Array.from({ length: 4 * RATE }, () => eyes.queue.tradingState()));
    expect(answers).to.have.lengthOf(4 * RATE);
    expect(retries.length).to.be.above(0);
    for (const { cause, delayMs } of retries) {
      expect(cause).to.include({ reason: 'RATE_LIMITED' });
      expect(delayMs).to.be.at.least(cause.retryDelayMs ?? 0);
    }
  });

  const refused: readonly [string, () => SecurityOptions, string][] = [
    ['a wrong token', () => ({ caFile: caFile(), token: 'exl_wrong' }), 'UNAUTHENTICATED'],
    ['no token', () => ({ caFile: caFile() }), 'UNAUTHENTICATED'],
  ];
  for (const [what, security, status] of refused) {
    it(`fails at once with ${what}`, async () => {
      const error = await failureOf(as(security()).market.wallet());
      expect(error).to.include({ status, attempts: 1, outcomeUnknown: false });
    });
  }

  it('fails at once where its role does not suffice', async () => {
    const error = await failureOf(as({ caFile: caFile(), token: 'exl_eyes' }).exitPosition('any'));
    expect(error).to.include({ status: 'PERMISSION_DENIED', attempts: 1, outcomeUnknown: false });
  });

  it('tells wrong options in their own names, before anything is sent', () => {
    const file = tokenFile('exl_open');
    chmodSync(file, 0o644);
    expect(() => as({ caFile: caFile(), tokenFile: file })).to.throw(/security\.tokenFile: .*chmod 600/s);
    expect(() => as({ certFile: 'a.pem', keyFile: 'b.pem' })).to.throw(/security\.caFile is required/);
    const far = { requestor: 'bots.example:50051', processor: 'bots.example:50052', security: { token: 'exl_bot' } };
    expect(() => connectExitlane(far)).to.throw(/security\.caFile: is required for bots\.example:5005\d/);
    expect(() => connectExitlane({ requestor: 'nowhere', processor: '127.0.0.1:1' })).to.throw(/must be host:port/);
  });
});

describe('O1 the client shows a certificate', function () {
  this.timeout(START_MS);
  let stack: LockedStack;
  before(async () => {
    stack = await startLocked({ mtls: true });
    stack.allow(['bot trade cert=bot']);
  });
  after(() => stack?.close());

  it('reads and follows with it alone', async () => {
    const pem = (name: string) => path.join(stack.folder, 'certs', `${name}.pem`);
    const { requestorAddress: requestor, processorAddress: processor } = stack;
    const security = { caFile: pem('ca'), certFile: pem('bot'), keyFile: pem('bot-key') };
    const bot = connectExitlane({ requestor, processor, security, deadlineMs: WAIT_MS });
    try {
      expect((await bot.system.status('processor')).service).to.equal('processor');
      const { messages } = await bot.submitAndFollow({
        orderType: OrderType.ENTRY,
        tokenAddress: mint('WIF'),
        amountSol: '0.1',
      });
      const texts: string[] = [];
      for await (const { text } of messages) texts.push(text);
      expect(texts.at(-1)).to.match(/FILLED/);
    } finally {
      bot.close();
    }
  });
});
