import { isPromiseLike } from './outcomes.js';
import { TaskQueue, type Ticket } from './task-queue.js';

/**
 * Where a `PriorityQueueManager` takes its work from. The manager decides *how many* run; the source decides *which* is
 * next. Two kinds exist: memory (below), and anything that keeps its work elsewhere, such as a table of orders.
 *
 * What a source owes the manager:
 * - `claim` hands out each task once, the best runnable one at that moment. A task it returned is the manager's to run.
 *   It answers at once when it can (memory) and with a promise otherwise; the promise must settle in bounded time.
 * - `claim` may reject (database away). The manager backs off and asks again; nothing may be lost by it.
 * - every time work may have become runnable - added, retried, unblocked, freed by another process - the `onWake`
 *   listeners are called, from then on a claim must find it. The manager never polls: a source whose hints can get
 *   lost calls its listeners now and then by itself.
 * - a source that makes room for an urgent task - by taking the slot from a less urgent one, here or elsewhere - says `urgent`:
 *   then the manager claims although every slot is taken. What such a claim brings is within the source's own limit.
 */
export interface TaskSource<T> {
  /** Takes the best runnable task, or undefined when there is none now. */
  claim(): T | undefined | Promise<T | undefined>;
  /** Calls `listener` when work may exist; returns the function that ends it. */
  onWake(listener: WakeListener): () => void;
  /** Tasks waiting to be claimed. */
  size(): number | Promise<number>;
  /** Returns a task that was claimed but not begun, because the manager stopped meanwhile. Absent: a lease will expire. */
  giveBack?(task: T): void | Promise<void>;
  /** Releases what the source holds. Called by whoever made the source, never by the manager. */
  close?(): void | Promise<void>;
}

/** `urgent`: a claim may bring a task even while every slot is taken. */
export type WakeListener = (urgent?: boolean) => void;

/** A source in memory: everything at once, nothing survives the process. */
export class MemoryTaskSource<T extends object> implements TaskSource<T> {
  readonly #queue = new TaskQueue<T>();
  readonly #listeners = new Set<WakeListener>();

  /** Adds a task; `createdAt` (ms since the Unix epoch) is its seniority within the priority. */
  offer(item: T, priority: number, createdAt: number): Ticket<T> {
    const ticket = this.#queue.push(item, priority, createdAt);
    for (const listener of this.#listeners) listener();
    return ticket;
  }

  /** False when it was already claimed or removed. */
  remove(ticket: Ticket<T>): boolean {
    return this.#queue.remove(ticket);
  }

  claim(): T | undefined {
    return this.#queue.pop();
  }

  size(): number {
    return this.#queue.size;
  }

  onWake(listener: WakeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/**
 * A source of `From` seen as a source of `To`: how claims of orders become tasks to run. `convert` is called once per
 * claim and must not fail.
 */
export function mapTaskSource<From, To extends object>(
  source: TaskSource<From>,
  convert: (claim: From) => To,
): TaskSource<To> {
  const claims = new WeakMap<To, { claim: From }>();
  const toTask = (claim: From | undefined) => {
    if (claim === undefined) return undefined;
    const task = convert(claim);
    claims.set(task, { claim });
    return task;
  };
  return {
    claim() {
      const claimed = source.claim();
      return isPromiseLike(claimed) ? claimed.then(toTask) : toTask(claimed);
    },
    onWake: (listener) => source.onWake(listener),
    size: () => source.size(),
    giveBack(task) {
      const entry = claims.get(task);
      return entry === undefined ? undefined : source.giveBack?.(entry.claim);
    },
    close: () => source.close?.(),
  };
}
