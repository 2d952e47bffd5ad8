import { type Clock, systemClock } from '../core/clock.js';
import { ExitlaneError, invalidField } from '../core/errors.js';
import { type OrderType, priorityOf } from '../order/priority.js';
import { WAITING_TASKS_MAX } from './limits.js';
import { TaskQueue, type Ticket } from './task-queue.js';

/** What an order queue needs to know of an order. */
export interface QueuedOrder {
  readonly orderId: string;
  readonly orderType: OrderType;
  readonly exitReason?: string | undefined;
  /** Milliseconds since the Unix epoch. A retried order keeps it, and with it its place before younger ones. */
  readonly createdAt: number;
}

/** How an execution went. Executors may say more. */
export interface OrderOutcome {
  readonly success: boolean;
}

export interface OrderQueueCounts {
  /** Orders waiting. */
  readonly queued: number;
  /** Orders taken and not marked complete. */
  readonly processing: number;
  /** Orders marked complete since the queue was made, and those of them whose outcome was no success. */
  readonly processed: number;
  readonly failed: number;
  /** Mean time from `enqueue` to `dequeue`, ms; 0 before the first one. */
  readonly averageWaitMs: number;
  /** Waiting orders by type. */
  readonly byType: Readonly<Record<OrderType, number>>;
  /** Waiting orders by priority number; priorities without any are absent. */
  readonly byPriority: Readonly<Record<number, number>>;
  /** Age (since `createdAt`) of the oldest waiting order by priority number, ms. */
  readonly oldestWaitingMs: Readonly<Record<number, number>>;
}

/**
 * Orders by priority, then age. An order is in it from `enqueue` to `remove` or `markComplete`, and only once.
 *
 *   enqueue --> waiting --dequeue--> processing --markComplete--> gone (may be enqueued again: a retry)
 *                  +-----remove----> gone
 */
export interface OrderQueue<O extends QueuedOrder = QueuedOrder> {
  /** Throws or rejects with ORDER_REQ_ID_TAKEN when the order is in the queue, QUEUE_FULL for one entry too many. */
  enqueue(order: O, emergency: boolean): void | Promise<void>;
  /** Takes the best waiting order; undefined when none waits. */
  dequeue(): O | undefined | Promise<O | undefined>;
  /** The order's run has ended. False when it was not processing. */
  markComplete(orderId: string, outcome?: OrderOutcome): boolean | Promise<boolean>;
  /** Takes a waiting order out. False for one that is processing (it can only be asked to stop) or unknown. */
  remove(orderId: string): boolean | Promise<boolean>;
  getStats(): OrderQueueCounts | Promise<OrderQueueCounts>;
  /** Calls `listener` when an order may have come; returns the function that ends it. */
  onWake(listener: () => void): () => void;
}

interface Entry<O> {
  readonly order: O;
  readonly enqueuedAt: number;
}

export interface InMemoryOrderQueueOptions {
  readonly clock?: Clock;
  /** Waiting orders from which on entries are refused, default 1,000,000. Exits and emergencies are never refused. */
  readonly waitingMax?: number;
}

export class InMemoryOrderQueue<O extends QueuedOrder = QueuedOrder> implements OrderQueue<O> {
  readonly #clock: Clock;
  readonly #waitingMax: number;
  readonly #queue = new TaskQueue<Entry<O>>();
  readonly #waiting = new Map<string, Ticket<Entry<O>>>();
  readonly #processing = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #byType: Record<OrderType, number> = { ENTRY: 0, EXIT: 0 };
  #processed = 0;
  #failed = 0;
  #dequeued = 0;
  #waitedMs = 0;

  constructor(options: InMemoryOrderQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#waitingMax = options.waitingMax ?? WAITING_TASKS_MAX;
  }

  enqueue(order: O, emergency: boolean): void {
    const { orderId, orderType, exitReason, createdAt } = order;
    if (this.#waiting.has(orderId) || this.#processing.has(orderId)) {
      const state = this.#waiting.has(orderId) ? 'waiting' : 'being processed';
      throw new ExitlaneError('ORDER_REQ_ID_TAKEN', `order ${orderId} is ${state} already; each order is queued once`, {
        metadata: { order_id: orderId },
      });
    }
    if (!Number.isFinite(createdAt)) throw invalidField('created_at', `must be ms since the epoch, got ${createdAt}`);
    if (this.#queue.size >= this.#waitingMax && orderType === 'ENTRY' && !emergency) {
      throw new ExitlaneError(
        'QUEUE_FULL',
        `${this.#waitingMax} orders are waiting; entries are refused until some ran`,
      );
    }
    const priority = priorityOf({ orderType, exitReason, emergency });
    const ticket = this.#queue.push({ order, enqueuedAt: this.#clock.now() }, priority, createdAt);
    this.#waiting.set(orderId, ticket);
    this.#byType[orderType]++;
    for (const listener of this.#listeners) listener();
  }

  dequeue(): O | undefined {
    const entry = this.#queue.pop();
    if (entry === undefined) return undefined;
    const { order, enqueuedAt } = entry;
    this.#waiting.delete(order.orderId);
    this.#byType[order.orderType]--;
    this.#processing.add(order.orderId);
    this.#dequeued++;
    this.#waitedMs += Math.max(0, this.#clock.now() - enqueuedAt);
    return order;
  }

  markComplete(orderId: string, outcome?: OrderOutcome): boolean {
    if (!this.#processing.delete(orderId)) return false;
    this.#processed++;
    if (outcome?.success === false) this.#failed++;
    return true;
  }

  remove(orderId: string): boolean {
    const ticket = this.#waiting.get(orderId);
    const order = ticket?.item?.order;
    if (ticket === undefined || order === undefined) return false;
    this.#queue.remove(ticket);
    this.#waiting.delete(orderId);
    this.#byType[order.orderType]--;
    return true;
  }

  getStats(): OrderQueueCounts {
    const now = this.#clock.now();
    const levels = this.#queue.levels();
    return {
      queued: this.#queue.size,
      processing: this.#processing.size,
      processed: this.#processed,
      failed: this.#failed,
      averageWaitMs: this.#dequeued === 0 ? 0 : this.#waitedMs / this.#dequeued,
      byType: { ...this.#byType },
      byPriority: Object.fromEntries(levels.map(({ priority, size }) => [priority, size])),
      oldestWaitingMs: Object.fromEntries(
        levels.map(({ priority, oldest }) => [priority, Math.max(0, now - oldest.order.createdAt)]),
      ),
    };
  }

  onWake(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
