import type { Clock } from '../../../shared/core/clock.js';
import { watchChanges } from '../../../shared/store/changes.js';
import type { Database, HintTopic } from '../../../shared/store/database.js';

/** Records told at most this often on one stream, ms; what changes meanwhile comes together. */
const WATCH_INTERVAL_MS = 20;
const WATCH_FALLBACK_MS = 15_000;

export interface WatchedRecords<T> {
  readonly db: Database;
  readonly clock: Clock;
  readonly topics: readonly HintTopic[];
  readonly signal: AbortSignal;
  readonly includeCurrent: boolean;
  /** Everything there is to know now, page by page. */
  readonly current: () => AsyncIterable<T>;
  /** Those of the changed records that the client asked for, by the keys of the hints. */
  readonly changed: (keys: readonly string[]) => Promise<readonly T[]>;
}

/** What a watch tells: a record, or that all current ones were sent, or (neither) a sign of life. */
export interface Watched<T> {
  readonly record: T | undefined;
  readonly currentComplete: boolean;
}

/** The frames of a watch: what is there (if wanted), then every change; after lost hints everything once more. */
export async function* watchRecords<T>(watched: WatchedRecords<T>): AsyncGenerator<Watched<T>> {
  const { db, clock, topics, signal, includeCurrent, current, changed } = watched;
  // Listening starts before the first look, so that nothing falls between the two.
  const changes = watchChanges(db, topics, {
    signal,
    clock,
    minIntervalMs: WATCH_INTERVAL_MS,
    fallbackMs: WATCH_FALLBACK_MS,
  });
  if (includeCurrent) {
    for await (const record of current()) yield { record, currentComplete: false };
    yield { record: undefined, currentComplete: true };
  }
  for await (const { keys, all } of changes) {
    if (all) {
      for await (const record of current()) yield { record, currentComplete: false };
      yield { record: undefined, currentComplete: false };
    }
    for (const record of await changed([...keys])) yield { record, currentComplete: false };
  }
}

/** Records read per query when a watcher starts. */
const PAGE = 500;

/** All pages of a list that is read from the newest to the oldest. */
export async function* pages<T>(
  read: (page: { before: string | undefined; limit: number }) => Promise<readonly T[]>,
  idOf: (record: T) => string,
): AsyncGenerator<T> {
  let before: string | undefined;
  for (;;) {
    const page = await read({ before, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    before = idOf(last);
  }
}
