import { systemClock } from '../../shared/core/clock.js';
import { CloseStack, runService } from '../../shared/core/lifecycle.js';
import { createLogger, type LogLevel } from '../../shared/core/logger.js';
import { openDatabase } from '../../shared/store/database.js';
import { requestorConfigFromEnv } from './config.js';
import { startRequestor } from './requestor.js';

/** The requestor as a process of its own, on the PostgreSQL of DATABASE_URL. */
const logger = createLogger({ service: 'requestor', level: (process.env.EXITLANE_LOG_LEVEL as LogLevel) || 'info' });

await runService(logger, async () => {
  const { config, databaseUrl } = requestorConfigFromEnv(process.env);
  const open = new CloseStack(logger);
  const db = await openDatabase({ databaseUrl, logger });
  open.add('database', () => db.close());
  const requestor = await startRequestor({ db, config, clock: systemClock, logger }).catch(async (error: unknown) => {
    await open.close();
    throw error;
  });
  open.add('requestor', () => requestor.close());
  return open;
});
