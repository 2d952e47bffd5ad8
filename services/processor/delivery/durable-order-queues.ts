import { invalidField } from '../../../shared/core/errors.js';
import type { OrderMessage } from '../../../shared/order/message.js';
import type { OrderQueueStore } from '../../../shared/queue/order-queue-store.js';
import type { Database } from '../../../shared/store/database.js';
import { readLogHeader, readMessages } from '../../../shared/store/messages.js';
import type { ProposalOffer } from '../proposals/proposal-desk.js';
import type { OrderHub } from './order-hub.js';

/** Orders whose cursors are remembered; those read longest ago are forgotten first. */
const QUEUES_MAX = 100_000;

interface Queue {
  orderId: string | undefined;
  /** Last sequence that anybody here took or was sent. */
  cursor: bigint;
  /** Last sequence known here; the log may be ahead of it. */
  head: bigint;
  unfollow: (() => void) | undefined;
}

export interface DurableOrderQueuesOptions {
  readonly db: Database;
  readonly hub: OrderHub;
  /** Writes an offer to the order's log, with everything that must be true for it; returns its sequence. */
  readonly place: (offer: ProposalOffer) => Promise<bigint>;
}

/** What goes in is an offer: every other message is written together with the fact it tells. What comes out is any message. */
export type QueueMessage = ProposalOffer | OrderMessage;

/**
 * The durable message log behind the processor's `OrderQueueManager` (Q3). `get` moves one cursor per order; streams read by
 * sequence, many at a time, and move the same cursor as far as any of them came, so that "not yet taken" means: sent to nobody.
 * Messages are in the database whatever happens here; cursors are for numbers and for `get`, live in memory and start at 0.
 */
export class DurableOrderQueues implements OrderQueueStore<QueueMessage> {
  readonly #options: DurableOrderQueuesOptions;
  readonly #queues = new Map<string, Queue>();
  readonly #listeners = new Set<(id: string) => void>();

  constructor(options: DurableOrderQueuesOptions) {
    this.#options = options;
  }

  open(id: string): void {
    if (this.#queues.has(id)) return;
    this.#queues.set(id, { orderId: undefined, cursor: 0n, head: 0n, unfollow: undefined });
    if (this.#queues.size <= QUEUES_MAX) return;
    const oldest = this.#queues.keys().next();
    if (!oldest.done) this.remove(oldest.value);
  }

  size(id: string): number | undefined {
    const queue = this.#queues.get(id);
    return queue && Number(queue.head > queue.cursor ? queue.head - queue.cursor : 0n);
  }

  ids(): Iterable<string> {
    return this.#queues.keys();
  }

  async append(id: string, message: QueueMessage): Promise<void> {
    if (!('proposal' in message))
      throw invalidField('message', 'only offers can be added to an order queue from outside');
    const sequence = await this.#options.place(message);
    const queue = this.#queues.get(id);
    if (queue && sequence > queue.head) queue.head = sequence;
  }

  async take(id: string): Promise<OrderMessage | undefined> {
    const queue = this.#queues.get(id);
    const orderId = queue && (await this.#orderIdOf(id, queue));
    if (!queue || orderId === undefined) return undefined;
    const [message] = await readMessages(this.#options.db, orderId, queue.cursor, 1);
    if (message) this.advance(id, message.sequence);
    return message;
  }

  /** Closes the queue in this process; the log stays. */
  remove(id: string): boolean {
    this.#queues.get(id)?.unfollow?.();
    return this.#queues.delete(id);
  }

  onAppend(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A stream was sent everything up to `sequence`. */
  advance(id: string, sequence: bigint): void {
    this.open(id);
    const queue = this.#queues.get(id);
    if (!queue) return;
    if (sequence > queue.cursor) queue.cursor = sequence;
    if (sequence > queue.head) queue.head = sequence;
  }

  /** Of the messages up to `head`, those that nobody was sent. */
  unread(id: string, head: bigint): bigint {
    const cursor = this.#queues.get(id)?.cursor ?? 0n;
    return head > cursor ? head - cursor : 0n;
  }

  async #orderIdOf(id: string, queue: Queue): Promise<string | undefined> {
    if (queue.orderId !== undefined) return queue.orderId;
    const header = await readLogHeader(this.#options.db, id);
    if (!header) return undefined;
    queue.orderId = header.orderId;
    if (header.head > queue.head) queue.head = header.head;
    // From the first reader on: messages that other processes write wake those who wait here.
    queue.unfollow ??= this.#options.hub.follow(header.orderId, () => {
      for (const listener of this.#listeners) listener(id);
    });
    return queue.orderId;
  }
}
