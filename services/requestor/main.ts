import { systemClock } from '../../shared/core/clock.js';
import { logLevelOf } from '../../shared/core/env.js';
import { CloseStack, runService } from '../../shared/core/lifecycle.js';
import { createLogger } from '../../shared/core/logger.js';
import { loadSettings } from '../../shared/core/settings.js';
import { openSecurity } from '../../shared/grpc/security.js';
import { startObserving } from '../../shared/metrics/observing.js';
import { openDatabase } from '../../shared/store/database.js';
import { requestorConfigFromEnv } from './config.js';
import { startRequestor } from './requestor.js';

/** The requestor as a process of its own, on the PostgreSQL of DATABASE_URL. */
const settings = loadSettings({ argv: process.argv.slice(2), env: process.env });
const logger = createLogger({ service: 'requestor', level: logLevelOf(settings.values) });
for (const warning of settings.warnings) logger.warn(warning);

await runService(logger, async () => {
  const { config, databaseUrl, observe, security: securityConfig } = requestorConfigFromEnv(settings.values);
  const open = new CloseStack(logger);
  const security = openSecurity(securityConfig, { logger, clock: systemClock });
  open.add('certificates and tokens', () => security.close());
  process.on('SIGHUP', () => security.reload());
  const observing = await startObserving({ service: 'requestor', config: observe, security: security.server, logger });
  open.add('metrics and traces', () => observing.close());
  const db = await openDatabase({ databaseUrl, logger, observer: observing.store });
  open.add('database', () => db.close());
  observing.watchConnections(db);
  const parts = { db, config, security, metrics: observing.metrics, clock: systemClock, logger };
  const requestor = await startRequestor(parts).catch(async (error: unknown) => {
    await open.close();
    throw error;
  });
  open.add('requestor', () => requestor.close());
  observing.watchReadiness('requestor', requestor.readiness);
  return open;
});
