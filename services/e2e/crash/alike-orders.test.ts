import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { Stack, showLogsOf } from './stack.js';
import { expectWholeStream } from './stream-truth.js';
import { expectAllFilledOnce } from './truth.js';

/**
 * The same token, amount and blockhash make the same transaction, and so the same signature: one swap must never fill two orders,
 * and neither may it make one of them fail.
 */
describe('E3 E7 two orders for the same at the same moment', function () {
  this.slow(15_000);
  let stack: Stack;
  before(async () => {
    stack = await Stack.start();
  });
  afterEach(function () {
    showLogsOf(this, stack);
  });
  after(() => stack?.close());

  it('each is filled by a swap of its own, and neither has a failed attempt', async () => {
    const { bot, venue } = stack;
    await venue.pause();
    // Met when both transactions were built on the one blockhash there is.
    await venue.arm({ fault: 'slow', on: 'simulateTransaction', ms: 0, count: 2 });
    const ids = ['one', 'other'];
    for (const id of ids) await bot.buy(id, 'BONK', '0.5');
    const followers = ids.map((id) => bot.follow(id));
    await eventually('both to be simulated', async () => (await venue.state()).faults.length === 0);
    await venue.resume();
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    for (const follower of followers) await expectWholeStream(bot, follower);
    const orders = await expectAllFilledOnce(stack, ids);
    expect(orders.map(({ attemptCount, lastError }) => ({ attemptCount, lastError }))).to.deep.equal([
      { attemptCount: 0, lastError: '' },
      { attemptCount: 0, lastError: '' },
    ]);
  });
});
