import { z } from 'zod';
import {
  intSetting,
  logLevelSetting,
  portSetting,
  readEnv,
  urlListSetting,
  urlSetting,
} from '../../shared/core/env.js';
import { ExitlaneError } from '../../shared/core/errors.js';
import type { VenueOptions } from './venue/config.js';

/** What orders run on: `venue` is Jupiter and Solana; `simulated` sends nothing; `mock` is for tests of clients. */
export type ExecutorName = 'venue' | 'simulated' | 'mock';

export interface ProcessorConfig {
  readonly host: string;
  readonly port: number;
  readonly executor: ExecutorName;
  /** The venue is the local sandbox: no real money. Shown everywhere. */
  readonly sandbox: boolean;
  /** Needed by every executor for mints and prices. */
  readonly venue: VenueOptions;
  /** Solana CLI keypair file; never with `simulated` or `mock`. */
  readonly keypairFile?: string;
  readonly simulatedDelaysMs?: { readonly prepare: number; readonly confirm: number };
  /** Seed of the mock executor. */
  readonly seed?: number;
}

export const PROCESSOR_DEFAULTS = { host: '127.0.0.1', port: 50_052 } as const;

export function processorConfigFromEnv(env: NodeJS.ProcessEnv) {
  const settings = readEnv(
    {
      EXITLANE_PROCESSOR_HOST: z.string().default(PROCESSOR_DEFAULTS.host),
      EXITLANE_PROCESSOR_PORT: portSetting(PROCESSOR_DEFAULTS.port),
      EXITLANE_LOG_LEVEL: logLevelSetting,
      EXITLANE_EXECUTOR: z
        .enum(['venue', 'simulated', 'mock'], { message: 'must be venue, simulated or mock' })
        .default('simulated'),
      EXITLANE_SANDBOX: z.enum(['0', '1'], { message: 'must be 1 (the venue is the local sandbox) or 0' }).default('0'),
      JUPITER_URL: urlSetting.default('https://api.jup.ag'),
      JUPITER_API_KEY: z.string().optional(),
      SOLANA_RPC_URLS: urlListSetting.optional(),
      WALLET_KEYPAIR_FILE: z.string().optional(),
      CONFIRM_TIMEOUT_SECONDS: intSetting(5, 600, 60),
      PRIORITY_FEE_LAMPORTS_MAX: intSetting(0, 100_000_000, 1_000_000),
      SIMULATED_DELAY_MS: intSetting(0, 600_000, 1_500),
      DATABASE_URL: z
        .string(
          'is required: the requestor and the processor share one PostgreSQL. For a first look run `exitlane dev`.',
        )
        .regex(/^postgres(ql)?:\/\//, 'must begin with postgresql://'),
    },
    env,
  );
  const config: ProcessorConfig = {
    host: settings.EXITLANE_PROCESSOR_HOST,
    port: settings.EXITLANE_PROCESSOR_PORT,
    executor: settings.EXITLANE_EXECUTOR,
    sandbox: settings.EXITLANE_SANDBOX === '1',
    venue: {
      jupiterUrl: settings.JUPITER_URL,
      jupiterApiKey: settings.JUPITER_API_KEY,
      rpcUrls: settings.SOLANA_RPC_URLS ?? ['https://api.mainnet-beta.solana.com'],
      confirmTimeoutMs: settings.CONFIRM_TIMEOUT_SECONDS * 1_000,
      priorityFeeMaxLamports: BigInt(settings.PRIORITY_FEE_LAMPORTS_MAX),
    },
    simulatedDelaysMs: {
      prepare: Math.round(settings.SIMULATED_DELAY_MS / 3),
      confirm: Math.round((settings.SIMULATED_DELAY_MS * 2) / 3),
    },
    ...(settings.WALLET_KEYPAIR_FILE === undefined ? {} : { keypairFile: settings.WALLET_KEYPAIR_FILE }),
  };
  checkKey(config);
  return { config, databaseUrl: settings.DATABASE_URL, logLevel: settings.EXITLANE_LOG_LEVEL };
}

/** E4: a process that simulates cannot load a key, and one that trades needs one. */
export function checkKey({ executor, keypairFile }: Pick<ProcessorConfig, 'executor' | 'keypairFile'>): void {
  if (executor !== 'venue' && keypairFile !== undefined) {
    throw new ExitlaneError(
      'CONFIG_INVALID',
      `WALLET_KEYPAIR_FILE is set but EXITLANE_EXECUTOR is ${executor}: a process that simulates loads no key. Unset one of them.`,
    );
  }
  if (executor === 'venue' && keypairFile === undefined) {
    throw new ExitlaneError(
      'CONFIG_INVALID',
      'EXITLANE_EXECUTOR is venue but WALLET_KEYPAIR_FILE is not set: orders could not be signed.',
    );
  }
}
