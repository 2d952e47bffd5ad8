import { ExitlaneError } from '../core/errors.js';
import { ORDER_QUEUE_MESSAGES_MAX } from '../core/limits.js';
import { Fifo } from './fifo.js';
import { ORDER_QUEUES_MAX } from './limits.js';

/**
 * The per-order message log behind an `OrderQueueManager`. The manager knows who waits; the store knows what was said and
 * how far it was read. `open`, `size` and `ids` are about the queues open in this process and answer from memory; the rest
 * may go elsewhere and take time.
 */
export interface OrderQueueStore<M> {
  /** Get or create; does nothing when the queue is open. May throw QUEUE_FULL. */
  open(id: string): void;
  /** Messages of an open queue that were not yet taken; undefined when it is not open. */
  size(id: string): number | undefined;
  /** The open queues, in the order they were opened. */
  ids(): Iterable<string>;
  /** Adds a message at the end of an open queue. Throws or rejects with QUEUE_FULL, and then has not added it. */
  append(id: string, message: M): void | Promise<void>;
  /** The next message of an open queue, moving its cursor; undefined when there is none. If it rejects, nothing moved. */
  take(id: string): M | undefined | Promise<M | undefined>;
  /** Closes a queue and drops what was not taken; false when it was not open. */
  remove(id: string): boolean | Promise<boolean>;
  /** Calls `listener` when messages may have come from elsewhere (another process); returns the function that ends it. */
  onAppend?(listener: (id: string) => void): () => void;
}

export interface InMemoryOrderQueueStoreOptions {
  /** Messages of one queue not yet taken, default 10,000. */
  readonly messagesMax?: number;
  /** Queues open at once, default 100,000. */
  readonly queuesMax?: number;
}

/** Bounded FIFOs in memory; full means an error for the writer, never a dropped message. */
export class InMemoryOrderQueueStore<M> implements OrderQueueStore<M> {
  readonly #queues = new Map<string, Fifo<M>>();
  readonly #messagesMax: number;
  readonly #queuesMax: number;

  constructor(options: InMemoryOrderQueueStoreOptions = {}) {
    this.#messagesMax = options.messagesMax ?? ORDER_QUEUE_MESSAGES_MAX;
    this.#queuesMax = options.queuesMax ?? ORDER_QUEUES_MAX;
  }

  open(id: string): void {
    if (this.#queues.has(id)) return;
    if (this.#queues.size >= this.#queuesMax) {
      throw new ExitlaneError(
        'QUEUE_FULL',
        `${this.#queuesMax} order queues are open; remove those of finished orders`,
        {
          metadata: { limit: String(this.#queuesMax) },
        },
      );
    }
    this.#queues.set(id, new Fifo<M>());
  }

  size(id: string): number | undefined {
    return this.#queues.get(id)?.size;
  }

  ids(): Iterable<string> {
    return this.#queues.keys();
  }

  append(id: string, message: M): void {
    const queue = this.#queues.get(id);
    if (queue === undefined) throw new Error(`the queue of order ${id} is not open`);
    if (queue.size >= this.#messagesMax) {
      const text = `the queue of order ${id} holds ${this.#messagesMax} messages nobody took; read or remove it`;
      throw new ExitlaneError('QUEUE_FULL', text, { metadata: { order_req_id: id, limit: String(this.#messagesMax) } });
    }
    queue.push(message);
  }

  take(id: string): M | undefined {
    return this.#queues.get(id)?.shift();
  }

  remove(id: string): boolean {
    return this.#queues.delete(id);
  }
}
