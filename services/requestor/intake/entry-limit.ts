import { ExitlaneError } from '../../../shared/core/errors.js';
import type { Database } from '../../../shared/store/database.js';
import { countWaitingEntries } from '../../../shared/store/orders.js';

/** Keeps the number of waiting entries below a limit. Exits are never asked (P9). */
export interface EntryLimit {
  /** @throws QUEUE_FULL with a delay after which trying again makes sense. */
  admit(): Promise<void>;
}

/** Long enough for slots to have taken some orders, short enough for a bot not to lose its chance. */
const RETRY_DELAY_MS = 1_000;

/**
 * Counting a long queue for every order would cost more than taking the order, so a count is good for as many further entries
 * as were still free, halved because other requestors fill the same queue.
 */
export function createEntryLimit(db: Database, maxQueuedEntries: number): EntryLimit {
  let headroom = 0;
  return {
    async admit() {
      if (headroom > 0) {
        headroom -= 1;
        return;
      }
      const waiting = await countWaitingEntries(db, maxQueuedEntries);
      if (waiting >= maxQueuedEntries) {
        throw new ExitlaneError(
          'QUEUE_FULL',
          `${maxQueuedEntries} entries are waiting, the most this queue takes; try again later (exits are always taken)`,
          { retryDelayMs: RETRY_DELAY_MS, metadata: { limit: String(maxQueuedEntries) } },
        );
      }
      headroom = Math.floor((maxQueuedEntries - waiting - 1) / 2);
    },
  };
}
