import { type Clock, systemClock } from '../core/clock.js';
import { invalidField } from '../core/errors.js';
import { OrderQueueGetters } from './order-queue-getters.js';
import { InMemoryOrderQueueStore, type OrderQueueStore } from './order-queue-store.js';
import { isPromiseLike } from './outcomes.js';

export interface OrderQueueManagerOptions<M> {
  readonly clock?: Clock;
  /** The message log behind the queues; default in memory, at most 10,000 messages in each queue. */
  readonly store?: OrderQueueStore<M>;
}

export interface GetOptions {
  /** How long to wait for a message, ms. 0 looks once. Absent: until a message comes or the queue is removed. */
  readonly timeout?: number;
}

export interface OrderQueueStats {
  readonly orderQueuesCount: number;
  /** Messages not yet taken by order, such as `{ ORD123: 3 }`. */
  readonly queues: Readonly<Record<string, number>>;
}

/** One order's queue, for those who use it often. */
export interface OrderMessageQueue<M> {
  readonly id: string;
  /** Messages not yet taken. */
  readonly size: number;
  add(message: M): Promise<void>;
  get(options?: GetOptions): Promise<M | undefined>;
}

/**
 * One message queue per order, known by its `order_req_id`. A message is anything but undefined: a text such as
 * `PROP456/New`, or an object. Each message goes to one getter, in order, getters first come, first served.
 */
export class OrderQueueManager<M = unknown> {
  readonly #clock: Clock;
  readonly #store: OrderQueueStore<M>;
  readonly #getters = new Map<string, OrderQueueGetters<M>>();

  constructor(options: OrderQueueManagerOptions<M> = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#store = options.store ?? new InMemoryOrderQueueStore<M>();
    this.#store.onAppend?.((id) => this.#getters.get(id)?.serve());
  }

  /** The order's queue, made if there is none. Throws QUEUE_FULL when too many queues are open. */
  getOrderQueue(id: string): OrderMessageQueue<M> {
    this.#open(id);
    const store = this.#store;
    return {
      id,
      get size() {
        return store.size(id) ?? 0;
      },
      add: (message) => this.addToOrderQueue(id, message),
      get: (options) => this.getFromOrderQueue(id, options),
    };
  }

  /** Adds a message, making the queue if there is none. Rejects with QUEUE_FULL, never drops. */
  async addToOrderQueue(id: string, message: M): Promise<void> {
    if (message === undefined) throw invalidField('message', 'undefined stands for "no message": send something');
    this.#open(id);
    const appending = this.#store.append(id, message);
    if (isPromiseLike(appending)) await appending;
    this.#getters.get(id)?.serve();
  }

  /** The next message, waiting for it; undefined when the time is up or the queue is removed. */
  async getFromOrderQueue(id: string, options: GetOptions = {}): Promise<M | undefined> {
    const { timeout } = options;
    if (timeout !== undefined && !(timeout >= 0)) {
      throw invalidField('timeout', `must be milliseconds from 0, got ${timeout}`);
    }
    return this.#open(id).get(timeout);
  }

  /** Removes a queue with what was not taken; its waiting getters get undefined. False when there was none. */
  async removeOrderQueue(id: string): Promise<boolean> {
    const getters = this.#getters.get(id);
    this.#getters.delete(id);
    getters?.close();
    return this.#store.remove(id);
  }

  hasOrderQueue(id: string): boolean {
    return this.#store.size(id) !== undefined;
  }

  getQueueStats(): OrderQueueStats {
    const sizes = Array.from(this.#store.ids(), (id) => [id, this.#store.size(id) ?? 0] as const);
    return { orderQueuesCount: sizes.length, queues: Object.fromEntries(sizes) };
  }

  #open(id: string): OrderQueueGetters<M> {
    if (typeof id !== 'string' || id === '') throw invalidField('order_req_id', 'must be a text, not empty');
    this.#store.open(id);
    let getters = this.#getters.get(id);
    if (getters === undefined) {
      getters = new OrderQueueGetters<M>(this.#clock, () => this.#store.take(id));
      this.#getters.set(id, getters);
    }
    return getters;
  }
}
