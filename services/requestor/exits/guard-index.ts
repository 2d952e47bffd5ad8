import type { PositionGuard } from './position-guard.js';

/** The guards by position and by token: with thousands of positions, a price must cost what its own token's positions cost. */
export class GuardIndex {
  readonly #byPosition = new Map<string, PositionGuard>();
  readonly #byMint = new Map<string, Set<PositionGuard>>();

  get size(): number {
    return this.#byPosition.size;
  }

  get(positionId: string): PositionGuard | undefined {
    return this.#byPosition.get(positionId);
  }

  /** A position's token never changes. */
  add(guard: PositionGuard): void {
    const { positionId, mint } = guard.watch;
    this.#byPosition.set(positionId, guard);
    const guards = this.#byMint.get(mint) ?? new Set();
    this.#byMint.set(mint, guards.add(guard));
  }

  /** Returns the guard that was removed. */
  remove(positionId: string): PositionGuard | undefined {
    const guard = this.#byPosition.get(positionId);
    if (!guard) return undefined;
    this.#byPosition.delete(positionId);
    const guards = this.#byMint.get(guard.mint);
    guards?.delete(guard);
    if (guards?.size === 0) this.#byMint.delete(guard.mint);
    return guard;
  }

  of(mint: string): Iterable<PositionGuard> {
    return this.#byMint.get(mint) ?? [];
  }

  all(): PositionGuard[] {
    return [...this.#byPosition.values()];
  }

  positionIds(): string[] {
    return [...this.#byPosition.keys()];
  }

  mints(): Set<string> {
    return new Set(this.#byMint.keys());
  }
}
