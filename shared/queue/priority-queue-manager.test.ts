import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { OrderPriority } from '../order/priority.js';
import { PriorityQueueManager, type PriorityQueueManagerOptions } from './priority-queue-manager.js';
import { type TaskContext, TaskPriority, type TaskResult } from './task.js';
import { deferred, settle } from './test-helpers.js';

function setUp(options: PriorityQueueManagerOptions = {}) {
  const clock = new ManualClock();
  const manager = new PriorityQueueManager({ clock, ...options });
  const started: string[] = [];
  const add = (orderReqId: string, priority: number, task: (context: TaskContext) => unknown = () => undefined) =>
    manager.addPriorityTask({
      orderReqId,
      priority,
      task: (context) => {
        started.push(context.orderReqId);
        return task(context);
      },
    });
  return { clock, manager, started, add };
}

function errorOf(result: TaskResult | undefined): Error | undefined {
  return result?.success === false ? result.error : undefined;
}

describe('Q1 PriorityQueueManager', () => {
  it('runs an added task and gives its result with its times', async () => {
    const { clock, manager, add } = setUp();
    const end = deferred<string>();
    const taskId = add('ORD1', TaskPriority.HIGH, () => end.promise);
    const createdAt = clock.now();
    await clock.advance(10);
    manager.start();
    await settle();
    expect(manager.getTaskResult(taskId)).to.equal(undefined);
    await clock.advance(25);
    end.resolve('filled');
    const timings = { createdAt, startedAt: createdAt + 10, endedAt: createdAt + 35, waitMs: 10, runMs: 25 };
    expect(await manager.waitForTask(taskId)).to.deep.equal({ success: true, result: 'filled', timings });
    expect(manager.getTaskResult(taskId)).to.deep.equal({ success: true, result: 'filled', timings });
  });

  it('tasks added before start() wait, and the stats count them', async () => {
    const { manager, started, add } = setUp();
    const end = deferred();
    for (let n = 0; n < 5; n++) add(`ORD${n}`, TaskPriority.LOW, () => end.promise);
    await settle();
    expect(started).to.deep.equal([]);
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 5, activeTasks: 0, completedTasks: 0 });
    manager.start();
    await settle();
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 2, activeTasks: 3, completedTasks: 0 });
    end.resolve();
    await settle();
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 0, activeTasks: 0, completedTasks: 5 });
  });

  it('a throw, a rejection and a thrown non-error are results', async () => {
    const { manager, add } = setUp({ maxConcurrentTasks: 1 });
    const failure = new Error('no route');
    const thrown = add('a', 1, () => {
      throw failure;
    });
    const rejected = add('b', 1, () => Promise.reject(failure));
    const odd = add('c', 1, () => Promise.reject('just text'));
    manager.start();
    await settle();
    expect(errorOf(manager.getTaskResult(thrown))).to.equal(failure);
    expect(errorOf(manager.getTaskResult(rejected))).to.equal(failure);
    expect(errorOf(manager.getTaskResult(odd)))
      .to.be.an('error')
      .with.property('message', 'just text');
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 0, activeTasks: 0, completedTasks: 3 });
  });

  it('P7 starts a submitted task without any timer, after the turn in which it was submitted', async () => {
    const { clock, manager, started, add } = setUp();
    manager.start();
    await settle();
    add('entry', OrderPriority.ENTRY);
    add('exit', OrderPriority.EXIT_OTHER);
    expect(started).to.deep.equal([]);
    await Promise.resolve();
    expect(started).to.deep.equal(['exit', 'entry']);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('100,000 tasks that end at once neither overflow the stack nor leave anything behind', async () => {
    const { manager, add } = setUp();
    for (let n = 0; n < 100_000; n++) {
      add('x', n % 10, () => {
        if (n % 2) throw new Error('thrown');
      });
    }
    manager.start();
    await settle();
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 0, activeTasks: 0, completedTasks: 100_000 });
  });

  it('waiting for an unknown task, or adding a malformed one, is refused with the field', async () => {
    const { manager } = setUp();
    const task = () => undefined;
    const refused = (input: Partial<Parameters<PriorityQueueManager['addPriorityTask']>[0]>, field: string) =>
      expect(() => manager.addPriorityTask({ orderReqId: 'a', priority: 1, task, ...input }))
        .to.throw(ExitlaneError)
        .with.nested.property('violations[0].field', field);
    refused({ orderReqId: '' }, 'order_req_id');
    refused({ priority: Number.NaN }, 'priority');
    refused({ createdAt: Number.NaN }, 'created_at');
    expect(manager.getQueueStats().priorityQueueSize).to.equal(0);
    const error = await manager.waitForTask('nobody').catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(ExitlaneError).with.property('reason', 'INVALID_FIELD');
    expect(() => new PriorityQueueManager({ maxConcurrentTasks: 0 })).to.throw(RangeError);
    expect(() => new PriorityQueueManager({ maxConcurrentTasks: 1.5 })).to.throw(RangeError);
  });

  it('an id of the caller is used, and refused while its task is not ended', async () => {
    const { manager } = setUp();
    const task = async () => 'done';
    expect(manager.addPriorityTask({ orderReqId: 'a', priority: 1, task, taskId: 'mine' })).to.equal('mine');
    expect(() => manager.addPriorityTask({ orderReqId: 'a', priority: 1, task, taskId: 'mine' })).to.throw(/mine/);
    manager.start();
    expect((await manager.waitForTask('mine')).success).to.equal(true);
    expect(manager.addPriorityTask({ orderReqId: 'a', priority: 1, task, taskId: 'mine' })).to.equal('mine');
  });

  it('a full queue refuses entries with QUEUE_FULL, and never an exit or an emergency', () => {
    const { manager, add } = setUp({ waitingMax: 2 });
    add('a', OrderPriority.ENTRY);
    add('b', OrderPriority.ENTRY);
    expect(() => add('c', OrderPriority.ENTRY))
      .to.throw(ExitlaneError)
      .with.property('reason', 'QUEUE_FULL');
    for (const priority of [OrderPriority.EXIT_OTHER, OrderPriority.EXIT_STOP_LOSS, OrderPriority.EMERGENCY]) {
      add('exit', priority);
    }
    expect(manager.getQueueStats().priorityQueueSize).to.equal(5);
  });

  it('keeps a bounded number of results, oldest dropped, and cleans up by age', async () => {
    const { clock, manager, add } = setUp({ resultsMax: 3, maxConcurrentTasks: 1 });
    manager.start();
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      ids.push(add('x', 1, () => n));
      await settle();
      await clock.advance(100);
    }
    const kept = () => ids.map((id) => manager.getTaskResult(id)?.success ?? false);
    expect(kept()).to.deep.equal([false, false, true, true, true]);
    // They ended 300, 200 and 100 ms ago.
    expect(manager.cleanupOldResults(300)).to.equal(0);
    expect(manager.cleanupOldResults(150)).to.equal(2);
    expect(kept()).to.deep.equal([false, false, false, false, true]);
    expect(manager.cleanupOldResults(0)).to.equal(1);
    expect(manager.getQueueStats().completedTasks).to.equal(5);
  });

  it('dropping and cleaning up old results spares a newer task of the same id', async () => {
    const { clock, manager, add } = setUp({ resultsMax: 2 });
    const again = (task: () => unknown) =>
      manager.addPriorityTask({ orderReqId: 'a', priority: 1, task, taskId: 'mine' });
    manager.start();
    again(() => 'first');
    await settle();
    again(() => 'second');
    await settle();
    add('other', 1);
    await settle();
    expect(manager.getTaskResult('mine')).to.include({ success: true, result: 'second' });
    await clock.advance(1_000);
    again(() => new Promise(() => undefined));
    await settle();
    expect(manager.cleanupOldResults(0), 'the one of the other task').to.equal(1);
    expect(manager.getTask('mine')?.state).to.equal('RUNNING');
  });

  it('a waiter gets its result even when that is dropped at once', async () => {
    const { manager, add } = setUp({ resultsMax: 1 });
    const results = Array.from({ length: 4 }, (_, n) => manager.waitForTask(add('x', 1, () => n)));
    manager.start();
    expect((await Promise.all(results)).map((result) => result.success && result.result)).to.deep.equal([0, 1, 2, 3]);
  });
});

describe('Q2 TaskPriority and PriorityTask', () => {
  it('HIGH, MEDIUM and LOW stand on the scale of orders, any other number too', async () => {
    expect(TaskPriority).to.deep.equal({ HIGH: 10, MEDIUM: 50, LOW: 100 });
    const { manager, started, add } = setUp({ maxConcurrentTasks: 1 });
    const work = { low: 100, negative: -3, medium: 50, between: 49.5, high: 10, emergency: OrderPriority.EMERGENCY };
    for (const [name, priority] of Object.entries(work)) add(name, priority);
    manager.start();
    await settle();
    expect(started).to.deep.equal(['negative', 'emergency', 'high', 'between', 'medium', 'low']);
  });

  it('is first in, first out within one priority, also when the wall clock is set back', async () => {
    const { clock, started, manager, add } = setUp({ maxConcurrentTasks: 1 });
    let now = clock.now();
    clock.now = () => now;
    for (let n = 0; n < 20; n++) {
      add(`t${n}`, TaskPriority.MEDIUM);
      now -= 1_000;
    }
    manager.start();
    await settle();
    expect(started).to.deep.equal(Array.from({ length: 20 }, (_, n) => `t${n}`));
  });

  it('the record of a task follows its states', async () => {
    const { clock, manager } = setUp();
    const watch = deferred();
    const end = deferred();
    const taskId = manager.addPriorityTask({
      orderReqId: 'ORD1',
      priority: TaskPriority.HIGH,
      task: async ({ releaseSlot }) => {
        await watch.promise;
        releaseSlot();
        await end.promise;
      },
    });
    const record = { taskId, orderReqId: 'ORD1', priority: 10, createdAt: clock.now() };
    expect(manager.getTask(taskId)).to.deep.equal({ ...record, state: 'WAITING' });
    manager.start();
    await settle();
    expect(manager.getTask(taskId)).to.deep.equal({ ...record, state: 'RUNNING' });
    watch.resolve();
    await settle();
    expect(manager.getTask(taskId)).to.deep.equal({ ...record, state: 'WATCHING' });
    end.resolve();
    await settle();
    expect(manager.getTask(taskId)).to.deep.equal({ ...record, state: 'ENDED' });
    expect(manager.getTask('unknown')).to.equal(undefined);
  });
});
