/**
 * When a transaction is dead. One sighting: an endpoint's finalized block height is past the last one at which the transaction
 * may land, and, looked up after that and not from an older slot, the endpoint has neither a status nor the transaction in
 * all of its history. Dead takes two sightings:
 *
 * - with several endpoints, by two of them;
 * - with a single one, two of its own, at two different finalized slots. Weaker: it may err the same way twice.
 *
 * Any trace of the transaction takes all sightings back. Time never counts.
 */
export class DeathProof {
  readonly #endpoints: number;
  /** Finalized slots at which each endpoint had no trace. */
  readonly #sightings = new Map<string, Set<bigint>>();

  /** @param endpoints how many endpoints there are to ask */
  constructor(endpoints: number) {
    this.#endpoints = endpoints;
  }

  /** An endpoint has no trace of it, at this finalized slot. */
  noTrace(endpoint: string, finalizedSlot: bigint): void {
    const slots = this.#sightings.get(endpoint) ?? new Set();
    this.#sightings.set(endpoint, slots.add(finalizedSlot));
  }

  /** Somebody has seen it, or contradicts. */
  reset(): void {
    this.#sightings.clear();
  }

  get complete(): boolean {
    if (this.#endpoints > 1) return this.#sightings.size > 1;
    return [...this.#sightings.values()].some((slots) => slots.size > 1);
  }
}
