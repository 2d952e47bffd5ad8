import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { ManualClock } from '../../../shared/core/clock.js';
import { START_MS, type Stack, startParts } from './stack.js';
import { buy, filled, openPositions, reached, sell } from './support.js';

describe('P7 submitting wakes a free slot at once', () => {
  // Every fallback of the requestor is a timer on this clock, which nobody moves.
  const clock = new ManualClock();
  let stack: Stack;

  before(async function () {
    this.timeout(START_MS);
    stack = await startParts({ requestorClock: clock });
  });
  after(() => stack?.close());

  it('an order starts although no timer of the requestor ever fires', async () => {
    const startedAt = clock.now();
    await buy(stack, 'alone');
    await reached(stack, 'alone', OrderStatus.SUBMITTED);
    await filled(stack, 'alone');
    expect(clock.now()).to.equal(startedAt);
  });

  it('P4 so does each of ten: every end wakes the slot for the next', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `crowd-${index}`);
    await Promise.all(ids.map((id) => buy(stack, id)));
    await Promise.all(ids.map((id) => filled(stack, id)));
  });

  it('and an exit after them', async () => {
    const [position = ''] = await openPositions(stack, ['exit']);
    await sell(stack, 'exit', position, { percent: 100 });
    await filled(stack, 'exit');
    expect(clock.pendingTimers).to.be.greaterThan(0);
  });
});
