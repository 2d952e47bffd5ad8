import type { ClaimedOrder } from '../store/claims.js';

/**
 * One claim of an order in this process, from the claim to the end of its run. The same order may be held twice in a row here -
 * interrupted, claimed again - while the first run is still ending: each has a holding of its own.
 */
export class OrderHolding {
  readonly order: ClaimedOrder;
  readonly #lost = new AbortController();
  #slotFreed: (() => void) | undefined;
  #isSlotFreed: boolean;

  constructor(order: ClaimedOrder) {
    this.order = order;
    this.#isSlotFreed = !order.holdsSlot;
  }

  /** Aborts when the order is not this requestor's any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Calls `listener` when the order runs on without its slot (P8), at once if it does already. */
  onSlotFreed(listener: () => void): void {
    this.#slotFreed = listener;
    if (this.#isSlotFreed) listener();
  }

  noteLost(): void {
    this.#lost.abort(new Error(`order ${this.order.orderId} is not held here any more`));
  }

  noteSlotFreed(): void {
    if (this.#isSlotFreed) return;
    this.#isSlotFreed = true;
    this.#slotFreed?.();
  }
}
