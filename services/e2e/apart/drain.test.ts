import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { DRAIN_MS } from '../../../shared/core/limits.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { deferred, eventually } from '../../../shared/store/testing/waiting.js';
import { Bot } from '../crash/bot.js';
import type { Follower } from '../crash/follower.js';
import type { Service } from '../crash/process.js';
import { Stack, showLogsOf } from '../crash/stack.js';
import { expectWholeStream } from '../crash/stream-truth.js';
import { expectAllFilledOnce } from '../crash/truth.js';

/** Clients that submit side by side, and followers of each order. */
const LANES = 3;
const FOLLOWERS = 3;
/** Orders accepted before somebody is told to stop, and from then on until they end. */
const BEFORE = 8;
const AFTER = 16;
/** Watchers of all orders, at each requestor. */
const WATCHERS = 3;
const PAUSE_MS = 20;

describe('O3 S1 S2 E8 two requestors and two processors: one is told to stop while orders stream in and many follow', function () {
  this.timeout(120_000);
  this.slow(30_000);
  let stack: Stack;
  const accepted: string[] = [];
  const followers: Follower[] = [];
  const refusals: CallError[] = [];
  const bots: Bot[] = [];
  before(async () => {
    stack = await Stack.start({ requestors: 2, processors: 2, balanced: true });
    await Promise.all([stack.secondProcessor.start(), stack.secondRequestor.start()]);
  });
  afterEach(function () {
    showLogsOf(this, stack);
  });
  after(async () => {
    for (const bot of bots) bot.close();
    await stack?.close();
  });

  /** Streams of all orders from one requestor, and how they end. */
  async function watchersOf(index: number): Promise<{ readonly ends: readonly unknown[] }> {
    const bot = new Bot(stack.requestorAddresses[index] ?? '', stack.processorAddress);
    bots.push(bot);
    await bot.buy(`watched-${index}`, 'BONK', '0.01');
    accepted.push(`watched-${index}`);
    const ends: unknown[] = [];
    for (let watchers = 0; watchers < WATCHERS; watchers++) {
      const seen = deferred();
      bot.watchAll(seen.resolve).catch((error: unknown) => void ends.push(error));
      await seen.promise;
    }
    return { ends };
  }

  /** Submits until it is enough; a refusal is noted and the same request repeated, as it says. */
  async function submit(name: string, enough: () => boolean): Promise<void> {
    for (let number = 1; !enough(); number++) {
      const orderReqId = `${name}-${number}`;
      await untilAccepted(stack.bot, orderReqId);
      accepted.push(orderReqId);
      for (let each = 0; each < FOLLOWERS; each++) followers.push(stack.bot.follow(orderReqId));
      await pause(PAUSE_MS);
    }
  }

  async function untilAccepted(bot: Bot, orderReqId: string): Promise<void> {
    for (;;) {
      try {
        await bot.buy(orderReqId, 'BONK', '0.01');
        return;
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        refusals.push(error);
        await pause(error.retryDelayMs ?? PAUSE_MS);
      }
    }
  }

  /** Stops a service in the middle of it all, and starts it again when everybody has ended. */
  async function stopUnderLoad(name: string, service: Service): Promise<void> {
    const from = accepted.length;
    const enough = () => accepted.length >= from + BEFORE + AFTER;
    const lanes = Array.from({ length: LANES }, (_, lane) => submit(`${name}-${lane}`, enough));
    await eventually('orders to stream in', () => accepted.length >= from + BEFORE);
    const { exitCode, tookMs } = await service.terminate();
    expect(exitCode, 'exit code').to.equal(0);
    expect(tookMs, 'time to stop, ms').to.be.below(DRAIN_MS);
    await Promise.all(lanes);
    await service.start();
  }

  async function expectGoodEnd(): Promise<void> {
    for (const follower of followers) await follower.ended();
    await stack.bot.untilCount(OrderStatus.FILLED, accepted.length);
    const orders = await expectAllFilledOnce(stack, accepted);
    expect(
      orders.filter(({ attemptCount }) => attemptCount > 0),
      'orders that failed on the way',
    ).to.deep.equal([]);
    for (const { status, message } of refusals) expect(status, message).to.equal('UNAVAILABLE');
  }

  it('a requestor: its watchers are told to come back, no order is lost, and the other one goes on', async () => {
    const told = await watchersOf(0);
    const untroubled = await watchersOf(1);
    await stopUnderLoad('requestor', stack.requestor);
    expect(told.ends, 'watchers of the one that stopped').to.have.length(WATCHERS);
    for (const end of told.ends) {
      expect(end).to.be.instanceOf(CallError);
      expect(end).to.include({ status: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
      expect(end).to.have.property('retryDelayMs').that.is.above(0);
    }
    expect(untroubled.ends, 'watchers of the other one').to.deep.equal([]);
    await expectGoodEnd();
  });

  it('a processor: followers are told where to go on, and go on there at the other one', async () => {
    await stopUnderLoad('processor', stack.processor);
    await expectGoodEnd();
    const reconnects = followers.flatMap((follower) => follower.reconnects);
    expect(reconnects, 'streams that were told').not.to.have.length(0);
    for (const { cause, afterSequence } of reconnects) {
      expect(cause, cause.message).to.include({ status: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
      expect(cause.retryDelayMs).to.be.above(0);
      expect(cause.metadata.last_sequence).to.equal(String(afterSequence));
    }
    for (const follower of followers) await expectWholeStream(stack.bot, follower);
  });
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
