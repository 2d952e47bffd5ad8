import { TaskLevel, type Ticket } from './task-level.js';

export type { Ticket } from './task-level.js';

/** Levels that emptied by removal are swept when they are the majority and at least this many. */
const SWEEP_FROM = 64;

/**
 * A priority queue for few levels and many items: one FIFO per priority, and a small binary heap of the levels that have
 * any. Push and pop are constant time in the number of items and logarithmic in the number of *different* priorities,
 * which may be any finite numbers. Lower goes first; within one priority the older `createdAt`, then the earlier arrival.
 */
export class TaskQueue<T extends object> {
  readonly #levels = new Map<number, TaskLevel<T>>();
  #heap: TaskLevel<T>[] = [];
  #size = 0;
  #emptyLevels = 0;

  get size(): number {
    return this.#size;
  }

  /** Array slots and levels occupied, whatever became of their items; shows that memory is given back. */
  get slotsHeld(): number {
    return this.#heap.reduce((sum, level) => sum + 1 + level.slotsHeld, 0);
  }

  /** @param createdAt seniority within the priority, ms since the Unix epoch; equal values are first in, first out. */
  push(item: T, priority: number, createdAt = 0): Ticket<T> {
    if (!Number.isFinite(priority)) throw new RangeError(`a priority must be a finite number, got ${priority}`);
    if (!Number.isFinite(createdAt)) throw new RangeError(`createdAt must be a finite number, got ${createdAt}`);
    const ticket: Ticket<T> = { priority: priority + 0, createdAt, item }; // -0 becomes 0
    let level = this.#levels.get(priority);
    if (level === undefined) {
      level = new TaskLevel<T>(ticket.priority);
      this.#levels.set(priority, level);
      this.#heap.push(level);
      this.#siftUp(this.#heap.length - 1);
    } else if (level.size === 0) this.#emptyLevels--;
    level.push(ticket);
    this.#size++;
    return ticket;
  }

  /** Takes the best item, or undefined when nothing waits. */
  pop(): T | undefined {
    const level = this.#top();
    if (level === undefined) return undefined;
    const item = level.shift();
    this.#size--;
    if (level.size === 0) this.#dropTop();
    return item;
  }

  /** The best item, which stays. */
  peek(): T | undefined {
    return this.#top()?.peek();
  }

  /** False when the ticket's item was already taken or removed. */
  remove(ticket: Ticket<T>): boolean {
    const level = this.#levels.get(ticket.priority);
    if (ticket.item === undefined || level === undefined) return false;
    level.remove(ticket);
    this.#size--;
    if (level.size === 0) {
      this.#emptyLevels++;
      if (this.#emptyLevels >= SWEEP_FROM && this.#emptyLevels * 2 > this.#heap.length) this.#sweep();
    }
    return true;
  }

  /** Levels that have waiting items, best first, each with its oldest item. */
  levels(): { priority: number; size: number; oldest: T }[] {
    const levels: { priority: number; size: number; oldest: T }[] = [];
    for (const level of this.#heap) {
      const oldest = level.peek();
      if (oldest !== undefined) levels.push({ priority: level.priority, size: level.size, oldest });
    }
    return levels.sort((a, b) => a.priority - b.priority);
  }

  #top(): TaskLevel<T> | undefined {
    while (this.#heap[0]?.size === 0) {
      this.#emptyLevels--;
      this.#dropTop();
    }
    return this.#heap[0];
  }

  #dropTop(): void {
    const top = this.#heap[0];
    const last = this.#heap.pop();
    if (top === undefined || last === undefined) return;
    this.#levels.delete(top.priority);
    if (last === top) return;
    this.#heap[0] = last;
    this.#siftDown(0);
  }

  /** Rebuilds without the empty levels. A sorted array is a heap. */
  #sweep(): void {
    const kept = this.#heap.filter((level) => level.size > 0).sort((a, b) => a.priority - b.priority);
    this.#heap = kept;
    this.#levels.clear();
    for (const level of kept) this.#levels.set(level.priority, level);
    this.#emptyLevels = 0;
  }

  #siftUp(index: number): void {
    let child = index;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (!this.#before(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #siftDown(index: number): void {
    let parent = index;
    for (;;) {
      let best = parent;
      for (const child of [parent * 2 + 1, parent * 2 + 2]) {
        if (child < this.#heap.length && this.#before(child, best)) best = child;
      }
      if (best === parent) return;
      this.#swap(parent, best);
      parent = best;
    }
  }

  #before(a: number, b: number): boolean {
    return (this.#heap[a]?.priority ?? 0) < (this.#heap[b]?.priority ?? 0);
  }

  #swap(a: number, b: number): void {
    const first = this.#heap[a];
    const second = this.#heap[b];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}
