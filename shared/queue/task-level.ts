/** A place in a `TaskQueue`; hand it to `remove` to leave the queue early. */
export interface Ticket<T extends object> {
  readonly priority: number;
  /** Seniority within the priority: lower is served first. Milliseconds since the Unix epoch by convention. */
  readonly createdAt: number;
  /** Undefined once it was taken or removed: nothing holds on to the item's memory. */
  item: T | undefined;
}

/** Consumed slots are kept until there are this many of them: shorter arrays are not worth copying. */
const COMPACT_FROM = 1_024;
/** Removed tickets are swept when they are the majority and at least this many. */
const SWEEP_FROM = 64;

/**
 * The waiting tickets of one priority, oldest first. Removing marks the ticket and leaves its slot, which is skipped later
 * or swept when most of the slots are empty: both are constant time on average.
 */
export class TaskLevel<T extends object> {
  readonly priority: number;
  #slots: (Ticket<T> | undefined)[] = [];
  #head = 0;
  #live = 0;

  constructor(priority: number) {
    this.priority = priority;
  }

  /** Tickets still waiting. */
  get size(): number {
    return this.#live;
  }

  /** Slots the array occupies, consumed and removed ones included. */
  get slotsHeld(): number {
    return this.#slots.length;
  }

  /** Appends, unless the ticket is senior to the last one (a retried order): then it goes where its age puts it. */
  push(ticket: Ticket<T>): void {
    this.#live++;
    const last = this.#slots[this.#slots.length - 1];
    if (last === undefined || last.createdAt <= ticket.createdAt) this.#slots.push(ticket);
    else this.#slots.splice(this.#placeFor(ticket.createdAt), 0, ticket);
  }

  /** The oldest waiting item, without taking it. */
  peek(): T | undefined {
    this.#skipRemoved();
    return this.#slots[this.#head]?.item;
  }

  shift(): T | undefined {
    this.#skipRemoved();
    const ticket = this.#slots[this.#head];
    if (ticket === undefined) return undefined;
    const item = ticket.item;
    ticket.item = undefined;
    this.#slots[this.#head++] = undefined;
    this.#live--;
    this.#giveBackMemory();
    return item;
  }

  remove(ticket: Ticket<T>): void {
    ticket.item = undefined;
    this.#live--;
    const held = this.#slots.length - this.#head;
    if (this.#live === 0) this.#reset([]);
    else if (held >= SWEEP_FROM && this.#live * 2 < held) {
      this.#reset(this.#slots.filter((slot) => slot?.item !== undefined));
    }
  }

  #skipRemoved(): void {
    while (this.#head < this.#slots.length && this.#slots[this.#head]?.item === undefined) {
      this.#slots[this.#head++] = undefined;
    }
  }

  #giveBackMemory(): void {
    if (this.#live === 0) this.#reset([]);
    else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#slots.length) {
      this.#reset(this.#slots.slice(this.#head));
    }
  }

  /** First slot whose ticket is younger: equals keep their order of arrival. */
  #placeFor(createdAt: number): number {
    let low = this.#head;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.#slots[middle]?.createdAt ?? Number.NEGATIVE_INFINITY;
      if (at <= createdAt) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #reset(slots: (Ticket<T> | undefined)[]): void {
    this.#slots = slots;
    this.#head = 0;
  }
}
