import { systemClock } from '../../shared/core/clock.js';
import { runService } from '../../shared/core/lifecycle.js';
import { createLogger, type LogLevel } from '../../shared/core/logger.js';
import { consoleConfigFromEnv } from './config.js';
import { startConsole } from './console.js';

/** The console as a process of its own. */
const logger = createLogger({ service: 'console', level: (process.env.EXITLANE_LOG_LEVEL as LogLevel) || 'info' });

await runService(logger, () =>
  startConsole({ config: consoleConfigFromEnv(process.env).config, clock: systemClock, logger }),
);
