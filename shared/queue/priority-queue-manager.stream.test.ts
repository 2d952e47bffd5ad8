import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { PriorityQueueManager } from './priority-queue-manager.js';
import type { TaskFunction, TaskResult } from './task.js';
import { deferred, settle } from './test-helpers.js';

function setUp(maxConcurrentTasks = 1) {
  const clock = new ManualClock();
  const manager = new PriorityQueueManager({ clock, maxConcurrentTasks });
  const add = (task: TaskFunction, priority = 10) => manager.addPriorityTask({ orderReqId: 'ORD1', priority, task });
  return { clock, manager, add };
}

/** The message of a failed result, or what it was instead. */
function failureOf(result: TaskResult | undefined): string {
  if (result === undefined) return 'no result';
  return result.success ? `succeeded with ${result.result}` : result.error.message;
}

describe('Q1 streaming tasks', () => {
  it('a stream holds its slot until it ends; its result is what it returns', async () => {
    const { manager, add } = setUp();
    const more = deferred();
    const streaming = add(async function* () {
      yield 'NEW';
      await more.promise;
      yield 'FILLED';
      return 'the end';
    });
    const next = add(() => 'ran');
    manager.start();
    await settle();
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 1, activeTasks: 1, completedTasks: 0 });
    more.resolve();
    expect(await manager.waitForTask(streaming)).to.include({ success: true, result: 'the end' });
    expect(await manager.waitForTask(next)).to.include({ success: true, result: 'ran' });
  });

  it('a stream without a return value gives its last item, also when a promise brings the stream', async () => {
    const { manager, add } = setUp();
    async function* statuses() {
      yield 'SUBMITTED';
      yield 'FILLED';
    }
    const plain = add(() => statuses());
    const promised = add(async () => statuses());
    const empty = add(async function* () {});
    manager.start();
    expect(await manager.waitForTask(plain)).to.include({ success: true, result: 'FILLED' });
    expect(await manager.waitForTask(promised)).to.include({ success: true, result: 'FILLED' });
    expect(await manager.waitForTask(empty)).to.include({ success: true, result: undefined });
  });

  it('a stream that breaks fails, and its slot comes back', async () => {
    const { manager, add } = setUp();
    const broken = add(async function* () {
      yield 'NEW';
      throw new Error('connection reset');
    });
    const next = add(() => 'ran');
    manager.start();
    expect(failureOf(await manager.waitForTask(broken))).to.equal('connection reset');
    expect(failureOf(await manager.waitForTask(next))).to.equal('succeeded with ran');
  });

  it('cancelling closes a stream and waits for its clean-up before the slot comes back', async () => {
    const { manager, add } = setUp();
    const cleanUp = deferred();
    const item = deferred();
    const events: string[] = [];
    const streaming = add(async function* () {
      try {
        for (;;) {
          yield 'tick';
          await item.promise;
        }
      } finally {
        await cleanUp.promise;
        events.push('cleaned up');
      }
    });
    const next = add(() => {
      events.push('next');
    });
    manager.start();
    await settle();
    manager.cancelTask(streaming);
    item.resolve();
    await settle();
    expect(events).to.deep.equal([]);
    cleanUp.resolve();
    await manager.waitForTask(next);
    expect(events).to.deep.equal(['cleaned up', 'next']);
    expect(failureOf(manager.getTaskResult(streaming))).to.match(/was cancelled/);
  });

  it('a stream whose closing throws still ends as cancelled', async () => {
    const { manager, add } = setUp();
    const pending = deferred<IteratorResult<string>>();
    const streaming = add(() => ({
      [Symbol.asyncIterator]: () => ({
        next: () => pending.promise,
        return: () => {
          pending.resolve({ done: true, value: undefined });
          throw new Error('cannot close');
        },
      }),
    }));
    manager.start();
    await settle();
    manager.cancelTask(streaming);
    expect(failureOf(await manager.waitForTask(streaming))).to.match(/was cancelled/);
  });

  it('a stream that comes only after the cancel is closed at once', async () => {
    const { manager, add } = setUp();
    const opened = deferred<AsyncIterable<string>>();
    const pending = deferred<IteratorResult<string>>();
    const iterator = {
      next: () => pending.promise,
      return: async () => {
        pending.resolve({ done: true, value: undefined });
        return { done: true as const, value: undefined };
      },
    };
    const streaming = add(() => opened.promise);
    manager.start();
    await settle();
    manager.cancelTask(streaming);
    opened.resolve({ [Symbol.asyncIterator]: () => iterator });
    await settle();
    expect(failureOf(manager.getTaskResult(streaming))).to.match(/was cancelled/);
  });
});
