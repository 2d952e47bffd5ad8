import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { OrderPriority } from '../order/priority.js';
import { PriorityQueueManager, type PriorityQueueManagerOptions } from './priority-queue-manager.js';
import type { TaskContext } from './task.js';
import { MemoryTaskSource } from './task-source.js';
import { deferred, settle, untilAborted } from './test-helpers.js';

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

describe('P8 giving the slot back early', () => {
  it('releaseSlot lets the next task run while this one goes on, and frees the slot only once', async () => {
    const { manager, started, add } = setUp({ maxConcurrentTasks: 1 });
    const end = deferred<string>();
    const watcher = add('entry', OrderPriority.ENTRY, ({ releaseSlot }) => {
      expect(releaseSlot()).to.equal(true);
      expect(releaseSlot()).to.equal(true);
      return end.promise;
    });
    manager.start();
    await settle();
    add('exit', OrderPriority.EXIT_STOP_LOSS, ({ signal }) => untilAborted(signal));
    add('next', OrderPriority.ENTRY);
    await settle();
    expect(started).to.deep.equal(['entry', 'exit']);
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 1, activeTasks: 1, completedTasks: 0 });
    end.resolve('landed');
    expect(await manager.waitForTask(watcher)).to.include({ success: true, result: 'landed' });
    await settle();
    expect(started).to.deep.equal(['entry', 'exit']);
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 1, activeTasks: 1, completedTasks: 1 });
    await manager.stop();
  });

  it('a task keeps its slot when too many watch already', async () => {
    const { manager, add } = setUp({ maxConcurrentTasks: 1, watchingMax: 1 });
    const answers: boolean[] = [];
    for (const name of ['a', 'b']) {
      add(name, 1, ({ releaseSlot, signal }) => {
        answers.push(releaseSlot());
        return untilAborted(signal);
      });
    }
    manager.start();
    await settle();
    expect(answers).to.deep.equal([true, false]);
    expect(manager.getQueueStats().activeTasks).to.equal(1);
    await manager.stop();
  });

  it('a task that watched makes room for another when it ends', async () => {
    const { manager, add } = setUp({ watchingMax: 1 });
    const answers: boolean[] = [];
    manager.start();
    for (const name of ['a', 'b', 'c']) {
      await manager.waitForTask(add(name, 1, async ({ releaseSlot }) => answers.push(releaseSlot())));
    }
    expect(answers).to.deep.equal([true, true, true]);
  });
});

describe('Q6 a manager with a source of its own', () => {
  it('says that work is added at the source', () => {
    const manager = new PriorityQueueManager({ source: new MemoryTaskSource() });
    expect(() => manager.addPriorityTask({ orderReqId: 'a', priority: 1, task: () => 1 })).to.throw(/source/);
  });

  it('reads the size of a source that counts by promise', async () => {
    const source = { claim: () => undefined, onWake: () => () => undefined, size: async () => 41 };
    const manager = new PriorityQueueManager({ source });
    expect(await manager.readQueueStats()).to.deep.equal({ priorityQueueSize: 41, activeTasks: 0, completedTasks: 0 });
    expect(manager.getQueueStats().priorityQueueSize).to.equal(41);
  });

  it('a malformed task of the source costs no slot, and a claim seen twice runs under two ids', async () => {
    const source = new MemoryTaskSource<{
      orderReqId: string;
      priority: number;
      taskId: string;
      task: () => unknown;
    }>();
    const manager = new PriorityQueueManager({ source, maxConcurrentTasks: 2, clock: new ManualClock() });
    const end = deferred();
    let running = 0;
    const task = () => {
      running++;
      return end.promise;
    };
    source.offer({ orderReqId: '', priority: 1, taskId: 'bad', task }, 1, 0);
    source.offer({ orderReqId: 'a', priority: 1, taskId: 'same', task }, 1, 0);
    source.offer({ orderReqId: 'a', priority: 1, taskId: 'same', task }, 1, 0);
    manager.start();
    await settle();
    expect(running).to.equal(2);
    expect(manager.getQueueStats().activeTasks).to.equal(2);
    end.resolve();
    await settle();
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 0, activeTasks: 0, completedTasks: 2 });
  });
});
