import type { Database } from '../../../shared/store/database.js';

/**
 * Wakes whoever follows an order: one listener on the store for the whole process, then a map, so that a thousand followers
 * of other orders cost nothing.
 */
export class OrderHub {
  readonly #followers = new Map<string, Set<() => void>>();
  readonly #stopHints: () => void;

  constructor(db: Database) {
    this.#stopHints = db.onHint('order', (orderId) => this.#wake(orderId));
  }

  /** Calls `wake` when the order may have a new message; returns the function that ends it. */
  follow(orderId: string, wake: () => void): () => void {
    const set = this.#followers.get(orderId) ?? new Set();
    this.#followers.set(orderId, set.add(wake));
    return () => {
      set.delete(wake);
      if (set.size === 0 && this.#followers.get(orderId) === set) this.#followers.delete(orderId);
    };
  }

  close(): void {
    this.#stopHints();
    this.#followers.clear();
  }

  #wake(orderId: string): void {
    const sets = orderId === '' ? [...this.#followers.values()] : [this.#followers.get(orderId) ?? []];
    for (const set of sets) for (const wake of [...set]) wake();
  }
}
