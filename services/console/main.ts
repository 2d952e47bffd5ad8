import { systemClock } from '../../shared/core/clock.js';
import { logLevelOf } from '../../shared/core/env.js';
import { CloseStack, runService } from '../../shared/core/lifecycle.js';
import { createLogger } from '../../shared/core/logger.js';
import { loadSettings } from '../../shared/core/settings.js';
import { startObserving } from '../../shared/metrics/observing.js';
import { consoleConfigFromEnv } from './config.js';
import { startConsole } from './console.js';
import { openConsoleSecurity } from './security.js';

/** The console as a process of its own. */
const settings = loadSettings({ argv: process.argv.slice(2), env: process.env });
const logger = createLogger({ service: 'console', level: logLevelOf(settings.values) });
for (const warning of settings.warnings) logger.warn(warning);

await runService(logger, async () => {
  const { config, observe, security: securityConfig } = consoleConfigFromEnv(settings.values);
  const open = new CloseStack(logger);
  const observing = await startObserving({ service: 'console', config: observe, logger });
  open.add('metrics and traces', () => observing.close());
  const security = openConsoleSecurity(securityConfig, { logger, clock: systemClock });
  open.add('certificates and tokens', () => security.close());
  process.on('SIGHUP', () => security.reload());
  const parts = { config, security, metrics: observing.metrics, clock: systemClock, logger };
  const console = await startConsole(parts).catch(async (error: unknown) => {
    await open.close();
    throw error;
  });
  open.add('console', () => console.close());
  observing.watchReadiness('console', console.readiness);
  return open;
});
