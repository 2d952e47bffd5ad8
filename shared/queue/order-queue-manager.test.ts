import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { OrderQueueManager } from './order-queue-manager.js';
import { InMemoryOrderQueueStore } from './order-queue-store.js';
import { settle } from './test-helpers.js';

function setUp(messagesMax?: number, queuesMax?: number) {
  const clock = new ManualClock();
  const store = new InMemoryOrderQueueStore<unknown>({ messagesMax, queuesMax });
  return { clock, manager: new OrderQueueManager<unknown>({ clock, store }) };
}

describe('Q3 OrderQueueManager', () => {
  it('keeps one queue per order, first in, first out, of texts and objects', async () => {
    const { manager } = setUp();
    const fill = { proposal: 'PROP456', state: 'FILLED' };
    await manager.addToOrderQueue('ORD123', 'PROP456/New');
    await manager.addToOrderQueue('ORD123', fill);
    await manager.addToOrderQueue('ORD999', 'PROP1/New');
    expect(await manager.getFromOrderQueue('ORD123', { timeout: 0 })).to.equal('PROP456/New');
    expect(await manager.getFromOrderQueue('ORD123', { timeout: 0 })).to.equal(fill);
    expect(await manager.getFromOrderQueue('ORD123', { timeout: 0 })).to.equal(undefined);
    expect(await manager.getFromOrderQueue('ORD999')).to.equal('PROP1/New');
  });

  it('counts queues and the messages not yet taken, whatever an order is called', async () => {
    const { manager } = setUp();
    expect(manager.getQueueStats()).to.deep.equal({ orderQueuesCount: 0, queues: {} });
    for (let n = 0; n < 3; n++) await manager.addToOrderQueue('ORD123', `PROP${n}/New`);
    manager.getOrderQueue('ORD124');
    await manager.addToOrderQueue('__proto__', 'odd');
    const { orderQueuesCount, queues } = manager.getQueueStats();
    expect(orderQueuesCount).to.equal(3);
    expect(Object.entries(queues)).to.deep.equal([
      ['ORD123', 3],
      ['ORD124', 0],
      ['__proto__', 1],
    ]);
    await manager.getFromOrderQueue('ORD123');
    expect(manager.getQueueStats().queues).to.include({ ORD123: 2 });
  });

  it('getOrderQueue makes the queue once and hands out a handle to it', async () => {
    const { manager } = setUp();
    expect(manager.hasOrderQueue('ORD1')).to.equal(false);
    const queue = manager.getOrderQueue('ORD1');
    expect(manager.hasOrderQueue('ORD1')).to.equal(true);
    await queue.add('PROP1/New');
    expect(queue.size).to.equal(1);
    expect(manager.getOrderQueue('ORD1').size).to.equal(1);
    expect(await manager.getOrderQueue('ORD1').get({ timeout: 0 })).to.equal('PROP1/New');
    expect(queue).to.include({ id: 'ORD1', size: 0 });
  });

  it('a getter waits for a message, no longer than its time in ms', async () => {
    const { clock, manager } = setUp();
    const inTime = manager.getFromOrderQueue('ORD1', { timeout: 100 });
    await clock.advance(99);
    await manager.addToOrderQueue('ORD1', 'PROP1/New');
    expect(await inTime).to.equal('PROP1/New');
    expect(clock.pendingTimers, 'a served getter leaves no timer').to.equal(0);
    let answer: unknown = 'still waiting';
    void manager.getFromOrderQueue('ORD1', { timeout: 100 }).then((message) => {
      answer = message;
    });
    await clock.advance(99);
    expect(answer).to.equal('still waiting');
    await clock.advance(1);
    expect(answer).to.equal(undefined);
    await manager.addToOrderQueue('ORD1', 'PROP2/New');
    expect(await manager.getFromOrderQueue('ORD1', { timeout: 0 })).to.equal('PROP2/New');
  });

  it('serves getters first come, first served, and skips those whose time was up', async () => {
    const { clock, manager } = setUp();
    const got: unknown[] = [];
    for (const [name, timeout] of [
      ['a', undefined],
      ['b', 50],
      ['c', 500],
    ] as const) {
      void manager.getFromOrderQueue('ORD1', { timeout }).then((message) => got.push([name, message]));
    }
    await clock.advance(50);
    await manager.addToOrderQueue('ORD1', 'first');
    await manager.addToOrderQueue('ORD1', 'second');
    await settle();
    expect(got).to.deep.equal([
      ['b', undefined],
      ['a', 'first'],
      ['c', 'second'],
    ]);
  });

  it('removal ends the queue: waiting getters get nothing, what was not taken is gone', async () => {
    const { clock, manager } = setUp();
    const waiting = [manager.getFromOrderQueue('ORD1'), manager.getFromOrderQueue('ORD1', { timeout: 1_000 })];
    expect(await manager.removeOrderQueue('ORD1')).to.equal(true);
    expect(await Promise.all(waiting)).to.deep.equal([undefined, undefined]);
    expect(clock.pendingTimers).to.equal(0);
    expect(manager.hasOrderQueue('ORD1')).to.equal(false);
    expect(await manager.removeOrderQueue('ORD1')).to.equal(false);
    await manager.addToOrderQueue('ORD1', 'old');
    await manager.removeOrderQueue('ORD1');
    await manager.addToOrderQueue('ORD1', 'new');
    expect(await manager.getFromOrderQueue('ORD1', { timeout: 0 })).to.equal('new');
  });

  it('a full queue is an error for the writer and loses nothing', async () => {
    const { manager } = setUp(2);
    await manager.addToOrderQueue('ORD1', 1);
    await manager.addToOrderQueue('ORD1', 2);
    const error = await manager.addToOrderQueue('ORD1', 3).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(ExitlaneError).with.property('reason', 'QUEUE_FULL');
    expect(await manager.getFromOrderQueue('ORD1')).to.equal(1);
    await manager.addToOrderQueue('ORD1', 4);
    expect([await manager.getFromOrderQueue('ORD1'), await manager.getFromOrderQueue('ORD1')]).to.deep.equal([2, 4]);
  });

  it('bounds the number of queues and of getters', async () => {
    const { manager } = setUp(10, 1);
    manager.getOrderQueue('ORD1');
    expect(() => manager.getOrderQueue('ORD2'))
      .to.throw(ExitlaneError)
      .with.property('reason', 'QUEUE_FULL');
    for (let n = 0; n < 1_000; n++) void manager.getFromOrderQueue('ORD1');
    const error = await manager.getFromOrderQueue('ORD1').catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(ExitlaneError).with.property('reason', 'QUEUE_FULL');
    await manager.removeOrderQueue('ORD1');
  });

  it('refuses what cannot be a message, an id or a time', async () => {
    const { manager } = setUp();
    const attempts = [
      manager.addToOrderQueue('ORD1', undefined),
      manager.addToOrderQueue('', 'message'),
      manager.getFromOrderQueue('ORD1', { timeout: -1 }),
      manager.getFromOrderQueue('ORD1', { timeout: Number.NaN }),
    ];
    for (const attempt of attempts) {
      const error = await attempt.catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(ExitlaneError).with.property('reason', 'INVALID_FIELD');
    }
  });
});
