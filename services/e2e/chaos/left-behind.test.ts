import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { systemClock } from '../../../shared/core/clock.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import type { FaultInput } from '../../sandbox/fault-specs.js';
import type { Follower } from '../crash/follower.js';
import type { Service } from '../crash/process.js';
import { SlotWatch } from '../crash/slot-watch.js';
import { Stack, showLogsOf } from '../crash/stack.js';
import { expectWholeStream } from '../crash/stream-truth.js';
import { expectAllFilledOnce } from '../crash/truth.js';

const SLOTS = 3;
/** Longest time a venue client waits for an answer. */
const REQUEST_TIMEOUT_MS = 10_000;
const SLOW_MS = 7_000;
const GRACE_MS = 2_000;

/**
 * An order that runs on one processor is taken over by a requestor that dials another one, and then by a third requestor that
 * dials the first again. There the old run still waits for its quote: what it knows of the order is long over, and the newest
 * fence must not give it back the right to write.
 */
describe('E3 E7 S1 an order comes back to a processor where an old run of it was left behind', function () {
  this.timeout(120_000);
  this.slow(30_000);
  let stack: Stack;
  let watch: SlotWatch;
  beforeEach(async () => {
    stack = await Stack.start({ requestors: 3, processors: 2 });
    watch = await SlotWatch.start(stack.databaseUrl);
    await Promise.all([stack.secondProcessor, stack.secondRequestor, third()].map((service) => service.start()));
    for (const requestor of [stack.secondRequestor, third()]) requestor.freeze();
  });
  afterEach(async function () {
    showLogsOf(this, stack);
    await watch?.stop();
    await stack?.close();
  });

  /** Dials the first processor, as the first requestor does. */
  function third(): Service {
    const service = stack.requestors[2];
    if (!service) throw new Error('the stack has no third requestor');
    return service;
  }

  /** Stops one requestor in good order, and lets another one go on in its place. */
  async function passOn(from: Service, to: Service): Promise<void> {
    const before = (await watch.claims()).filter(({ holdsSlot }) => holdsSlot);
    expect(before).to.have.length(1);
    await from.terminate();
    to.thaw();
    await watch.untilTakenOver(before);
  }

  /** The order is CONFIRMING by the second processor; the first one, whose quote met the fault, is dialled again. */
  async function bringBack(fault: FaultInput): Promise<{ follower: Follower; metAt: number }> {
    await stack.venue.pause();
    await stack.venue.arm(fault);
    await stack.bot.buy('order', 'PYTH', '0.3');
    await eventually('the quote to meet the fault', async () => (await stack.venue.state()).faults.length === 0);
    const metAt = performance.now();
    const follower = stack.bot.follow('order');
    await passOn(stack.requestor, stack.secondRequestor);
    await follower.until(OrderStatus.CONFIRMING);
    await passOn(stack.secondRequestor, third());
    return { follower, metAt };
  }

  async function sleepUntil(at: number): Promise<void> {
    await systemClock.sleep(Math.max(0, at - performance.now()));
  }

  async function expectGoodEnd(follower: Follower): Promise<void> {
    await follower.until(OrderStatus.FILLED);
    await expectWholeStream(stack.bot, follower);
    await stack.requestor.start();
    const [order] = await expectAllFilledOnce(stack, ['order']);
    expect({ attempts: order?.attempts.length, attemptCount: order?.attemptCount }).to.deep.equal({
      attempts: 1,
      attemptCount: 0,
    });
    await watch.expectClean(SLOTS);
  }

  it('its failed quote does not fail an order whose transaction is on its way', async () => {
    const { follower, metAt } = await bringBack({ fault: 'hang', on: 'quote' });
    await sleepUntil(metAt + REQUEST_TIMEOUT_MS + GRACE_MS);
    expect(follower.statuses.at(-1)?.status).to.equal(OrderStatus.CONFIRMING);
    await stack.venue.resume();
    await expectGoodEnd(follower);
  });

  it('its late quote is no message after the last one', async () => {
    const { follower, metAt } = await bringBack({ fault: 'slow', on: 'quote', ms: SLOW_MS });
    // It takes the attempt under watch again, by the newest fence.
    await stack.secondProcessor.kill();
    await stack.secondProcessor.start();
    await stack.venue.resume();
    await follower.until(OrderStatus.FILLED);
    await sleepUntil(metAt + SLOW_MS + GRACE_MS);
    await expectGoodEnd(follower);
  });
});
