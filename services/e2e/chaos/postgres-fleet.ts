import pg from 'pg';
import { silentLogger } from '../../../shared/core/logger.js';
import { openDatabase } from '../../../shared/store/database.js';
import { Stack } from '../crash/stack.js';
import { type Fleet, PROCESSOR_ENV, SLOT_MS } from './fleet.js';

/** Of five processes: somebody must be there for orders to get anywhere. */
const AWAY_MAX = 2;
const PAUSE_MS = [300, 2_500] as const;

/** Two requestors and two processors on one PostgreSQL, each requestor with a processor of its own, and the sandbox. */
export async function startPostgresFleet(): Promise<Fleet> {
  const stack = await Stack.start({ requestors: 2, processors: 2, slotMs: SLOT_MS, processorEnv: PROCESSOR_ENV });
  const { databaseUrl, bot, venue, requestorAddresses, sandbox, requestors, processors } = stack;
  const watch = new pg.Client({ connectionString: databaseUrl, application_name: 'slot-count' });
  const close = async () => {
    await watch.end();
    await stack.close();
  };
  try {
    await watch.connect();
    await Promise.all([stack.secondProcessor.start(), stack.secondRequestor.start()]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    bot,
    venue,
    requestorAddresses,
    sandbox,
    // Without its chain nothing can happen at all: the sandbox goes down seldom.
    prey: [
      { services: requestors, weight: 45 },
      { services: processors, weight: 45 },
      { services: [sandbox], weight: 10 },
    ],
    awayMax: AWAY_MAX,
    pauseMs: PAUSE_MS,
    get logs() {
      return stack.logs;
    },
    async heldSlots() {
      const { rows } = await watch.query<{ held: number }>(
        'SELECT count(*)::integer AS held FROM orders WHERE holds_slot',
      );
      return rows[0]?.held;
    },
    openDatabase: () => openDatabase({ databaseUrl, logger: silentLogger }),
    close,
  };
}
