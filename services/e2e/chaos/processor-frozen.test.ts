import { expect } from 'chai';
import { AttemptState, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { systemClock } from '../../../shared/core/clock.js';
import { runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import type { FaultInput } from '../../sandbox/fault-specs.js';
import { Bot } from '../crash/bot.js';
import type { Follower } from '../crash/follower.js';
import { SlotWatch } from '../crash/slot-watch.js';
import { Stack, showLogsOf } from '../crash/stack.js';
import { expectWholeStream } from '../crash/stream-truth.js';
import { expectAllFilledOnce } from '../crash/truth.js';

const SLOTS = 3;
/** Time in which a process that woke up does whatever it is going to do: several polls, resends and heartbeats. */
const AWAKE_MS = 4_000;
const SLOW_MS = 3_000;
/** More than a blockhash lives plus the depth of finality. */
const LATE_BLOCKS = 250;
/** Prices go on, whoever sleeps. */
const PRICED = ['current_price', 'current_price_at', 'current_price_source', 'exit_state'];
const TABLES = ['orders', 'attempts', 'positions', 'proposals', 'order_messages', 'order_sequences', 'order_totals'];

/**
 * Two pairs of requestor and processor on one database. A processor of the first pair stands still in the middle of its orders,
 * its requestor dies, the second pair takes them over and ends them; then the frozen processor goes on where it was.
 */
describe('E7 E8 E10 P4 a processor stands still while another one ends its orders, and wakes up', function () {
  this.timeout(120_000);
  this.slow(40_000);
  let stack: Stack;
  let watch: SlotWatch;
  /** A client of the second pair. */
  let bot: Bot;
  let followers: Follower[];
  beforeEach(async () => {
    stack = await Stack.start({ requestors: 2, processors: 2, processorEnv: { RETRY_FIRST_DELAY_MS: '100' } });
    watch = await SlotWatch.start(stack.databaseUrl);
    bot = new Bot(stack.requestorAddresses[1] ?? '', stack.processorAddresses[1] ?? '');
    followers = [];
  });
  afterEach(async function () {
    showLogsOf(this, stack);
    bot?.close();
    await watch?.stop();
    await stack?.close();
  });

  async function buy(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `order-${index + 1}`);
    for (const [index, id] of ids.entries()) await stack.bot.buy(id, 'RAY', `0.${index + 2}`);
    return ids;
  }

  /** The first pair is out of it; resolves when the orders that ran belong to the second one. */
  async function takeOver(ids: readonly string[]): Promise<void> {
    const before = (await watch.claims()).filter(({ holdsSlot }) => holdsSlot);
    expect(before).to.have.length(ids.length);
    stack.processor.freeze();
    await stack.requestor.kill();
    await Promise.all([stack.secondProcessor.start(), stack.secondRequestor.start()]);
    const after = await watch.untilTakenOver(before);
    after.forEach(({ fence }, index) => {
      expect(fence > (before[index]?.fence ?? fence), 'the fence grew').to.equal(true);
    });
    followers.push(...ids.map((id) => bot.follow(id)));
  }

  async function wakeUp(): Promise<void> {
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    for (const follower of followers) await follower.ended();
    const before = await rows();
    stack.processor.thaw();
    await systemClock.sleep(AWAKE_MS);
    expect(await rows(), 'the database after it woke up').to.deep.equal(before);
    expect(stack.processor.isAlive, 'it lives on').to.equal(true);
  }

  async function expectGoodEnd(ids: readonly string[]) {
    await stack.requestor.start();
    await stack.bot.buy('afterwards', 'RAY', '0.9');
    followers.push(bot.follow('afterwards'));
    await followers.at(-1)?.until(OrderStatus.FILLED);
    for (const follower of followers) await expectWholeStream(bot, follower);
    await watch.expectClean(SLOTS);
    const orders = await expectAllFilledOnce(stack, [...ids, 'afterwards']);
    return orders.slice(0, ids.length);
  }

  async function rows(): Promise<unknown> {
    const all = TABLES.map((table) =>
      runOnPostgres(
        stack.databaseUrl,
        `SELECT to_jsonb(t) - '${PRICED.join("' - '")}' AS row FROM ${table} t ORDER BY 1`,
      ),
    );
    return Promise.all(all);
  }

  async function untilMet(fault: FaultInput['fault']): Promise<void> {
    await eventually(`the fault ${fault} to be met`, async () => {
      return !(await stack.venue.state()).faults.some(({ spec }) => spec.fault === fault);
    });
  }

  it('with its transactions waiting for a block: what it finds out about them is written already', async () => {
    await stack.venue.pause();
    const ids = await buy(SLOTS);
    await stack.bot.untilCount(OrderStatus.CONFIRMING, SLOTS);
    await eventually('all to be sent', async () => (await stack.venue.state()).pendingTransactions === SLOTS);
    await takeOver(ids);
    await stack.venue.resume();
    await wakeUp();
    // It did try: each of its runs came to the verdict that the other processor had come to.
    for (const id of ids) expect(stack.processor.log).to.match(new RegExp(`"orderReqId":"${id}".*"verdict":"landed"`));
    for (const { attempts } of await expectGoodEnd(ids)) expect(attempts).to.have.length(1);
  });

  it('with a quote on its way: nothing is signed for an order that is not its own any more', async () => {
    await stack.venue.arm({ fault: 'slow', on: 'quote', ms: SLOW_MS });
    const ids = await buy(1);
    await untilMet('slow');
    await takeOver(ids);
    await wakeUp();
    for (const { attempts, attemptCount } of await expectGoodEnd(ids)) {
      expect({ attempts: attempts.length, attemptCount }).to.deep.equal({ attempts: 1, attemptCount: 0 });
    }
  });

  it('with a transaction that never lands: it proves it dead once more, and that ends no newer attempt', async () => {
    await stack.venue.arm({ fault: 'drop', resends: true });
    const ids = await buy(1);
    await untilMet('drop');
    await stack.bot.untilCount(OrderStatus.CONFIRMING, 1);
    await takeOver(ids);
    await stack.venue.advance(LATE_BLOCKS);
    await wakeUp();
    expect(stack.processor.log).to.match(/"orderReqId":"order-1".*"verdict":"dead"/);
    for (const { attempts, attemptCount } of await expectGoodEnd(ids)) {
      expect(attempts.map(({ state }) => state)).to.deep.equal([AttemptState.DEAD, AttemptState.LANDED]);
      expect(attemptCount).to.equal(1);
    }
  });
});
