import { HEAL_CONCURRENCY } from '../limits.js';
import type { Currency, Patch } from '../model/events.js';

/** What differs between orders, positions and alerts. */
export interface LiveListOptions<Item> {
  readonly idOf: (item: Item) => string;
  /** Something may still happen to it. */
  readonly isLive: (item: Item) => boolean;
  /** Whether `next` may replace `held`: looks from different calls can arrive in the wrong order. */
  readonly supersedes: (next: Item, held: Item) => boolean;
  /** Sorts live items: those shown first come first, the last ones go when there are too many. */
  readonly importance: (one: Item, other: Item) => number;
  readonly liveMax: number;
  readonly endedMax: number;
  /** The newest items, ended ones included. */
  readonly recent: () => Promise<readonly Item[]>;
  /** One item; nothing if it does not exist any more. */
  readonly read: (id: string) => Promise<Item | undefined>;
}

/**
 * A list that follows one of the API's Watch streams and heals after every gap in it: what the stream no longer names as current
 * is read anew, so that nothing is shown as running that has ended meanwhile. Bounded in both its parts.
 */
export class LiveList<Item> {
  readonly #options: LiveListOptions<Item>;
  readonly #items = new Map<string, Item>();
  readonly #changed = new Set<string>();
  readonly #removed = new Set<string>();
  /** Named by the stream since it last said that it had named everything current. */
  #named = new Set<string>();
  #told: Currency | undefined;
  #currency: Currency = 'waiting';

  constructor(options: LiveListOptions<Item>) {
    this.#options = options;
  }

  get currency(): Currency {
    return this.#currency;
  }

  set currency(currency: Currency) {
    this.#currency = currency;
  }

  get(id: string): Item | undefined {
    return this.#items.get(id);
  }

  /** A new connection: what it does not name is to be looked at. */
  begin(): void {
    this.#named = new Set();
  }

  put(item: Item): void {
    const { idOf, supersedes, liveMax, endedMax } = this.#options;
    const id = idOf(item);
    this.#named.add(id);
    const held = this.#items.get(id);
    if (held !== undefined && !supersedes(item, held)) return;
    this.#items.set(id, item);
    this.#changed.add(id);
    this.#removed.delete(id);
    // Sorting for each item of a long list would be quadratic: the surplus goes when there is twice as much.
    if (this.#items.size > 2 * (liveMax + endedMax)) this.#trim();
  }

  /** The stream has named everything that is current: what is held as live and was not named is read anew. */
  async complete(): Promise<void> {
    const { isLive, read } = this.#options;
    const missing = [...this.#items].filter(([id, item]) => isLive(item) && !this.#named.has(id)).map(([id]) => id);
    this.#named = new Set();
    const next = missing.values();
    const readAll = async () => {
      for (const id of next) {
        const item = await read(id);
        if (item === undefined) this.remove(id);
        else this.put(item);
      }
    };
    await Promise.all(Array.from({ length: HEAL_CONCURRENCY }, readAll));
  }

  /** Reads the newest items, for those that came and went unseen. */
  async refresh(): Promise<void> {
    for (const item of await this.#options.recent()) this.put(item);
  }

  remove(id: string): void {
    if (!this.#items.delete(id)) return;
    this.#changed.delete(id);
    this.#removed.add(id);
  }

  /** Everything held, for a tab that starts. */
  snapshot(): Patch<Item> {
    this.#trim();
    return { reset: true, upsert: [...this.#items.values()], remove: [], currency: this.#currency };
  }

  /** What changed since the last time; nothing if nothing did. */
  take(): Patch<Item> | undefined {
    this.#trim();
    if (this.#changed.size === 0 && this.#removed.size === 0 && this.#told === this.#currency) return undefined;
    const upsert = [...this.#changed].flatMap((id) => this.#items.get(id) ?? []);
    const patch = { reset: false, upsert, remove: [...this.#removed], currency: this.#currency };
    this.#changed.clear();
    this.#removed.clear();
    this.#told = this.#currency;
    return patch;
  }

  #trim(): void {
    const { idOf, isLive, importance, liveMax, endedMax } = this.#options;
    if (this.#items.size <= Math.min(liveMax, endedMax)) return;
    const all = [...this.#items.values()];
    const live = all.filter(isLive);
    const ended = all.filter((item) => !isLive(item));
    // Ids are UUIDs version 7: they sort by the time they were made.
    const newestFirst = (one: Item, other: Item) => (idOf(one) < idOf(other) ? 1 : -1);
    const surplus = [
      ...(live.length > liveMax ? live.sort(importance).slice(liveMax) : []),
      ...(ended.length > endedMax ? ended.sort(newestFirst).slice(endedMax) : []),
    ];
    for (const item of surplus) this.remove(idOf(item));
  }
}
