import { expect } from 'chai';
import * as queue from './index.js';
import { OrderQueueManager, PriorityQueueManager, QueueManager, TaskPriority } from './queue-manager.js';
import { deferred, settle, untilAborted } from './test-helpers.js';

describe('Q4 QueueManager', () => {
  it('delegates every method of both managers by the same name', async () => {
    const manager = new QueueManager<string>();
    const end = deferred<string>();
    const taskId = manager.addPriorityTask({
      orderReqId: 'ORD1',
      priority: TaskPriority.HIGH,
      task: () => end.promise,
    });
    const waiting = manager.addPriorityTask({ orderReqId: 'ORD2', priority: TaskPriority.LOW, task: () => 'never' });
    expect(manager.getTask(taskId)?.state).to.equal('WAITING');
    expect(manager.cancelTask(waiting)).to.equal(true);
    manager.start();
    await settle();
    expect(manager.getTaskResult(taskId)).to.equal(undefined);
    end.resolve('done');
    expect(await manager.waitForTask(taskId)).to.include({ success: true, result: 'done' });
    expect(manager.priorityQueueManager.getTaskResult(taskId)).to.equal(manager.getTaskResult(taskId));
    expect(manager.cleanupOldResults(-1)).to.equal(2);

    manager.getOrderQueue('ORD1');
    await manager.addToOrderQueue('ORD1', 'PROP456/New');
    expect(manager.hasOrderQueue('ORD1')).to.equal(true);
    expect(manager.orderQueueManager.getQueueStats().queues).to.deep.equal({ ORD1: 1 });
    expect(await manager.getFromOrderQueue('ORD1', { timeout: 10 })).to.equal('PROP456/New');
    expect(await manager.removeOrderQueue('ORD1')).to.equal(true);
    expect(manager.hasOrderQueue('ORD1')).to.equal(false);
    await manager.stop();
  });

  it('has every public method of both managers', () => {
    const facade = Object.getOwnPropertyNames(QueueManager.prototype);
    for (const part of [PriorityQueueManager, OrderQueueManager]) {
      expect(facade).to.include.members(Object.getOwnPropertyNames(part.prototype));
    }
  });

  it('combines the stats', async () => {
    const manager = new QueueManager();
    for (let n = 0; n < 5; n++) {
      manager.addPriorityTask({ orderReqId: `ORD${n}`, priority: n, task: ({ signal }) => untilAborted(signal) });
    }
    for (let n = 0; n < 3; n++) await manager.addToOrderQueue('ORD123', `PROP${n}/New`);
    manager.start();
    await settle();
    const expected = {
      priorityQueueSize: 2,
      activeTasks: 3,
      completedTasks: 0,
      orderQueuesCount: 1,
      orderQueueDetails: { ORD123: 3 },
    };
    expect(manager.getQueueStats()).to.deep.equal(expected);
    expect(await manager.readQueueStats()).to.deep.equal(expected);
    await manager.stop();
    expect(manager.getQueueStats()).to.include({ priorityQueueSize: 0, activeTasks: 0, completedTasks: 5 });
  });

  it('works on the managers it is given, and each manager on its own', async () => {
    const priorityQueueManager = new PriorityQueueManager({ maxConcurrentTasks: 1 });
    const orderQueueManager = new OrderQueueManager<string>();
    const manager = new QueueManager({ priorityQueueManager, orderQueueManager });
    await orderQueueManager.addToOrderQueue('ORD1', 'PROP1/New');
    priorityQueueManager.addPriorityTask({ orderReqId: 'ORD1', priority: 1, task: () => 1 });
    expect(manager.getQueueStats()).to.include({ orderQueuesCount: 1, priorityQueueSize: 1 });
  });

  it('ready-made instances exist, belong together and are idle', () => {
    expect(queue.priorityQueueManager).to.be.instanceOf(PriorityQueueManager);
    expect(queue.orderQueueManager).to.be.instanceOf(OrderQueueManager);
    expect(queue.queueManager.priorityQueueManager).to.equal(queue.priorityQueueManager);
    expect(queue.queueManager.orderQueueManager).to.equal(queue.orderQueueManager);
    expect(queue.queueManager.getQueueStats()).to.deep.equal({
      priorityQueueSize: 0,
      activeTasks: 0,
      completedTasks: 0,
      orderQueuesCount: 0,
      orderQueueDetails: {},
    });
  });
});
