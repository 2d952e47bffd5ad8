import type { Clock, Timer } from '../../../shared/core/clock.js';
import { failpoint } from '../../../shared/core/failpoints.js';
import type { Closable } from '../../../shared/core/lifecycle.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Database } from '../../../shared/store/database.js';
import { DUE_TIME_SET } from '../../../shared/store/order-transitions.js';
import { expireWaitingEntries, nextDueMs, requeueDueRetries } from '../../../shared/store/waiting-orders.js';

/** Orders moved per transaction: keeps each one short when thousands fall due at once. */
const BATCH = 100;

/** Longest time without a look: makes up for a lost hint. */
const LOOK_MS_MAX = 5_000;

/**
 * Returns FAILED orders to the queue when their retry is due, and ends entries that waited past their expiry. One timer, set to
 * the next due time; hints about new times set it anew. The times live in the database, so a restart changes nothing.
 */
export function startDueOrders(options: { db: Database; clock: Clock; logger: Logger }): Closable {
  const { db, clock, logger } = options;
  let timer: Timer | undefined;
  let closed = false;
  let running: Promise<void> | undefined;
  let again = false;

  const look = (): void => {
    timer?.cancel();
    if (closed) return;
    if (running !== undefined) {
      again = true;
      return;
    }
    running = moveDue().finally(() => {
      running = undefined;
      if (again) {
        again = false;
        look();
      }
    });
  };

  const moveDue = async (): Promise<void> => {
    let nextMs: number | undefined = LOOK_MS_MAX;
    try {
      for (;;) {
        failpoint('requestor.retry.before');
        const retried = await requeueDueRetries(db, BATCH);
        if (retried.length > 0) failpoint('requestor.retry.after');
        const expired = await expireWaitingEntries(db, BATCH);
        if (retried.length < BATCH && expired.length < BATCH) break;
      }
      nextMs = await nextDueMs(db);
    } catch (error) {
      logger.warn({ err: error }, 'could not look for due orders; trying again');
    }
    if (!closed) timer = clock.setTimer(look, Math.min(LOOK_MS_MAX, Math.max(1, Math.ceil(nextMs ?? LOOK_MS_MAX))));
  };

  // Orders that come and go without such a time are none of its business.
  const stopHints = db.onHint('queue', (key) => {
    if (key === DUE_TIME_SET || key === '') look();
  });
  look();
  return {
    async close() {
      closed = true;
      timer?.cancel();
      stopHints();
      await running;
    },
  };
}
