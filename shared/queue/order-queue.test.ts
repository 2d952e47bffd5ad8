import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { InMemoryOrderQueue, type QueuedOrder } from './order-queue.js';

const T0 = Date.UTC(2026, 0, 1);

function setUp(waitingMax?: number) {
  const clock = new ManualClock(T0);
  const queue = new InMemoryOrderQueue({ clock, waitingMax });
  let arrivals = 0;
  const entry = (orderId: string, createdAt = T0 + arrivals++): QueuedOrder => ({
    orderId,
    orderType: 'ENTRY',
    createdAt,
  });
  const exit = (orderId: string, exitReason: string, createdAt = T0 + arrivals++): QueuedOrder => ({
    orderId,
    orderType: 'EXIT',
    exitReason,
    createdAt,
  });
  const drain = () => {
    const ids: string[] = [];
    for (let order = queue.dequeue(); order !== undefined; order = queue.dequeue()) ids.push(order.orderId);
    return ids;
  };
  return { clock, queue, entry, exit, drain };
}

describe('P2 exits before entries', () => {
  it('5 entries and 3 exits waiting: the exits come first, then the entries', () => {
    const { queue, entry, exit, drain } = setUp();
    for (const id of ['e1', 'e2', 'e3']) queue.enqueue(entry(id), false);
    queue.enqueue(exit('tp', 'take_profit_1'), false);
    queue.enqueue(exit('manual', 'manual'), false);
    for (const id of ['e4', 'e5']) queue.enqueue(entry(id), false);
    queue.enqueue(exit('sl', 'stop_loss'), false);
    expect(drain()).to.deep.equal(['sl', 'tp', 'manual', 'e1', 'e2', 'e3', 'e4', 'e5']);
  });

  it('a retried order keeps its seniority within its level, and only there', () => {
    const { queue, entry, exit, drain } = setUp();
    const first = entry('first');
    queue.enqueue(first, false);
    expect(queue.dequeue()).to.equal(first);
    queue.enqueue(entry('second'), false);
    queue.enqueue(exit('exit', 'time_limit'), false);
    queue.markComplete('first', { success: false });
    queue.enqueue(first, false);
    expect(drain()).to.deep.equal(['exit', 'first', 'second']);
  });
});

describe('P3 emergency override', () => {
  it('an emergency comes before everything else, a stop-loss included, whatever its type', () => {
    const { queue, entry, exit, drain } = setUp();
    queue.enqueue(exit('sl', 'stop_loss'), false);
    queue.enqueue(entry('buy now'), true);
    queue.enqueue(exit('out now', 'manual'), true);
    expect(drain()).to.deep.equal(['buy now', 'out now', 'sl']);
  });
});

describe('P5 order queue', () => {
  it('takes each order once: a second one of the same id is refused while the first waits or is processed', () => {
    const { queue, entry } = setUp();
    const order = entry('o1');
    const refused = (state: string) =>
      expect(() => queue.enqueue(order, false))
        .to.throw(ExitlaneError, state)
        .with.property('reason', 'ORDER_REQ_ID_TAKEN');
    queue.enqueue(order, false);
    refused('waiting');
    queue.dequeue();
    refused('being processed');
    queue.markComplete('o1');
    queue.enqueue(order, false);
    expect(queue.getStats().queued).to.equal(1);
  });

  it('removes a waiting order; a running or unknown one it does not', () => {
    const { queue, entry, drain } = setUp();
    for (const id of ['a', 'b', 'c']) queue.enqueue(entry(id), false);
    expect(queue.dequeue()?.orderId).to.equal('a');
    expect(queue.remove('a')).to.equal(false);
    expect(queue.remove('b')).to.equal(true);
    expect(queue.remove('b')).to.equal(false);
    expect(queue.remove('unknown')).to.equal(false);
    expect(drain()).to.deep.equal(['c']);
  });

  it('marks complete only what is processing', () => {
    const { queue, entry } = setUp();
    queue.enqueue(entry('a'), false);
    expect(queue.markComplete('a')).to.equal(false);
    queue.dequeue();
    expect(queue.markComplete('a', { success: true })).to.equal(true);
    expect(queue.markComplete('a', { success: true })).to.equal(false);
    expect(queue.getStats()).to.include({ queued: 0, processing: 0, processed: 1, failed: 0 });
  });

  it('reports what waits by type, priority and age, and how long orders waited', async () => {
    const { clock, queue, entry, exit } = setUp();
    const none = { byType: { ENTRY: 0, EXIT: 0 }, byPriority: {}, oldestWaitingMs: {} };
    const zero = { queued: 0, processing: 0, processed: 0, failed: 0, averageWaitMs: 0 };
    expect(queue.getStats()).to.deep.equal({ ...zero, ...none });
    queue.enqueue(exit('sl', 'stop_loss', T0), false);
    queue.enqueue(entry('e1', T0 - 500), false);
    await clock.advance(100);
    queue.enqueue(entry('e2', T0 + 100), false);
    queue.enqueue(exit('now', 'manual', T0 + 90), true);
    await clock.advance(100);
    expect(queue.getStats()).to.deep.equal({
      ...zero,
      queued: 4,
      byType: { ENTRY: 2, EXIT: 2 },
      byPriority: { 0: 1, 10: 1, 100: 2 },
      oldestWaitingMs: { 0: 110, 10: 200, 100: 700 },
    });
    queue.dequeue();
    queue.dequeue();
    queue.markComplete('now', { success: false });
    expect(queue.getStats()).to.deep.equal({
      queued: 2,
      processing: 1,
      processed: 1,
      failed: 1,
      averageWaitMs: 150,
      byType: { ENTRY: 2, EXIT: 0 },
      byPriority: { 100: 2 },
      oldestWaitingMs: { 100: 700 },
    });
    queue.remove('e1');
    expect(queue.getStats()).to.deep.include({ byType: { ENTRY: 1, EXIT: 0 }, oldestWaitingMs: { 100: 100 } });
  });

  it('P9 a full queue refuses entries, never an exit or an emergency', () => {
    const { queue, entry, exit } = setUp(1);
    queue.enqueue(entry('e1'), false);
    expect(() => queue.enqueue(entry('e2'), false))
      .to.throw(ExitlaneError)
      .with.property('reason', 'QUEUE_FULL');
    queue.enqueue(exit('x1', 'time_limit'), false);
    queue.enqueue(entry('e3'), true);
    expect(queue.getStats().queued).to.equal(3);
  });

  it('wakes its listeners until they leave, and refuses an order without a time', () => {
    const { queue, entry } = setUp();
    let woken = 0;
    const leave = queue.onWake(() => woken++);
    queue.enqueue(entry('a'), false);
    leave();
    queue.enqueue(entry('b'), false);
    expect(woken).to.equal(1);
    expect(() => queue.enqueue(entry('c', Number.NaN), false)).to.throw(ExitlaneError, 'created_at');
  });
});
