/** A token bucket: `perSecond` on average, twice as many at once. Time comes from the caller, milliseconds. */
export class RateBucket {
  readonly #perSecond: number;
  #left: number;
  #at: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#left = 2 * perSecond;
    this.#at = now;
  }

  /** Milliseconds until the next one may go; 0: this one may, and is taken. */
  take(now: number): number {
    const refilled = this.#left + ((now - this.#at) / 1_000) * this.#perSecond;
    // A clock that was set back gives nothing and takes nothing.
    this.#left = Math.min(2 * this.#perSecond, Math.max(this.#left, refilled));
    this.#at = now;
    if (this.#left >= 1) {
      this.#left -= 1;
      return 0;
    }
    return Math.ceil(((1 - this.#left) / this.#perSecond) * 1_000);
  }

  /** Whether it is as full as a new one, so that it may be forgotten. */
  isFull(now: number): boolean {
    return this.#left + ((now - this.#at) / 1_000) * this.#perSecond >= 2 * this.#perSecond;
  }
}
