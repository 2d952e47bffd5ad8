import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { DRAIN_MS } from '../core/limits.js';
import { type ExecutableOrder, OrderExecutor } from './order-executor.js';
import { InMemoryOrderQueue, type OrderQueue } from './order-queue.js';
import { type Deferred, deferred, settle, untilAborted } from './test-helpers.js';

interface Fill {
  readonly success: boolean;
  readonly signature?: string;
}

function entry(orderId: string, createdAt = 0): ExecutableOrder {
  return { orderId, orderType: 'ENTRY', createdAt };
}

function exit(orderId: string, exitReason = 'stop_loss'): ExecutableOrder {
  return { orderId, orderType: 'EXIT', exitReason, createdAt: 0 };
}

/** An executor whose orders end when the test says so. */
function byHand(maxConcurrent?: number, queue?: OrderQueue<ExecutableOrder>) {
  const clock = new ManualClock();
  const started: string[] = [];
  const ends = new Map<string, Deferred<Fill>>();
  const results: [string, boolean][] = [];
  let running = 0;
  const seen = { mostRunning: 0 };
  const executor = new OrderExecutor<ExecutableOrder, Fill>({
    clock,
    queue,
    maxConcurrent,
    onResult: ({ orderId }, { success }) => results.push([orderId, success]),
    async execute({ orderId }, signal) {
      const end = deferred<Fill>();
      started.push(orderId);
      ends.set(orderId, end);
      seen.mostRunning = Math.max(seen.mostRunning, ++running);
      try {
        return await Promise.race([end.promise, untilAborted(signal)]);
      } finally {
        running--;
      }
    },
  });
  const finish = async (orderId: string, success = true) => {
    ends.get(orderId)?.resolve({ success, signature: `mock_tx_${orderId}` });
    await settle();
  };
  return { clock, executor, started, results, seen, finish };
}

function atOnce(maxConcurrent?: number) {
  const started: string[] = [];
  const executor = new OrderExecutor<ExecutableOrder, Fill>({
    maxConcurrent,
    async execute({ orderId }) {
      started.push(orderId);
      if (orderId.startsWith('throws')) throw new Error(`no route for ${orderId}`);
      return { success: !orderId.startsWith('fails'), signature: `mock_tx_${orderId}` };
    },
  });
  return { executor, started };
}

describe('P5 OrderExecutor', () => {
  it('runs submitted orders after start, exits first and emergencies before them', async () => {
    const { executor, started, results, finish } = byHand();
    await executor.submit(entry('e1'));
    await executor.submit(exit('sl'));
    await executor.submit(exit('tp', 'take_profit_1'), true);
    await settle();
    expect(started).to.deep.equal([]);
    executor.start();
    for (const id of ['tp', 'sl', 'e1']) {
      await settle();
      await finish(id, id !== 'sl');
    }
    expect(started).to.deep.equal(['tp', 'sl', 'e1']);
    expect(results).to.deep.equal([
      ['tp', true],
      ['sl', false],
      ['e1', true],
    ]);
    expect(await executor.queue.getStats()).to.include({ queued: 0, processing: 0, processed: 3, failed: 1 });
    await executor.stop();
  });

  it('P7 a submitted order wakes the executor', async () => {
    const { clock, executor, started } = byHand();
    executor.start();
    await settle();
    await executor.submit(entry('e1'));
    await settle();
    expect(started).to.deep.equal(['e1']);
    expect(clock.pendingTimers).to.equal(0);
    await executor.stop();
  });

  it('stop aborts what runs and leaves what waits for the next start', async () => {
    const { executor, started, results, finish } = byHand();
    executor.start();
    await executor.submit(entry('running'));
    await executor.submit(entry('waiting'));
    await settle();
    await executor.stop();
    expect(results).to.deep.equal([['running', false]]);
    expect(await executor.queue.getStats()).to.include({ queued: 1, processing: 0 });
    executor.start();
    await settle();
    await finish('waiting');
    expect(started).to.deep.equal(['running', 'waiting']);
    await executor.stop();
  });

  it('removes a waiting order, not a running one', async () => {
    const { executor, finish, started } = byHand();
    executor.start();
    await executor.submit(entry('running'));
    await executor.submit(entry('waiting'));
    await settle();
    expect(await executor.remove('running')).to.equal(false);
    expect(await executor.remove('waiting')).to.equal(true);
    await finish('running');
    expect(started).to.deep.equal(['running']);
    await executor.stop();
  });

  it('works the same on a queue that answers by promise', async () => {
    const memory = new InMemoryOrderQueue<ExecutableOrder>();
    const slow: OrderQueue<ExecutableOrder> = {
      enqueue: (order, emergency) => settle().then(() => memory.enqueue(order, emergency)),
      dequeue: () => settle().then(() => memory.dequeue()),
      markComplete: (id, outcome) => settle().then(() => memory.markComplete(id, outcome)),
      remove: (id) => settle().then(() => memory.remove(id)),
      getStats: () => settle().then(() => memory.getStats()),
      onWake: (listener) => memory.onWake(listener),
    };
    const executor = new OrderExecutor({ queue: slow, execute: async ({ orderId }) => ({ success: true, orderId }) });
    const results = await executor.executeBatch([entry('a'), entry('b'), entry('a')]);
    expect(results.map(({ success }) => success)).to.deep.equal([true, true, false]);
    expect(memory.getStats()).to.include({ queued: 0, processing: 0, processed: 2 });
    await executor.stop();
  });
});

describe('E6 executor on its own', () => {
  it('is sequential by default', async () => {
    const { executor, seen, started, finish } = byHand();
    const batch = executor.executeBatch([entry('a', 1), entry('b', 2), entry('c', 3)]);
    for (const id of ['a', 'b', 'c']) {
      await settle();
      expect(started.at(-1)).to.equal(id);
      await finish(id);
    }
    expect(await batch).to.have.lengthOf(3);
    expect(seen.mostRunning).to.equal(1);
  });

  it('runs up to 3 in parallel by option, and refuses more with a clear error', async () => {
    const { executor, seen, started, finish } = byHand(3);
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const batch = executor.executeBatch(ids.map((id, n) => entry(id, n)));
    await settle();
    expect(started).to.deep.equal(['a', 'b', 'c']);
    for (const id of ids) await finish(id);
    expect((await batch).every(({ success }) => success)).to.equal(true);
    expect(seen.mostRunning).to.equal(3);
    for (const maxConcurrent of [0, 4, 1.5, Number.NaN]) {
      expect(() => atOnce(maxConcurrent)).to.throw(RangeError, 'maxConcurrent must be 1 to 3');
    }
  });

  it('executeBatch returns one result per order, in input order, throws and refusals included', async () => {
    const { executor, started } = atOnce();
    const orders = [entry('e1'), entry('throws'), exit('sl'), entry('fails'), entry('e1')];
    const results = await executor.executeBatch(orders);
    expect(results.map(({ success }) => success)).to.deep.equal([true, false, true, false, false]);
    expect(results[0]).to.deep.equal({ success: true, signature: 'mock_tx_e1' });
    expect(results[1]).to.have.nested.property('error.message', 'no route for throws');
    expect(results[3]).to.deep.equal({ success: false, signature: 'mock_tx_fails' });
    expect(results[4]).to.have.nested.property('error.reason', 'ORDER_REQ_ID_TAKEN');
    expect(started).to.deep.equal(['sl', 'e1', 'throws', 'fails']);
    expect(await executor.executeBatch([])).to.deep.equal([]);
  });

  it('without start() a batch runs, and submitted orders wait again when it is through', async () => {
    const { executor, started } = atOnce();
    await executor.executeBatch([entry('a')]);
    await executor.submit(entry('later'));
    await settle();
    expect(started).to.deep.equal(['a']);
    executor.start();
    await settle();
    expect(started).to.deep.equal(['a', 'later']);
    await executor.stop();
  });

  it('two batches at once share the one slot, and an id in both is refused in the second', async () => {
    const { executor, seen, finish } = byHand();
    const first = executor.executeBatch([entry('a', 1), entry('b', 2)]);
    const second = executor.executeBatch([entry('b', 3), entry('c', 4)]);
    for (const id of ['a', 'b', 'c']) {
      await settle();
      await finish(id);
    }
    expect((await first).map(({ success }) => success)).to.deep.equal([true, true]);
    expect((await second).map(({ success }) => success)).to.deep.equal([false, true]);
    expect(seen.mostRunning).to.equal(1);
  });

  it('stop and remove leave no batch without its results', async () => {
    const { executor } = byHand();
    const batch = executor.executeBatch([entry('running', 1), entry('removed', 2), entry('waiting', 3)]);
    await settle();
    await executor.remove('removed');
    await executor.stop();
    const [running, removed, waiting] = await batch;
    expect(running?.success).to.equal(false);
    expect(removed).to.have.nested.property('error.message', 'order removed was removed before it ran');
    expect(waiting).to.have.nested.property('error.reason', 'SHUTTING_DOWN');
    expect(await executor.queue.getStats()).to.include({ queued: 0, processing: 0 });
  });

  it('an execution that ignores stop is given up in bounded time', async () => {
    const clock = new ManualClock();
    const executor = new OrderExecutor({ clock, execute: () => new Promise<Fill>(() => undefined) });
    const batch = executor.executeBatch([entry('deaf')]);
    await settle();
    const stopping = executor.stop();
    await clock.advance(DRAIN_MS);
    await stopping;
    expect((await batch)[0]).to.have.nested.property('error.reason', 'SHUTTING_DOWN');
  });
});
