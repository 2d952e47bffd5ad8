import { systemClock } from '../../shared/core/clock.js';
import { CloseStack, runService } from '../../shared/core/lifecycle.js';
import { createLogger, type LogLevel } from '../../shared/core/logger.js';
import { openDatabase } from '../../shared/store/database.js';
import { processorConfigFromEnv } from './config.js';
import { startProcessor } from './processor.js';

/** The processor as a process of its own, on the PostgreSQL of DATABASE_URL. */
const logger = createLogger({ service: 'processor', level: (process.env.EXITLANE_LOG_LEVEL as LogLevel) || 'info' });

await runService(logger, async () => {
  const { config, databaseUrl } = processorConfigFromEnv(process.env);
  const open = new CloseStack(logger);
  const db = await openDatabase({ databaseUrl, logger });
  open.add('database', () => db.close());
  const processor = await startProcessor({ db, config, clock: systemClock, logger }).catch(async (error: unknown) => {
    await open.close();
    throw error;
  });
  open.add('processor', () => processor.close());
  return open;
});
