import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { systemClock } from '../../../shared/core/clock.js';
import { LEASE_MS, LEASE_RENEW_MS } from '../../../shared/core/limits.js';
import type { Follower } from './follower.js';
import { runningAtOnce, SlotWatch } from './slot-watch.js';
import { Stack, showLogsOf } from './stack.js';
import { expectWholeStream } from './stream-truth.js';
import { expectAllFilledOnce } from './truth.js';

const SLOTS = 3;
const ORDERS = 6;
const FROZEN_MS = LEASE_MS + 2_000;

describe('P4 E7 E8 a requestor stands still for longer than its lease while another one runs', function () {
  this.slow(30_000);
  let stack: Stack;
  let watch: SlotWatch;
  let followers: Follower[];
  const submitted: string[] = [];
  before(async () => {
    stack = await Stack.start({ requestors: 2 });
  });
  beforeEach(async () => {
    await stack.secondRequestor.kill();
    watch = await SlotWatch.start(stack.databaseUrl);
    followers = [];
    await stack.venue.pause();
    for (let number = 1; number <= ORDERS; number++) await buy(`0.${number}`);
    await stack.bot.untilCount(OrderStatus.CONFIRMING, SLOTS);
    await stack.secondRequestor.start();
  });
  afterEach(async function () {
    showLogsOf(this, stack);
    await watch?.stop();
  });
  after(() => stack?.close());

  async function buy(amountSol: string): Promise<void> {
    const orderReqId = `order-${submitted.length + 1}`;
    await stack.bot.buy(orderReqId, 'JUP', amountSol);
    submitted.push(orderReqId);
    followers.push(stack.bot.follow(orderReqId));
  }

  /** Freezes the first requestor, lets `meanwhile` happen, and thaws it when the lease is long over. */
  async function freeze(meanwhile: () => Promise<void>): Promise<void> {
    const before = (await watch.claims()).filter(({ holdsSlot }) => holdsSlot);
    expect(before).to.have.length(SLOTS);
    stack.requestor.freeze();
    const slept = systemClock.sleep(FROZEN_MS);
    const taken = await watch.untilTakenOver(before);
    taken.forEach(({ fence }, index) => {
      expect(fence > (before[index]?.fence ?? fence), 'the fence grew').to.equal(true);
    });
    await meanwhile();
    await slept;
    stack.requestor.thaw();
  }

  async function expectGoodEnd(): Promise<void> {
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    await watch.expectClean(SLOTS);
    for (const follower of followers) await expectWholeStream(stack.bot, follower);
    expect(runningAtOnce(followers.map(({ messages }) => messages))).to.equal(SLOTS);
    const orders = await expectAllFilledOnce(stack, submitted);
    for (const { attempts, orderReqId } of orders) expect(attempts, orderReqId).to.have.length(1);
  }

  it('and wakes up while its orders still run elsewhere: nothing runs twice', async () => {
    await freeze(async () => undefined);
    const woken = await watch.claims();
    // Awake, it renews, looks and dials: none of it may touch what is no longer its own.
    await systemClock.sleep(2 * LEASE_RENEW_MS);
    expect(await watch.claims(), 'claims after it woke up').to.deep.equal(woken);
    await buy('0.7');
    await stack.venue.resume();
    await expectGoodEnd();
  });

  it('and finds all its streams broken when it wakes up: it dials with a fence that is over, and stops', async () => {
    await freeze(async () => {
      await stack.processor.kill();
      await stack.processor.start();
    });
    await stack.venue.resume();
    await expectGoodEnd();
  });
});
