import type { Clock, Timer } from '../../../shared/core/clock.js';
import type { Closable } from '../../../shared/core/lifecycle.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Database } from '../../../shared/store/database.js';
import { expireDueProposals } from '../../../shared/store/proposals.js';

/** Offers are for people and programs that watch: a second late is early enough. */
const LOOK_MS = 1_000;
const BATCH = 100;

/** Ends open offers whose time ran out, in the background. */
export function startProposalExpiry({ db, clock, logger }: { db: Database; clock: Clock; logger: Logger }): Closable {
  let closed = false;
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  const arm = () => {
    timer = clock.setTimer(() => {
      running = db
        .transaction((tx) => expireDueProposals(tx, BATCH))
        .then(() => undefined)
        .catch((error: unknown) => logger.warn({ err: error }, 'could not look for expired proposals; trying again'))
        .finally(() => {
          if (!closed) arm();
        });
    }, LOOK_MS);
  };
  arm();
  return {
    async close() {
      closed = true;
      timer?.cancel();
      await running;
    },
  };
}
