import { isIP } from 'node:net';
import { z } from 'zod';
import { messageOf } from '../../shared/core/errors.js';
import { createLogger } from '../../shared/core/logger.js';
import { CHAOS_KINDS } from './chaos-specs.js';
import { type SandboxOptions, startSandbox } from './sandbox.js';

/**
 * The sandbox as a process of its own. It holds a key and takes orders from anyone who can reach it, so it listens on
 * loopback only.
 */
const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);

const environment = z.object({
  EXITLANE_SANDBOX_HOST: z.string().default('127.0.0.1').refine(isLoopback, 'must be a loopback address'),
  EXITLANE_SANDBOX_PORT: whole.refine((port) => port <= 65_535, 'must be at most 65535').default(8899),
  EXITLANE_SANDBOX_DATA_DIR: z.string().min(1).default('.exitlane/sandbox'),
  EXITLANE_SANDBOX_SLOT_MS: whole.refine((ms) => ms >= 1, 'must be at least 1').default(400),
  EXITLANE_SANDBOX_SEED: whole.optional(),
  EXITLANE_SANDBOX_SCENARIO: z.string().min(1).optional(),
  EXITLANE_SANDBOX_CHAOS_SEED: whole.optional(),
  EXITLANE_SANDBOX_CHAOS_INTENSITY: z
    .string()
    .regex(/^(0?\.\d{1,9}|1(\.0*)?)$/, 'must be a number above 0 and at most 1')
    .transform(Number)
    .refine((part) => part > 0, 'must be a number above 0 and at most 1')
    .optional(),
  EXITLANE_SANDBOX_CHAOS_EXCLUDE: z
    .string()
    .transform((text) => text.split(',').map((kind) => kind.trim()))
    .pipe(z.array(z.enum(CHAOS_KINDS, `must be kinds of faults, separated by commas: ${CHAOS_KINDS.join(', ')}`)))
    .optional(),
});

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

const logger = createLogger({ service: 'sandbox' });
const settings = environment.safeParse(process.env);

if (!settings.success) {
  for (const issue of settings.error.issues) logger.fatal(`${issue.path.join('.')} ${issue.message}`);
  process.exitCode = 1;
} else {
  await run(settings.data).catch((error: unknown) => {
    logger.fatal(messageOf(error));
    process.exitCode = 1;
  });
}

async function run(env: z.infer<typeof environment>): Promise<void> {
  const sandbox = await startSandbox({
    host: env.EXITLANE_SANDBOX_HOST,
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
