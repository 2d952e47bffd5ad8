import { expect } from 'chai';
import { type Order, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import type { Failpoint } from '../../../shared/core/failpoints.js';
import { untilAnswered } from '../crash/bot.js';
import { type DevProcess, devProcess } from '../crash/dev-stack.js';
import { showLogsOf } from '../crash/stack.js';
import { expectWholeStream } from '../crash/stream-truth.js';
import { expectAllFilledOnce } from '../crash/truth.js';

const POINTS: readonly Failpoint[] = [
  'requestor.intake.after',
  'requestor.claim.after',
  'processor.commit.after',
  'processor.send.after',
  'processor.settle.before',
  'processor.settle.after',
];

describe('E7 E8 E10 S1 everything is one process on the embedded database, and is killed at a failpoint', function () {
  this.timeout(120_000);
  this.slow(30_000);
  let dev: DevProcess;
  const submitted: string[] = [];
  let position: string | undefined;
  before(async () => {
    dev = await devProcess();
  });
  afterEach(function () {
    showLogsOf(this, dev);
  });
  after(() => dev?.close());

  POINTS.forEach((point, index) => {
    it(point, async () => {
      const orderReqId = `order-${index + 1}`;
      submitted.push(orderReqId);
      const held = index % 2 === 1 ? position : undefined;
      const submit = (): Promise<Order> =>
        held === undefined ? dev.bot.buy(orderReqId, 'JUP', '0.4') : dev.bot.sell(orderReqId, held, 'take_profit_1');

      dev.service.launch({ EXITLANE_FAILPOINT: point });
      await dev.service.serving();
      const first = submit().catch(() => undefined);
      await dev.service.printed(`failpoint ${point}`);
      await dev.service.kill();
      const acknowledged = await first;
      await dev.service.start();

      const { orderId } = await untilAnswered(orderReqId, submit);
      if (acknowledged) expect(orderId).to.equal(acknowledged.orderId);
      const follower = dev.bot.follow(orderReqId);
      const filled = await follower.until(OrderStatus.FILLED);
      await expectWholeStream(dev.bot, follower);
      if (held === undefined) position = filled.positionId;
      const orders = await expectAllFilledOnce(dev, submitted);
      expect(orders.at(-1)?.attemptCount, 'failed executions').to.equal(0);
      await dev.service.kill();
    });
  });
});
