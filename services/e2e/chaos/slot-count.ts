const LOOK_MS = 50;

/** P4, seen from outside: the most orders that held a slot at once. */
export class SlotCount {
  most = 0;
  readonly #look: () => Promise<number | undefined>;
  readonly #counting: Promise<void>;
  #stopped = false;

  /** `look`: orders in slots now; undefined when nobody can say. */
  constructor(look: () => Promise<number | undefined>) {
    this.#look = look;
    this.#counting = this.#count();
    // Whoever stops the count is told.
    this.#counting.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#counting;
  }

  async #count(): Promise<void> {
    while (!this.#stopped) {
      this.most = Math.max(this.most, (await this.#look()) ?? 0);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
