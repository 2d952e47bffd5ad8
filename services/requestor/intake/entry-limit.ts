import { ExitlaneError } from '../../../shared/core/errors.js';
import type { Database } from '../../../shared/store/database.js';
import { countWaitingEntries } from '../../../shared/store/orders.js';

/** Keeps the number of waiting entries below a limit. Exits are never asked (P9). */
export interface EntryLimit {
  /**
   * Runs `insert` if there is room for one more entry.
   * @throws QUEUE_FULL with a delay after which trying again makes sense
   */
  admit<T>(insert: () => Promise<T>): Promise<T>;
}

/** Long enough for slots to have taken some orders, short enough for a bot not to lose its chance. */
const RETRY_DELAY_MS = 1_000;

/**
 * Counting a long queue for every order would cost more than taking the order, so a count is good for as many further entries
 * as were still free, halved because other requestors fill the same queue. Near the limit entries take turns: each is counted
 * after the one before it was inserted.
 */
export function createEntryLimit(db: Database, maxQueuedEntries: number): EntryLimit {
  const inserting = new Set<Promise<unknown>>();
  let headroom = 0;
  let lastTurn: Promise<unknown> = Promise.resolve();

  const track = <T>(insert: () => Promise<T>): Promise<T> => {
    const running = insert();
    const settled = running.catch(() => undefined).finally(() => inserting.delete(settled));
    inserting.add(settled);
    return running;
  };

  const countThenInsert = async <T>(insert: () => Promise<T>): Promise<T> => {
    await Promise.all(inserting);
    const waiting = await countWaitingEntries(db, maxQueuedEntries);
    if (waiting >= maxQueuedEntries) {
      throw new ExitlaneError(
        'QUEUE_FULL',
        `${maxQueuedEntries} entries are waiting, the most this queue takes; try again later (exits are always taken)`,
        { retryDelayMs: RETRY_DELAY_MS, metadata: { limit: String(maxQueuedEntries) } },
      );
    }
    headroom = Math.floor((maxQueuedEntries - waiting - 1) / 2);
    return track(insert);
  };

  return {
    admit(insert) {
      if (headroom > 0) {
        headroom -= 1;
        return track(insert);
      }
      const turn = lastTurn.then(() => {
        // The turn before may have found room for more.
        if (headroom === 0) return countThenInsert(insert);
        headroom -= 1;
        return track(insert);
      });
      lastTurn = turn.catch(() => undefined);
      return turn;
    },
  };
}
