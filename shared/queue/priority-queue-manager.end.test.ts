import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { DRAIN_MS } from '../core/limits.js';
import { PriorityQueueManager } from './priority-queue-manager.js';
import { TaskCancelledError, type TaskFunction, type TaskResult } from './task.js';
import { deferred, settle, untilAborted } from './test-helpers.js';

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

describe('Q1 cancelTask', () => {
  it('removes a waiting task, which never runs and says so in its result', async () => {
    const { clock, manager, add } = setUp();
    let ran = false;
    const taskId = add(() => {
      ran = true;
    });
    const waited = manager.waitForTask(taskId);
    await clock.advance(40);
    expect(manager.cancelTask(taskId)).to.equal(true);
    expect(manager.cancelTask(taskId)).to.equal(false);
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 0, activeTasks: 0, completedTasks: 1 });
    const result = await waited;
    expect(result).to.have.property('error').that.is.instanceOf(TaskCancelledError);
    expect(result.timings).to.include({ startedAt: undefined, waitMs: 40, runMs: 0 });
    manager.start();
    await settle();
    expect(ran).to.equal(false);
    expect(manager.cancelTask('unknown')).to.equal(false);
  });

  it('aborts the signal of a running task with the reason given, which becomes its error', async () => {
    const { manager, add } = setUp();
    const reason = new Error('yields to an exit');
    let seen: unknown;
    const taskId = add(async ({ signal }) => {
      await untilAborted(signal).catch(() => undefined);
      seen = signal.reason;
      throw new Error('some error on the way out');
    });
    manager.start();
    await settle();
    expect(manager.cancelTask(taskId, reason)).to.equal(true);
    expect(failureOf(await manager.waitForTask(taskId))).to.equal('yields to an exit');
    expect(seen).to.equal(reason);
  });

  it('a function that finishes its work although cancelled has succeeded', async () => {
    const { manager, add } = setUp();
    const end = deferred<string>();
    const taskId = add(() => end.promise);
    manager.start();
    await settle();
    manager.cancelTask(taskId);
    end.resolve('filled first');
    expect(failureOf(await manager.waitForTask(taskId))).to.equal('succeeded with filled first');
  });

  it('a signal first looked at after the cancel is aborted already', async () => {
    const { manager, add } = setUp();
    const go = deferred();
    let aborted = false;
    const taskId = add(async (context) => {
      await go.promise;
      aborted = context.signal.aborted;
    });
    manager.start();
    await settle();
    manager.cancelTask(taskId);
    go.resolve();
    await manager.waitForTask(taskId);
    expect(aborted).to.equal(true);
  });

  it('P4 a task that ignores its signal is given up after the grace time and its slot comes back', async () => {
    const { clock, manager, add } = setUp();
    const late = deferred<string>();
    const deaf = add(() => late.promise);
    const next = add(() => 'ran');
    manager.start();
    await settle();
    manager.cancelTask(deaf);
    await clock.advance(DRAIN_MS - 1);
    expect(manager.getTaskResult(deaf)).to.equal(undefined);
    expect(manager.getQueueStats().activeTasks).to.equal(1);
    await clock.advance(1);
    expect(failureOf(manager.getTaskResult(deaf))).to.match(/was cancelled/);
    expect(failureOf(manager.getTaskResult(next))).to.equal('succeeded with ran');
    late.resolve('after all');
    await settle();
    expect(failureOf(manager.getTaskResult(deaf))).to.match(/was cancelled/);
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 0, activeTasks: 0, completedTasks: 2 });
  });
});

describe('Q1 stop', () => {
  it('gives every task its result: running, watching and waiting', async () => {
    const { clock, manager, add } = setUp(2);
    const ids = [
      add(({ signal }) => untilAborted(signal)),
      add(({ signal, releaseSlot }) => {
        releaseSlot();
        return untilAborted(signal);
      }),
      add(({ signal }) => untilAborted(signal)),
      add(() => 'never runs'),
    ];
    manager.start();
    await settle();
    await manager.stop();
    for (const id of ids) {
      expect(manager.getTaskResult(id)).to.have.nested.property('error.reason', 'SHUTTING_DOWN');
    }
    expect(manager.getQueueStats()).to.deep.equal({ priorityQueueSize: 0, activeTasks: 0, completedTasks: 4 });
    expect(clock.pendingTimers, 'no timer is left behind').to.equal(0);
  });

  it('waits for tasks that clean up, but not longer than the grace time', async () => {
    const { clock, manager, add } = setUp(2);
    const cleanUp = deferred();
    const tidy = add(async ({ signal }) => {
      await untilAborted(signal).catch(() => undefined);
      await cleanUp.promise;
      throw signal.reason;
    });
    const deaf = add(() => new Promise(() => undefined));
    manager.start();
    await settle();
    let stopped = false;
    const stopping = manager.stop().then(() => {
      stopped = true;
    });
    expect(() => manager.start()).to.throw(/still stopping/);
    cleanUp.resolve();
    await settle();
    expect(manager.getTaskResult(tidy)?.success).to.equal(false);
    await clock.advance(DRAIN_MS - 1);
    expect(stopped).to.equal(false);
    await clock.advance(1);
    await stopping;
    expect(manager.getTaskResult(deaf)).to.have.nested.property('error.reason', 'SHUTTING_DOWN');
    expect(manager.getQueueStats().activeTasks).to.equal(0);
  });

  it('is bounded even when a claim never comes back', async () => {
    const clock = new ManualClock();
    const source = {
      claim: () => new Promise<undefined>(() => undefined),
      onWake: () => () => undefined,
      size: () => 0,
    };
    const manager = new PriorityQueueManager({ clock, source });
    manager.start();
    await settle();
    let stopped = false;
    const stopping = manager.stop().then(() => {
      stopped = true;
    });
    await clock.advance(DRAIN_MS - 1);
    expect(stopped).to.equal(false);
    await clock.advance(1);
    await stopping;
  });

  it('can be started again, with all its slots', async () => {
    const { manager, add } = setUp(2);
    for (let round = 0; round < 3; round++) {
      const ended = add(({ signal }) => untilAborted(signal));
      manager.start();
      manager.start();
      await settle();
      await Promise.all([manager.stop(), manager.stop()]);
      expect(manager.getTaskResult(ended)?.success).to.equal(false);
    }
    const ids = [add(() => 1), add(() => 2), add(() => 3)];
    await settle();
    expect(manager.getQueueStats()).to.include({ priorityQueueSize: 3, activeTasks: 0 });
    manager.start();
    await settle();
    expect(ids.map((id) => manager.getTaskResult(id)?.success)).to.deep.equal([true, true, true]);
  });
});
