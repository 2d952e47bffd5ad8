import type { Landed } from './landing.js';

/**
 * Transactions kept in memory for status and history calls. A real RPC node forgets too; the ledger file keeps them all.
 * 4 KB each: about 200 MB at the bound.
 */
export const HISTORY_TRANSACTIONS_MAX = 50_000;

/** Landed transactions by signature and by account, newest last. */
export class History {
  readonly #bySignature = new Map<string, Landed>();
  readonly #byAccount = new Map<string, string[]>();

  get size(): number {
    return this.#bySignature.size;
  }

  add(landed: Landed): void {
    this.#bySignature.set(landed.signature, landed);
    for (const key of new Set(landed.keys)) {
      const signatures = this.#byAccount.get(key);
      if (signatures) signatures.push(landed.signature);
      else this.#byAccount.set(key, [landed.signature]);
    }
    if (this.#bySignature.size > HISTORY_TRANSACTIONS_MAX) this.#forgetOldest();
  }

  get(signature: string): Landed | undefined {
    return this.#bySignature.get(signature);
  }

  has(signature: string): boolean {
    return this.#bySignature.has(signature);
  }

  /** Transactions that name the account, newest first. */
  *ofAccount(key: string): Generator<Landed> {
    const signatures = this.#byAccount.get(key) ?? [];
    for (let index = signatures.length - 1; index >= 0; index--) {
      const landed = this.#bySignature.get(signatures[index] ?? '');
      if (landed) yield landed;
    }
  }

  #forgetOldest(): void {
    const oldest = this.#bySignature.values().next().value;
    if (!oldest) return;
    this.#bySignature.delete(oldest.signature);
    for (const key of new Set(oldest.keys)) {
      // The oldest transaction is the first of each of its accounts.
      const signatures = this.#byAccount.get(key);
      if (signatures && signatures.length > 1) signatures.shift();
      else this.#byAccount.delete(key);
    }
  }
}
