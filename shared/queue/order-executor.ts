import { type Clock, systemClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { type Logger, silentLogger } from '../core/logger.js';
import { priorityOf } from '../order/priority.js';
import { ORDER_EXECUTOR_CONCURRENT_MAX } from './limits.js';
import { InMemoryOrderQueue, type OrderOutcome, type OrderQueue, type QueuedOrder } from './order-queue.js';
import { isPromiseLike, toError } from './outcomes.js';
import { PriorityQueueManager } from './priority-queue-manager.js';
import type { PriorityTaskInput } from './task.js';
import { mapTaskSource } from './task-source.js';

/** An order that says itself whether it is an emergency; `submit` may say it in its place. */
export interface ExecutableOrder extends QueuedOrder {
  readonly emergency?: boolean | undefined;
}

/** The outcome of an order that was refused, threw or was stopped. */
export interface FailedExecution {
  readonly success: false;
  readonly error: Error;
}

export interface OrderExecutorOptions<O extends ExecutableOrder, Outcome extends OrderOutcome> {
  /** Runs one order; must end soon after `signal` was aborted. */
  readonly execute: (order: O, signal: AbortSignal) => Promise<Outcome>;
  /** Default: a new queue in memory. */
  readonly queue?: OrderQueue<O>;
  /** Orders run at once: 1 (default) to 3. */
  readonly maxConcurrent?: number;
  /** Called with every outcome, also of orders nobody waits for. */
  readonly onResult?: (order: O, result: Outcome | FailedExecution) => void;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Time a running order has to end after `stop`, ms, default 5,000. */
  readonly abortGraceMs?: number;
}

/** Runs the orders of a queue, best first, one at a time unless told otherwise. */
export class OrderExecutor<O extends ExecutableOrder = ExecutableOrder, Outcome extends OrderOutcome = OrderOutcome> {
  readonly queue: OrderQueue<O>;
  readonly #options: OrderExecutorOptions<O, Outcome>;
  readonly #logger: Logger;
  readonly #manager: PriorityQueueManager;
  /** Those who wait for the outcome of a batch, by order id. */
  readonly #waiters = new Map<string, (result: Outcome | FailedExecution) => void>();
  #started = false;
  #batches = 0;
  #wakeManager: (() => void) | undefined;

  constructor(options: OrderExecutorOptions<O, Outcome>) {
    const { maxConcurrent = 1, clock = systemClock, logger = silentLogger, abortGraceMs } = options;
    if (!Number.isInteger(maxConcurrent) || maxConcurrent < 1 || maxConcurrent > ORDER_EXECUTOR_CONCURRENT_MAX) {
      throw new RangeError(`maxConcurrent must be 1 to ${ORDER_EXECUTOR_CONCURRENT_MAX}, got ${maxConcurrent}`);
    }
    this.#options = options;
    this.#logger = logger;
    this.queue = options.queue ?? new InMemoryOrderQueue<O>({ clock });
    const queue = this.queue;
    const orders = {
      claim: () => (this.#started || this.#batches > 0 ? queue.dequeue() : undefined),
      onWake: (listener: () => void) => {
        this.#wakeManager = listener;
        return queue.onWake(listener);
      },
      size: () => {
        const stats = queue.getStats();
        return isPromiseLike(stats) ? stats.then(({ queued }) => queued) : stats.queued;
      },
    };
    const source = mapTaskSource(orders, (order: O) => this.#taskFor(order));
    this.#manager = new PriorityQueueManager({
      maxConcurrentTasks: maxConcurrent,
      source,
      clock,
      logger,
      abortGraceMs,
    });
  }

  /** Begins to run what is and will be in the queue. */
  start(): void {
    this.#manager.start();
    this.#started = true;
    this.#wakeManager?.();
  }

  /** Aborts running orders and waits for them (bounded). Waiting orders stay in the queue, those of a batch leave it. */
  async stop(): Promise<void> {
    this.#started = false;
    await this.#manager.stop();
    const error = new ExitlaneError(
      'SHUTTING_DOWN',
      'the executor was stopped before this order ended; submit it again',
    );
    for (const [orderId, resolve] of this.#waiters) {
      await this.#removeStopped(orderId);
      resolve({ success: false, error });
    }
    this.#waiters.clear();
  }

  /** Puts an order in the queue; resolves when it is in it. Rejects when the queue refuses it. */
  async submit(order: O, emergency = order.emergency ?? false): Promise<void> {
    await this.queue.enqueue(order, emergency);
  }

  /** Takes a waiting order out of the queue; false when it is running or unknown. In a batch its result says so. */
  async remove(orderId: string): Promise<boolean> {
    if (!(await this.queue.remove(orderId))) return false;
    this.#settle(orderId, { success: false, error: new Error(`order ${orderId} was removed before it ran`) });
    return true;
  }

  /**
   * Runs these orders, best first, and resolves with one result per order, in the order given; a refusal or a throw is a
   * result too. Works without `start()`: until the batch is through, whatever else is in the queue runs by its priority.
   */
  async executeBatch(orders: readonly O[]): Promise<(Outcome | FailedExecution)[]> {
    this.#manager.start();
    this.#batches++;
    try {
      return await Promise.all(orders.map((order) => this.#submitAndWait(order)));
    } finally {
      this.#batches--;
    }
  }

  async #submitAndWait(order: O): Promise<Outcome | FailedExecution> {
    const { orderId } = order;
    if (this.#waiters.has(orderId)) {
      return {
        success: false,
        error: new ExitlaneError('ORDER_REQ_ID_TAKEN', `order ${orderId} is in a batch already`),
      };
    }
    const result = new Promise<Outcome | FailedExecution>((resolve) => this.#waiters.set(orderId, resolve));
    try {
      const queued = this.queue.enqueue(order, order.emergency ?? false);
      if (isPromiseLike(queued)) await queued;
    } catch (error) {
      this.#waiters.delete(orderId);
      return { success: false, error: toError(error) };
    }
    return result;
  }

  #taskFor(order: O): PriorityTaskInput {
    const { orderId, orderType, exitReason, createdAt, emergency = false } = order;
    const priority = priorityOf({ orderType, exitReason, emergency });
    return { orderReqId: orderId, priority, createdAt, task: ({ signal }) => this.#run(order, signal) };
  }

  async #run(order: O, signal: AbortSignal): Promise<Outcome | FailedExecution> {
    let result: Outcome | FailedExecution;
    try {
      result = await this.#options.execute(order, signal);
    } catch (error) {
      result = { success: false, error: toError(error) };
    }
    try {
      await this.queue.markComplete(order.orderId, result);
    } catch (error) {
      this.#logger.error({ err: error, orderId: order.orderId }, 'the end of an order could not be noted in its queue');
    }
    this.#settle(order.orderId, result);
    this.#options.onResult?.(order, result);
    return result;
  }

  #settle(orderId: string, result: Outcome | FailedExecution): void {
    this.#waiters.get(orderId)?.(result);
    this.#waiters.delete(orderId);
  }

  async #removeStopped(orderId: string): Promise<void> {
    try {
      await this.queue.remove(orderId);
    } catch (error) {
      this.#logger.error(
        { err: error, orderId },
        'a stopped order could not be taken out of its queue and may run later',
      );
    }
  }
}
