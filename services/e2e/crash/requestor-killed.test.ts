import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { LEASE_MS, LEASE_RENEW_MS } from '../../../shared/core/limits.js';
import type { Follower } from './follower.js';
import { runningAtOnce, SlotWatch } from './slot-watch.js';
import { Stack, showLogsOf } from './stack.js';
import { expectWholeStream } from './stream-truth.js';
import { expectAllFilledOnce } from './truth.js';

const SLOTS = 3;
const ORDERS = 8;
/** Room for a loaded machine on top of what the leases allow. */
const GRACE_MS = 3_000;

describe('P4 E7 E8 the requestor is killed with 3 orders running and 5 waiting', function () {
  this.slow(30_000);
  let stack: Stack | undefined;
  let watch: SlotWatch | undefined;
  afterEach(async function () {
    showLogsOf(this, stack);
    await watch?.stop();
    await stack?.close();
  });

  async function withOrders(requestors: number): Promise<{ stack: Stack; watch: SlotWatch; followers: Follower[] }> {
    const started = await Stack.start({ requestors });
    stack = started;
    const watching = await SlotWatch.start(started.databaseUrl);
    watch = watching;
    await started.venue.pause();
    const followers: Follower[] = [];
    for (let number = 1; number <= ORDERS; number++) {
      await started.bot.buy(`order-${number}`, 'WIF', `0.${number}`);
      followers.push(started.bot.follow(`order-${number}`));
    }
    await started.bot.untilCount(OrderStatus.CONFIRMING, SLOTS);
    return { stack: started, watch: watching, followers };
  }

  async function expectGoodEnd({ stack: ended, watch: watched, followers }: Awaited<ReturnType<typeof withOrders>>) {
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    await watched.expectClean(SLOTS);
    for (const follower of followers) await expectWholeStream(ended.bot, follower);
    expect(runningAtOnce(followers.map(({ messages }) => messages))).to.equal(SLOTS);
    const ids = followers.map(({ orderReqId }) => orderReqId);
    const orders = await expectAllFilledOnce(ended, ids);
    const dispatched = orders.map(({ dispatchSequence }) => dispatchSequence);
    expect(dispatched, 'the order in which they were dispatched').to.deep.equal([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
  }

  it('and started again: takes its own orders up when their leases have run out', async () => {
    const world = await withOrders(1);
    const running = (await world.watch.claims()).filter(({ holdsSlot }) => holdsSlot);
    await world.stack.requestor.kill();
    await world.stack.requestor.start();
    await world.watch.untilTakenOver(running);
    await world.stack.venue.resume();
    await expectGoodEnd(world);
  });

  it('while nobody is there, what runs ends without it, and what waits waits', async () => {
    const world = await withOrders(1);
    await world.stack.requestor.kill();
    await world.stack.venue.resume();
    await Promise.all(world.followers.slice(0, SLOTS).map((follower) => follower.until(OrderStatus.FILLED)));
    const waiting = world.followers.slice(SLOTS).map(({ statuses }) => statuses.map(({ status }) => status));
    for (const statuses of waiting) expect(statuses).to.deep.equal([OrderStatus.PENDING]);
    await world.stack.requestor.start();
    await expectGoodEnd(world);
  });

  it('and another one takes over within the lease; the first does no harm when it comes back', async () => {
    const world = await withOrders(2);
    const { requestor, secondRequestor, venue } = world.stack;
    await secondRequestor.start();
    const before = (await world.watch.claims()).filter(({ holdsSlot }) => holdsSlot);
    expect(before).to.have.length(SLOTS);
    const killedAt = performance.now();
    await requestor.kill();
    const after = await world.watch.untilTakenOver(before);
    const tookMs = performance.now() - killedAt;
    expect(tookMs, 'time until the other one had them').to.be.below(LEASE_MS + LEASE_RENEW_MS + GRACE_MS);
    expect(new Set(after.map(({ owner }) => owner)).size).to.equal(1);
    after.forEach(({ fence }, index) => {
      expect(fence > (before[index]?.fence ?? fence), 'the fence grew').to.equal(true);
    });
    await requestor.start();
    await venue.resume();
    await expectGoodEnd(world);
  });
});
