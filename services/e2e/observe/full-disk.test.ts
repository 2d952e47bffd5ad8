import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { type DevProcess, devProcess } from '../crash/dev-stack.js';

describe('P9 O2 a log on a full disk', function () {
  this.slow(15_000);
  let dev: DevProcess;
  before(async () => {
    dev = await devProcess({ program: '../observe/full-disk-child.js' });
    await dev.service.start();
  });
  after(() => dev?.close());

  it('keeps no order from being filled, no emergency exit from being sold, and no service from stopping', async () => {
    const { bot, service } = dev;
    await bot.buy('in', 'JUP', '0.2');
    const { positionId } = await bot.follow('in').until(OrderStatus.FILLED);
    await bot.sell('out', positionId, 'emergency');
    await bot.follow('out').until(OrderStatus.FILLED);
    expect((await service.terminate()).exitCode).to.equal(0);
    expect(service.wholeLog, 'nothing could be written').to.equal('');
  });
});
