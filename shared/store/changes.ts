import type { Clock } from '../core/clock.js';
import type { Database, HintTopic } from './database.js';

/** Keys kept between two yields; beyond it the answer is "look at everything". */
const CHANGED_KEYS_MAX = 10_000;

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Least time between two yields; what happens meanwhile is collected. */
  readonly minIntervalMs: number;
  /** Hints may be lost: after this long without any, yields "look at everything". */
  readonly fallbackMs: number;
}

/** What changed since the last yield; `all` means that single keys are not known. */
export interface Changes {
  readonly keys: ReadonlySet<string>;
  readonly all: boolean;
}

/**
 * Tells whenever something of `topics` may have changed, rate-limited and never with a gap: listening begins with this call,
 * and what happens while the consumer works is in the next item. Ends when the signal aborts.
 */
export function watchChanges(
  db: Database,
  topics: readonly HintTopic[],
  { signal, clock, minIntervalMs, fallbackMs }: WatchOptions,
): AsyncIterable<Changes> {
  let keys = new Set<string>();
  let all = false;
  let wake: () => void = () => {};
  const note = (key: string) => {
    if (key === '' || keys.size >= CHANGED_KEYS_MAX) all = true;
    else keys.add(key);
    wake();
  };
  const stops = topics.map((topic) => db.onHint(topic, note));
  const stop = () => {
    for (const each of stops.splice(0)) each();
    wake();
  };
  signal.addEventListener('abort', stop, { once: true });

  const somethingNew = () =>
    new Promise<void>((resolve) => {
      const timer = clock.setTimer(() => note(''), fallbackMs);
      wake = () => {
        timer.cancel();
        wake = () => {};
        resolve();
      };
    });

  async function* items(): AsyncGenerator<Changes, void, void> {
    try {
      while (!signal.aborted) {
        if (keys.size === 0 && !all) await somethingNew();
        if (signal.aborted) return;
        const changes = { keys, all };
        keys = new Set();
        all = false;
        yield changes;
        await clock.sleep(minIntervalMs, signal).catch(() => undefined);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }
  return items();
}
