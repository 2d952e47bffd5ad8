import { z } from 'zod';
import {
  checkTogether,
  databaseUrlSetting,
  intSetting,
  logLevelSetting,
  portSetting,
  readEnv,
  urlListSetting,
  urlSetting,
} from '../../shared/core/env.js';
import { ExitlaneError } from '../../shared/core/errors.js';
import { SECURITY_SETTINGS, securityConfigOf } from '../../shared/grpc/security.js';
import { metricsSettings, observeConfigOf } from '../../shared/metrics/settings.js';
import { RETRY_POLICY_DEFAULT, type RetryPolicy } from '../../shared/order/retry-policy.js';
import { type ScanConfig, scanConfigOf, scanSettings } from './market/scan-config.js';
import type { VenueOptions } from './venue/config.js';
import { type GateConfig, gateConfigOf, gateSettings } from './venue/gate-config.js';
import { checkWalletFiles, namesKey, type WalletFiles } from './wallet/load-wallet.js';

/** What orders run on: `venue` is Jupiter and Solana; `simulated` sends nothing; `mock` is for tests of clients. */
export type ExecutorName = 'venue' | 'simulated' | 'mock';

/** Once a second: stop-losses look no less often than that, and one call serves a hundred tokens. */
export const PRICE_INTERVAL_MS_DEFAULT = 1_000;

/** The key files of the wallet go with the executor `venue` only. */
export interface ProcessorConfig extends WalletFiles {
  readonly host: string;
  readonly port: number;
  readonly executor: ExecutorName;
  /** The venue is the local sandbox: no real money. Shown everywhere. */
  readonly sandbox: boolean;
  /** Needed by every executor for mints and prices. */
  readonly venue: VenueOptions;
  readonly simulatedDelaysMs?: { readonly prepare: number; readonly confirm: number };
  /** Seed of the mock executor. */
  readonly seed?: number;
  /** When failed orders are tried again (E3); default 1 s, doubling to 60 s. */
  readonly retryPolicy?: RetryPolicy;
  /** How many calls the venue takes; the defaults suit the sandbox. */
  readonly gate?: GateConfig;
  /** Between two looks at the prices of open positions, ms; default {@link PRICE_INTERVAL_MS_DEFAULT}. */
  readonly priceIntervalMs?: number;
  /** Prices to keep; default: none. */
  readonly scan?: ScanConfig;
}

export const PROCESSOR_DEFAULTS = { host: '127.0.0.1', port: 50_052 } as const;

/** Everything but the database; see `aboutShape` for what the tables of the documentation take from it. */
export const PROCESSOR_SETTINGS = {
  EXITLANE_PROCESSOR_HOST: z.string().default(PROCESSOR_DEFAULTS.host).meta({
    description: 'Where it listens: this machine only, unless TLS and an access file are set.',
  }),
  EXITLANE_PROCESSOR_PORT: portSetting(PROCESSOR_DEFAULTS.port).meta({
    description: 'Its gRPC port; 0 takes any free one.',
  }),
  EXITLANE_LOG_LEVEL: logLevelSetting,
  EXITLANE_EXECUTOR: z
    .enum(['venue', 'simulated', 'mock'], { message: 'must be venue, simulated or mock' })
    .default('simulated')
    .meta({
      description: '`venue` trades; `simulated` sends nothing and loads no key; `mock` is for tests of clients.',
    }),
  EXITLANE_SANDBOX: z
    .enum(['0', '1'], { message: 'must be 1 (the venue is the local sandbox) or 0' })
    .default('0')
    .meta({ description: '`1`: the venue is the local sandbox; shown in GetStatus.' }),
  JUPITER_URL: urlSetting
    .default('https://api.jup.ag')
    .meta({ description: "Jupiter's API, without a path.", secrecy: 'address' }),
  JUPITER_API_KEY: z.string().optional().meta({ description: 'Sent as `x-api-key`.', secrecy: 'secret' }),
  SOLANA_RPC_URLS: urlListSetting.optional().meta({
    description: 'With two or more, a transaction counts as dead only when two agree.',
    secrecy: 'address',
    defaultText: "Solana's public endpoint",
  }),
  WALLET_KEYPAIR_FILE: z.string().optional().meta({
    description: 'Solana CLI keypair file, mode 0600; `venue` needs it or a keystore, the others refuse both.',
    allowed: 'a path',
  }),
  WALLET_KEYSTORE_FILE: z.string().optional().meta({
    description: "Encrypted keystore (EIP-2335) with the wallet's ed25519 seed, mode 0600; instead of a keypair file.",
    allowed: 'a path',
  }),
  WALLET_PASSWORD_FILE: z.string().optional().meta({
    description: "File with the keystore's password, mode 0600; goes with `WALLET_KEYSTORE_FILE` only.",
    allowed: 'a path',
  }),
  CONFIRM_TIMEOUT_SECONDS: intSetting(5, 600, 60).meta({
    description: 'Without a verdict for this long the order says `UNKNOWN`; it is watched on.',
    unit: 's',
  }),
  PRIORITY_FEE_LAMPORTS_MAX: intSetting(0, 100_000_000, 1_000_000).meta({
    description: 'Most a transaction may pay for priority.',
    unit: 'lamports',
  }),
  SIMULATED_DELAY_MS: intSetting(0, 600_000, 1_500).meta({
    description: 'Time a simulated execution takes.',
    unit: 'ms',
  }),
  PRICE_INTERVAL_MS: intSetting(100, 60_000, PRICE_INTERVAL_MS_DEFAULT).meta({
    description: 'Between two looks at the prices of open positions, by one call for all of them.',
    unit: 'ms',
  }),
  RETRY_FIRST_DELAY_MS: intSetting(10, 600_000, RETRY_POLICY_DEFAULT.firstDelayMs).meta({
    description: "Wait after an order's first failure; doubles with each, half of it is random.",
    unit: 'ms',
  }),
  RETRY_MAX_DELAY_MS: intSetting(10, 3_600_000, RETRY_POLICY_DEFAULT.maxDelayMs).meta({
    description: 'The most that wait doubles to; not below `RETRY_FIRST_DELAY_MS`.',
    unit: 'ms',
  }),
  ...gateSettings,
  ...scanSettings,
};

/** Of the processor as a process of its own. */
export const PROCESSOR_PROCESS_SETTINGS = {
  ...PROCESSOR_SETTINGS,
  ...SECURITY_SETTINGS,
  ...metricsSettings('processor'),
  DATABASE_URL: databaseUrlSetting,
};

export function processorConfigFromEnv(env: NodeJS.ProcessEnv) {
  const settings = readEnv(PROCESSOR_PROCESS_SETTINGS, env);
  checkTogether(
    () => checkKey({ executor: settings.EXITLANE_EXECUTOR, ...walletFilesOf(settings) }),
    () => checkRetryPolicy(settings.RETRY_FIRST_DELAY_MS, settings.RETRY_MAX_DELAY_MS),
    () => void gateConfigOf(settings, venueOptionsOf(settings)),
  );
  const security = securityConfigOf(settings);
  return {
    config: processorConfigOf(settings),
    security,
    observe: observeConfigOf(settings),
    databaseUrl: settings.DATABASE_URL,
    logLevel: settings.EXITLANE_LOG_LEVEL,
  };
}

type ProcessorSettings = z.infer<z.ZodObject<typeof PROCESSOR_SETTINGS>>;

function venueOptionsOf(settings: ProcessorSettings): VenueOptions {
  return {
    jupiterUrl: settings.JUPITER_URL,
    jupiterApiKey: settings.JUPITER_API_KEY,
    rpcUrls: settings.SOLANA_RPC_URLS ?? ['https://api.mainnet-beta.solana.com'],
    confirmTimeoutMs: settings.CONFIRM_TIMEOUT_SECONDS * 1_000,
    priorityFeeMaxLamports: BigInt(settings.PRIORITY_FEE_LAMPORTS_MAX),
  };
}

function walletFilesOf(settings: ProcessorSettings): WalletFiles {
  return {
    keypairFile: settings.WALLET_KEYPAIR_FILE,
    keystoreFile: settings.WALLET_KEYSTORE_FILE,
    passwordFile: settings.WALLET_PASSWORD_FILE,
  };
}

/** The values as they are; `processorConfigFromEnv` checks that they go together. */
export function processorConfigOf(settings: ProcessorSettings): ProcessorConfig {
  const venue = venueOptionsOf(settings);
  return {
    host: settings.EXITLANE_PROCESSOR_HOST,
    port: settings.EXITLANE_PROCESSOR_PORT,
    executor: settings.EXITLANE_EXECUTOR,
    sandbox: settings.EXITLANE_SANDBOX === '1',
    venue,
    simulatedDelaysMs: {
      prepare: Math.round(settings.SIMULATED_DELAY_MS / 3),
      confirm: Math.round((settings.SIMULATED_DELAY_MS * 2) / 3),
    },
    ...walletFilesOf(settings),
    retryPolicy: { firstDelayMs: settings.RETRY_FIRST_DELAY_MS, maxDelayMs: settings.RETRY_MAX_DELAY_MS },
    gate: gateConfigOf(settings, venue),
    priceIntervalMs: settings.PRICE_INTERVAL_MS,
    scan: scanConfigOf(settings),
  };
}

/** E4: a process that simulates cannot load a key, and one that trades needs exactly one. */
export function checkKey(config: Pick<ProcessorConfig, 'executor'> & WalletFiles): void {
  const { executor, keypairFile } = config;
  if (executor !== 'venue' && namesKey(config)) {
    const name = keypairFile === undefined ? 'WALLET_KEYSTORE_FILE' : 'WALLET_KEYPAIR_FILE';
    throw new ExitlaneError(
      'CONFIG_INVALID',
      `${name} is set but EXITLANE_EXECUTOR is ${executor}: a process that simulates loads no key. Unset one of them.`,
    );
  }
  checkWalletFiles(config);
  if (executor === 'venue' && !namesKey(config)) {
    throw new ExitlaneError(
      'CONFIG_INVALID',
      'EXITLANE_EXECUTOR is venue but neither WALLET_KEYPAIR_FILE nor WALLET_KEYSTORE_FILE is set: orders could not be signed.',
    );
  }
}

function checkRetryPolicy(firstDelayMs: number, maxDelayMs: number): void {
  if (firstDelayMs <= maxDelayMs) return;
  throw new ExitlaneError(
    'CONFIG_INVALID',
    `RETRY_MAX_DELAY_MS is ${maxDelayMs}, below RETRY_FIRST_DELAY_MS (${firstDelayMs}): raise it, or lower the other.`,
  );
}
