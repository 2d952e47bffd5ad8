import { readEnv } from '../../shared/core/env.js';
import { messageOf } from '../../shared/core/errors.js';
import { createLogger } from '../../shared/core/logger.js';
import { loadSettings } from '../../shared/core/settings.js';
import { type SandboxOptions, startSandbox } from './sandbox.js';
import { SANDBOX_SETTINGS, type SandboxSettings } from './settings.js';

/**
 * The sandbox as a process of its own. It holds a key and takes orders from anyone who can reach it, so it listens on
 * loopback only.
 */
const logger = createLogger({ service: 'sandbox' });

try {
  const { values, warnings } = loadSettings({ argv: process.argv.slice(2), env: process.env });
  for (const warning of warnings) logger.warn(warning);
  await run(readEnv(SANDBOX_SETTINGS, values));
} catch (error) {
  logger.fatal(messageOf(error));
  process.exitCode = 1;
}

async function run(env: SandboxSettings): Promise<void> {
  const sandbox = await startSandbox({
    host: env.EXITLANE_SANDBOX_OPEN_HOST ?? env.EXITLANE_SANDBOX_HOST,
    port: env.EXITLANE_SANDBOX_PORT,
    dataDir: env.EXITLANE_SANDBOX_DATA_DIR,
    slotMs: env.EXITLANE_SANDBOX_SLOT_MS,
    logger,
    ...given('seed', env.EXITLANE_SANDBOX_SEED),
    ...given('scenarioFile', env.EXITLANE_SANDBOX_SCENARIO),
    ...given('chaosSeed', env.EXITLANE_SANDBOX_CHAOS_SEED),
    ...given('chaosIntensity', env.EXITLANE_SANDBOX_CHAOS_INTENSITY),
    ...given('chaosExclude', env.EXITLANE_SANDBOX_CHAOS_EXCLUDE),
  });
  const stop = (signal: NodeJS.Signals) => {
    logger.info({ signal }, 'stopping');
    sandbox.close().catch((error: unknown) => {
      logger.fatal(messageOf(error));
      process.exitCode = 1;
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function given<Name extends keyof SandboxOptions>(name: Name, value: SandboxOptions[Name] | undefined) {
  return value === undefined ? {} : { [name]: value };
}
