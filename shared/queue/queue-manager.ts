import { type GetOptions, type OrderMessageQueue, OrderQueueManager } from './order-queue-manager.js';
import { PriorityQueueManager } from './priority-queue-manager.js';
import type { PriorityTask, PriorityTaskInput, TaskResult } from './task.js';

export type {
  GetOptions,
  OrderMessageQueue,
  OrderQueueManagerOptions,
  OrderQueueStats,
} from './order-queue-manager.js';
export { OrderQueueManager } from './order-queue-manager.js';
export type { PriorityQueueManagerOptions, PriorityQueueStats } from './priority-queue-manager.js';
export { PriorityQueueManager } from './priority-queue-manager.js';
export * from './task.js';

export interface QueueManagerStats {
  readonly priorityQueueSize: number;
  readonly activeTasks: number;
  readonly completedTasks: number;
  readonly orderQueuesCount: number;
  /** Messages not yet taken by order, such as `{ ORD123: 3 }`. */
  readonly orderQueueDetails: Readonly<Record<string, number>>;
}

export interface QueueManagerOptions<M> {
  /** Default: a new one with its defaults. */
  readonly priorityQueueManager?: PriorityQueueManager;
  readonly orderQueueManager?: OrderQueueManager<M>;
}

/**
 * One facade over the two managers, for callers that want one object. It adds nothing: every method delegates to the
 * manager that has it by the same name. New code takes the manager it needs.
 */
export class QueueManager<M = unknown> {
  readonly priorityQueueManager: PriorityQueueManager;
  readonly orderQueueManager: OrderQueueManager<M>;

  constructor(options: QueueManagerOptions<M> = {}) {
    this.priorityQueueManager = options.priorityQueueManager ?? new PriorityQueueManager();
    this.orderQueueManager = options.orderQueueManager ?? new OrderQueueManager<M>();
  }

  start(): void {
    this.priorityQueueManager.start();
  }

  stop(): Promise<void> {
    return this.priorityQueueManager.stop();
  }

  addPriorityTask<R>(input: PriorityTaskInput<R>): string {
    return this.priorityQueueManager.addPriorityTask(input);
  }

  cancelTask(taskId: string, reason?: Error): boolean {
    return this.priorityQueueManager.cancelTask(taskId, reason);
  }

  getTask(taskId: string): PriorityTask | undefined {
    return this.priorityQueueManager.getTask(taskId);
  }

  getTaskResult(taskId: string): TaskResult | undefined {
    return this.priorityQueueManager.getTaskResult(taskId);
  }

  waitForTask(taskId: string): Promise<TaskResult> {
    return this.priorityQueueManager.waitForTask(taskId);
  }

  cleanupOldResults(olderThanMs: number): number {
    return this.priorityQueueManager.cleanupOldResults(olderThanMs);
  }

  getOrderQueue(id: string): OrderMessageQueue<M> {
    return this.orderQueueManager.getOrderQueue(id);
  }

  addToOrderQueue(id: string, message: M): Promise<void> {
    return this.orderQueueManager.addToOrderQueue(id, message);
  }

  getFromOrderQueue(id: string, options?: GetOptions): Promise<M | undefined> {
    return this.orderQueueManager.getFromOrderQueue(id, options);
  }

  removeOrderQueue(id: string): Promise<boolean> {
    return this.orderQueueManager.removeOrderQueue(id);
  }

  hasOrderQueue(id: string): boolean {
    return this.orderQueueManager.hasOrderQueue(id);
  }

  /** Both managers' numbers in one. */
  getQueueStats(): QueueManagerStats {
    const orders = this.orderQueueManager.getQueueStats();
    return {
      ...this.priorityQueueManager.getQueueStats(),
      orderQueuesCount: orders.orderQueuesCount,
      orderQueueDetails: orders.queues,
    };
  }

  /** As `getQueueStats`, waiting for a source that counts by promise. */
  async readQueueStats(): Promise<QueueManagerStats> {
    return { ...this.getQueueStats(), ...(await this.priorityQueueManager.readQueueStats()) };
  }
}

/** Ready-made instances for programs that need one of each. Nothing runs before `start()`. */
export const priorityQueueManager = new PriorityQueueManager();
export const orderQueueManager = new OrderQueueManager();
export const queueManager = new QueueManager({ priorityQueueManager, orderQueueManager });
