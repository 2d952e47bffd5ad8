import { expect } from 'chai';
import { type Order, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { untilAnswered } from './bot.js';
import { type DevProcess, devProcess } from './dev-stack.js';
import { runningAtOnce } from './slot-watch.js';
import { showLogsOf } from './stack.js';
import { expectWholeStream } from './stream-truth.js';
import { expectAllFilledOnce } from './truth.js';

const SLOTS = 3;

describe('E7 E8 P4 S1 the embedded stack is killed as one process', function () {
  this.slow(30_000);
  let dev: DevProcess;
  before(async () => {
    dev = await devProcess();
    await dev.service.start();
  });
  afterEach(function () {
    showLogsOf(this, dev);
  });
  after(() => dev?.close());

  const submitted: string[] = [];

  async function restart(): Promise<void> {
    await dev.service.kill();
    await dev.service.start();
  }

  it('with orders running and waiting: all of them go on', async () => {
    await dev.venue.pause();
    const followers = [];
    for (let number = 1; number <= 6; number++) {
      const orderReqId = `order-${number}`;
      submitted.push(orderReqId);
      await dev.bot.buy(orderReqId, 'PYTH', `0.${number}`);
      followers.push(dev.bot.follow(orderReqId));
    }
    await dev.bot.untilCount(OrderStatus.CONFIRMING, SLOTS);
    await restart();
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    for (const follower of followers) await expectWholeStream(dev.bot, follower);
    expect(runningAtOnce(followers.map(({ messages }) => messages))).to.equal(SLOTS);
    await expectAllFilledOnce(dev, submitted);
  });

  it('while orders are coming in: each that was acknowledged is there once, and the same one', async () => {
    const wanted = Array.from({ length: 12 }, (_, index) => ({ id: `burst-${index}`, amountSol: `0.1${index}` }));
    const submit = ({ id, amountSol }: (typeof wanted)[number]) => dev.bot.buy(id, 'RAY', amountSol);
    const acknowledged = new Map<string, Order>();
    const answers = wanted.map(async (each) => {
      const order = await submit(each);
      acknowledged.set(each.id, order);
    });
    const over = Promise.allSettled(answers);
    await eventually('some acknowledgements', () => acknowledged.size > 2);
    await restart();
    await over;
    for (const [id, { orderId }] of acknowledged) {
      expect((await untilAnswered(id, () => dev.bot.order(id))).orderId, id).to.equal(orderId);
    }
    // A bot repeats what was not acknowledged, under the same key: some of it may have been committed.
    for (const each of wanted) await untilAnswered(each.id, () => submit(each));
    submitted.push(...wanted.map(({ id }) => id));
    await dev.bot.untilCount(OrderStatus.FILLED, submitted.length);
    const orders = await expectAllFilledOnce(dev, submitted);
    for (const { orderReqId, orderId } of orders) {
      expect(acknowledged.get(orderReqId)?.orderId ?? orderId, orderReqId).to.equal(orderId);
    }
  });
});
