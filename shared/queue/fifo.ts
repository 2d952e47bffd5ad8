/** Consumed slots are kept until there are this many of them: shorter arrays are not worth copying. */
const COMPACT_FROM = 1_024;

/**
 * First in, first out, on an array with a moving head. `Array.shift` moves every element and a `Map` walks over what was
 * deleted; this does neither. Memory of consumed slots is given back when they are half of the array.
 */
export class Fifo<T> {
  #slots: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#slots.length - this.#head;
  }

  /** Slots the array occupies, consumed ones included. */
  get slotsHeld(): number {
    return this.#slots.length;
  }

  push(item: T): void {
    this.#slots.push(item);
  }

  /** The oldest item, or undefined when there is none. */
  shift(): T | undefined {
    if (this.#head === this.#slots.length) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head++] = undefined;
    if (this.#head === this.#slots.length) this.#reset([]);
    else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#slots.length) {
      this.#reset(this.#slots.slice(this.#head));
    }
    return item;
  }

  #reset(slots: (T | undefined)[]): void {
    this.#slots = slots;
    this.#head = 0;
  }
}
