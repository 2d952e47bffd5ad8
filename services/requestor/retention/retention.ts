import type { Clock } from '../../../shared/core/clock.js';
import type { Closable } from '../../../shared/core/lifecycle.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Database } from '../../../shared/store/database.js';
import { BEFORE_ALL, type EndedOrder, pruneMessages, removeOrders } from '../../../shared/store/retention.js';
import type { RetentionConfig } from './config.js';

/** Orders per transaction: some milliseconds of work, so that nothing waits for it. */
const BATCH_ORDERS = 100;

/** Between two transactions: cleaning up takes its time, and leaves the database to orders. */
const PAUSE_MS = 50;

/** What is counted in days need not be looked at more often. */
const ROUND_INTERVAL_MS = 3_600_000;

/** A process that just started has better things to do. */
const FIRST_ROUND_MS = 60_000;

/** Removes what is finished and older than it is to be kept (O6). Of several requestors one works at a time. */
export function startRetention(options: {
  readonly db: Database;
  readonly config: RetentionConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}): Closable {
  const { config, clock, logger } = options;
  const stop = new AbortController();

  /** False: it is over. */
  const slept = (ms: number): Promise<boolean> =>
    clock.sleep(ms, stop.signal).then(
      () => !stop.signal.aborted,
      () => false,
    );

  async function rounds(): Promise<void> {
    for (let waitMs = FIRST_ROUND_MS; await slept(waitMs); waitMs = ROUND_INTERVAL_MS) {
      try {
        const removed = await cleanUp(options, () => slept(PAUSE_MS));
        if (removed.messages > 0 || removed.orders > 0)
          logger.info(removed, 'what is no longer to be kept was removed');
      } catch (error) {
        if (!stop.signal.aborted)
          logger.warn({ err: error }, 'could not remove what is no longer to be kept; later again');
      }
    }
  }

  const running = config.messagesDays > 0 || config.ordersDays > 0 ? rounds() : Promise.resolve();
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

/** One round: everything that is due now, in small transactions with a pause after each; `goOn` ends it early. */
export async function cleanUp(
  { db, config }: { readonly db: Database; readonly config: RetentionConfig },
  goOn: () => Promise<boolean>,
): Promise<{ messages: number; orders: number }> {
  const removed = { messages: 0, orders: 0 };
  for (let done = config.messagesDays === 0; !done; ) {
    const pruned = await pruneMessages(db, config.messagesDays, BATCH_ORDERS);
    removed.messages += pruned.removed;
    done = pruned.done || !(await goOn());
  }
  let after: EndedOrder = BEFORE_ALL;
  for (let done = config.ordersDays === 0; !done; ) {
    const pruned = await removeOrders(db, config.ordersDays, after, BATCH_ORDERS);
    removed.orders += pruned.removed;
    after = pruned.last;
    done = pruned.done || !(await goOn());
  }
  return removed;
}
