import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { DRAIN_MS } from '../../../shared/core/limits.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { deferred, eventually, failureOf } from '../../../shared/store/testing/waiting.js';
import type { Follower } from './follower.js';
import { Stack, showLogsOf } from './stack.js';
import { expectWholeStream } from './stream-truth.js';
import { expectAllFilledOnce } from './truth.js';

/** Draining ends streams at once and waits for nothing that this test leaves open. */
const STOP_MS_MAX = DRAIN_MS;

describe('S1 S2 E8 E9 services are told to stop in the middle of orders', function () {
  this.slow(15_000);
  let stack: Stack;
  const submitted: string[] = [];
  before(async () => {
    stack = await Stack.start();
  });
  afterEach(async function () {
    showLogsOf(this, stack);
    await stack.venue.disarmAll();
    await stack.venue.resume();
  });
  after(() => stack?.close());

  async function buy(orderReqId: string): Promise<Follower> {
    await stack.bot.buy(orderReqId, 'WIF', `0.${submitted.length + 1}`);
    submitted.push(orderReqId);
    return stack.bot.follow(orderReqId);
  }

  async function expectGoodEnd(...followers: Follower[]): Promise<void> {
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    for (const follower of followers) await expectWholeStream(stack.bot, follower);
    await expectAllFilledOnce(stack, submitted);
    for (const { orderReqId } of followers) expect((await stack.bot.order(orderReqId)).attemptCount).to.equal(0);
  }

  it('the processor tells each stream where to go on, ends with 0, and the order goes on after its restart', async () => {
    await stack.venue.pause();
    const follower = await buy('processor-confirming');
    await follower.until(OrderStatus.CONFIRMING);
    const seen = follower.messages.at(-1)?.sequence;
    const { exitCode, tookMs } = await stack.processor.terminate();
    expect(exitCode).to.equal(0);
    expect(tookMs).to.be.below(STOP_MS_MAX);
    const { cause, afterSequence } = await eventually('the end of the stream', () => follower.reconnects[0]);
    expect(cause).to.include({ status: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
    expect(cause.metadata.last_sequence).to.equal(String(seen));
    expect(afterSequence).to.equal(seen);
    expect(cause.retryDelayMs).to.be.greaterThan(0);
    expect((await stack.bot.order('processor-confirming')).status).to.equal(OrderStatus.CONFIRMING);
    await stack.processor.start();
    await stack.venue.resume();
    await expectGoodEnd(follower);
  });

  it('the processor stops at once while a quote hangs, and the order has not failed', async () => {
    await stack.venue.arm({ fault: 'hang', on: 'quote' });
    const follower = await buy('processor-quoting');
    await eventually('the quote to hang', async () => (await stack.venue.state()).faults.length === 0);
    const { exitCode, tookMs } = await stack.processor.terminate();
    expect(exitCode).to.equal(0);
    expect(tookMs).to.be.below(STOP_MS_MAX);
    await stack.processor.start();
    await expectGoodEnd(follower);
  });

  it('the requestor ends its streams and with 0, gives its leases back, and takes its orders up again', async () => {
    await stack.venue.pause();
    const followers: Follower[] = [];
    for (let number = 1; number <= 4; number++) followers.push(await buy(`requestor-${number}`));
    await stack.bot.untilCount(OrderStatus.CONFIRMING, 3);
    const watched = deferred();
    const watching = failureOf(stack.bot.watchAll(watched.resolve), 40_000);
    await watched.promise;
    const { exitCode, tookMs } = await stack.requestor.terminate();
    expect(exitCode).to.equal(0);
    expect(tookMs).to.be.below(STOP_MS_MAX);
    const end = await watching;
    expect(end).to.be.instanceOf(CallError);
    expect(end).to.include({ status: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
    const sql = 'SELECT order_id FROM orders WHERE lease_until > exitlane_now()';
    expect(await runOnPostgres(stack.databaseUrl, sql), 'leases that others would have to wait for').to.have.length(0);
    await stack.requestor.start();
    await stack.venue.resume();
    await expectGoodEnd(...followers);
  });
});
