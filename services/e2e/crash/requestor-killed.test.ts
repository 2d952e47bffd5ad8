import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { LEASE_MS, LEASE_RENEW_MS } from '../../../shared/core/limits.js';
import type { Follower } from './follower.js';
import { type Claimed, runningAtOnce, SlotWatch } from './slot-watch.js';
import { Stack, showLogsOf } from './stack.js';
import { expectWholeStream } from './stream-truth.js';
import { expectAllFilledOnce } from './truth.js';

const SLOTS = 3;
const ORDERS = 8;
/** Room for a loaded machine on top of what the leases allow. */
const GRACE_MS = 3_000;

describe('P4 E7 E8 the requestor is killed with 3 orders running and 5 waiting', function () {
  this.slow(30_000);
  let stack: Stack;
  let watch: SlotWatch;
  let followers: Follower[];
  const submitted: string[] = [];
  before(async () => {
    stack = await Stack.start({ requestors: 2 });
  });
  beforeEach(async () => {
    watch = await SlotWatch.start(stack.databaseUrl);
    await stack.venue.pause();
    followers = [];
    for (let number = 1; number <= ORDERS; number++) {
      const orderReqId = `order-${submitted.length + 1}`;
      await stack.bot.buy(orderReqId, 'WIF', `0.${number}`);
      submitted.push(orderReqId);
      followers.push(stack.bot.follow(orderReqId));
    }
    await stack.bot.untilCount(OrderStatus.CONFIRMING, SLOTS);
  });
  afterEach(async function () {
    showLogsOf(this, stack);
    await watch?.stop();
  });
  after(() => stack?.close());

  async function running(): Promise<Claimed[]> {
    const held = (await watch.claims()).filter(({ holdsSlot }) => holdsSlot);
    expect(held).to.have.length(SLOTS);
    return held;
  }

  async function expectGoodEnd(): Promise<void> {
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    await watch.expectClean(SLOTS);
    for (const follower of followers) await expectWholeStream(stack.bot, follower);
    expect(runningAtOnce(followers.map(({ messages }) => messages))).to.equal(SLOTS);
    const orders = await expectAllFilledOnce(stack, submitted);
    const dispatched = orders.map(({ dispatchSequence }) => Number(dispatchSequence));
    expect(dispatched, 'dispatched in the order of their coming').to.deep.equal(submitted.map((_, index) => index + 1));
  }

  it('and started again: takes its own orders up when their leases have run out', async () => {
    const before = await running();
    await stack.requestor.kill();
    await stack.requestor.start();
    await watch.untilTakenOver(before);
    await stack.venue.resume();
    await expectGoodEnd();
  });

  it('while nobody is there, what runs ends without it, and what waits waits', async () => {
    await stack.requestor.kill();
    await stack.venue.resume();
    await Promise.all(followers.slice(0, SLOTS).map((follower) => follower.until(OrderStatus.FILLED)));
    const waiting = followers.slice(SLOTS).map(({ statuses }) => statuses.map(({ status }) => status));
    for (const statuses of waiting) expect(statuses).to.deep.equal([OrderStatus.PENDING]);
    await stack.requestor.start();
    await expectGoodEnd();
  });

  it('and another one takes over within the lease; the first does no harm when it comes back', async () => {
    const { requestor, secondRequestor, venue } = stack;
    await secondRequestor.start();
    const before = await running();
    const killedAt = performance.now();
    await requestor.kill();
    const after = await watch.untilTakenOver(before);
    const tookMs = performance.now() - killedAt;
    expect(tookMs, 'time until the other one had them').to.be.below(LEASE_MS + LEASE_RENEW_MS + GRACE_MS);
    expect(new Set(after.map(({ owner }) => owner)).size).to.equal(1);
    after.forEach(({ fence }, index) => {
      expect(fence > (before[index]?.fence ?? fence), 'the fence grew').to.equal(true);
    });
    await requestor.start();
    await venue.resume();
    await expectGoodEnd();
  });
});
