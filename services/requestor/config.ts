import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import {
  checkTogether,
  databaseUrlSetting,
  intSetting,
  logLevelSetting,
  portSetting,
  readEnv,
} from '../../shared/core/env.js';
import { ExitlaneError } from '../../shared/core/errors.js';
import { addressSetting } from '../../shared/grpc/addresses.js';
import { SECURITY_SETTINGS, securityConfigOf } from '../../shared/grpc/security.js';
import { metricsSettings, observeConfigOf } from '../../shared/metrics/settings.js';
import { EXIT_LADDER_DEFAULT } from '../../shared/position/exit-ladder.js';
import { type ExitPlan, NO_EXIT_PLAN } from '../../shared/position/exit-plan.js';
import { ALERT_SETTINGS, type AlertConfig, alertConfigOf, NO_ALERT_SENDERS } from './alerts/config.js';
import type { EntryLimits } from './intake/entry-guard.js';
import { RETENTION_DEFAULTS, RETENTION_SETTINGS, type RetentionConfig, retentionConfigOf } from './retention/config.js';
import { exitPlanSetting, solSetting } from './setting-types.js';

/** Settings of the requestor; every one has a default but the database. */
export interface RequestorConfig {
  readonly host: string;
  readonly port: number;
  /** Where the processors are: one or several, see `serversAt`. */
  readonly processorAddress: string;
  /** P4: orders in a slot at once, over all requestors of the database. */
  readonly maxConcurrentOrders: number;
  /** P8: slots that entries may not take. */
  readonly exitReservedSlots: number;
  /** P8: slots beyond the maximum that only emergency exits may take. */
  readonly emergencyExtraSlots: number;
  /** Waiting entries beyond which new entries are refused; exits never are. */
  readonly maxQueuedEntries: number;
  readonly maxAttempts: number;
  /** Completes the plans of new positions, rule by rule, unless they say no_defaults. */
  readonly defaultExitPlan: ExitPlan;
  /** X13: what entries made from signals may not exceed. */
  readonly entryLimits: EntryLimits;
  /** Basis points. */
  readonly entrySlippageBps: number;
  /** Of the first attempt of an exit, basis points; more urgent ones begin higher, and each failed attempt steps up. */
  readonly exitSlippageBps: number;
  /** Least slippage of an exit that a person tries again, basis points. */
  readonly exitRetrySlippageBps: number;
  /** No exit steps up beyond this by itself, basis points. */
  readonly exitSlippageMaxBps: number;
  /** X12: where news of alerts go. */
  readonly alerts: AlertConfig;
  /** O6: how long what is finished is kept. */
  readonly retention: RetentionConfig;
  /** Name in leases; unique per process. */
  readonly owner: string;
}

export const REQUESTOR_DEFAULTS: RequestorConfig = {
  host: '127.0.0.1',
  port: 50_051,
  processorAddress: '127.0.0.1:50052',
  maxConcurrentOrders: 3,
  exitReservedSlots: 0,
  emergencyExtraSlots: 0,
  maxQueuedEntries: 100_000,
  maxAttempts: 5,
  defaultExitPlan: NO_EXIT_PLAN,
  entryLimits: {
    maxOpenPositions: undefined,
    maxTokenExposureLamports: undefined,
    maxExposureLamports: undefined,
    minReserveLamports: 50_000_000n,
  },
  entrySlippageBps: 100,
  exitSlippageBps: EXIT_LADDER_DEFAULT.slippageBps,
  exitRetrySlippageBps: EXIT_LADDER_DEFAULT.retrySlippageBps,
  exitSlippageMaxBps: EXIT_LADDER_DEFAULT.slippageMaxBps,
  alerts: NO_ALERT_SENDERS,
  retention: RETENTION_DEFAULTS,
  // Containers may share host name and process id: the random part keeps the names apart.
  owner: `requestor-${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`,
};

const D = REQUESTOR_DEFAULTS;

/** Everything but the database; see `aboutShape` for what the tables of the documentation take from it. */
export const REQUESTOR_SETTINGS = {
  EXITLANE_REQUESTOR_HOST: z.string().default(D.host).meta({
    description: 'Where it listens: this machine only, unless TLS and an access file are set.',
  }),
  EXITLANE_REQUESTOR_PORT: portSetting(D.port).meta({ description: 'Its gRPC port; 0 takes any free one.' }),
  EXITLANE_PROCESSOR_ADDRESS: addressSetting.default(D.processorAddress).meta({
    description: 'Where the processors listen; several with commas, or `dns:///name:port`.',
  }),
  EXITLANE_LOG_LEVEL: logLevelSetting,
  MAX_CONCURRENT_ORDERS: intSetting(1, 100, D.maxConcurrentOrders).meta({
    description: 'Orders in a slot at once, over all requestors of the database.',
    unit: 'orders',
  }),
  EXIT_RESERVED_SLOTS: intSetting(0, 100, D.exitReservedSlots).meta({
    description: 'Slots of these that entries may not take; below `MAX_CONCURRENT_ORDERS`.',
    unit: 'orders',
  }),
  EMERGENCY_EXTRA_SLOTS: intSetting(0, 100, D.emergencyExtraSlots).meta({
    description: 'Slots beyond the maximum that only emergency exits may take.',
    unit: 'orders',
  }),
  MAX_QUEUED_ENTRIES: intSetting(1, 10_000_000, D.maxQueuedEntries).meta({
    description: 'Waiting entries beyond which new entries are refused; exits never are.',
    unit: 'orders',
  }),
  DEFAULT_EXIT_PLAN: exitPlanSetting.default(D.defaultExitPlan).meta({
    description:
      'Plan of entries that bring none, as JSON: `{"stopLossPercent":20,"takeProfits":[{"gainPercent":50,"sellPercent":50}]}`; completes given plans rule by rule unless they say `no_defaults`.',
    allowed: 'an exit plan as JSON',
    defaultText: 'none',
  }),
  MAX_OPEN_POSITIONS: intSetting(1, 1_000_000, 0).meta({
    description: 'Most positions open or being opened, for entries made from signals.',
    unit: 'positions',
    defaultText: 'none',
  }),
  MAX_TOKEN_EXPOSURE_SOL: solSetting.optional().meta({
    description: 'Most invested or being invested in one token, for entries made from signals.',
    unit: 'SOL',
  }),
  MAX_EXPOSURE_SOL: solSetting.optional().meta({
    description: 'Most invested or being invested in all, for entries made from signals.',
    unit: 'SOL',
  }),
  MIN_SOL_RESERVE: solSetting.optional().meta({
    description: 'What an entry made from a signal leaves in the wallet.',
    unit: 'SOL',
    defaultText: '0.05',
  }),
  MAX_ATTEMPTS: intSetting(1, 20, D.maxAttempts).meta({
    description: 'Failed executions after which an order ends, unless it says otherwise.',
    unit: 'attempts',
  }),
  ENTRY_SLIPPAGE_BPS: intSetting(1, 10_000, D.entrySlippageBps).meta({
    description: 'Most slippage of entries that do not say.',
    unit: 'basis points',
  }),
  EXIT_SLIPPAGE_BPS: intSetting(1, 10_000, D.exitSlippageBps).meta({
    description: 'Most slippage of exits that do not say, at their first attempt.',
    unit: 'basis points',
  }),
  EXIT_RETRY_SLIPPAGE_BPS: intSetting(1, 10_000, D.exitRetrySlippageBps).meta({
    description: 'Least slippage of an exit that a person tries again.',
    unit: 'basis points',
  }),
  EXIT_SLIPPAGE_MAX_BPS: intSetting(1, 10_000, D.exitSlippageMaxBps).meta({
    description:
      'Slippage of exits steps up with urgency and attempts, to this at most, unless the order says its own.',
    unit: 'basis points',
  }),
  ...ALERT_SETTINGS,
  ...RETENTION_SETTINGS,
};

/** Of the requestor as a process of its own. */
export const REQUESTOR_PROCESS_SETTINGS = {
  ...REQUESTOR_SETTINGS,
  ...SECURITY_SETTINGS,
  ...metricsSettings('requestor'),
  DATABASE_URL: databaseUrlSetting,
};

export function requestorConfigFromEnv(env: NodeJS.ProcessEnv) {
  const settings = readEnv(REQUESTOR_PROCESS_SETTINGS, env);
  return {
    config: requestorConfigOf(settings),
    security: securityConfigOf(settings),
    observe: observeConfigOf(settings),
    databaseUrl: settings.DATABASE_URL,
    logLevel: settings.EXITLANE_LOG_LEVEL,
  };
}

/** @throws CONFIG_INVALID when settings do not go together */
export function requestorConfigOf(settings: z.infer<z.ZodObject<typeof REQUESTOR_SETTINGS>>): RequestorConfig {
  const d = REQUESTOR_DEFAULTS;
  checkTogether(
    () => requireRoomForEntries(settings.MAX_CONCURRENT_ORDERS, settings.EXIT_RESERVED_SLOTS),
    () => alertConfigOf(settings),
  );
  return {
    host: settings.EXITLANE_REQUESTOR_HOST,
    port: settings.EXITLANE_REQUESTOR_PORT,
    processorAddress: settings.EXITLANE_PROCESSOR_ADDRESS,
    maxConcurrentOrders: settings.MAX_CONCURRENT_ORDERS,
    exitReservedSlots: settings.EXIT_RESERVED_SLOTS,
    emergencyExtraSlots: settings.EMERGENCY_EXTRA_SLOTS,
    maxQueuedEntries: settings.MAX_QUEUED_ENTRIES,
    maxAttempts: settings.MAX_ATTEMPTS,
    defaultExitPlan: settings.DEFAULT_EXIT_PLAN,
    entryLimits: {
      maxOpenPositions: settings.MAX_OPEN_POSITIONS || undefined,
      maxTokenExposureLamports: settings.MAX_TOKEN_EXPOSURE_SOL,
      maxExposureLamports: settings.MAX_EXPOSURE_SOL,
      minReserveLamports: settings.MIN_SOL_RESERVE ?? d.entryLimits.minReserveLamports,
    },
    entrySlippageBps: settings.ENTRY_SLIPPAGE_BPS,
    exitSlippageBps: settings.EXIT_SLIPPAGE_BPS,
    exitRetrySlippageBps: settings.EXIT_RETRY_SLIPPAGE_BPS,
    exitSlippageMaxBps: settings.EXIT_SLIPPAGE_MAX_BPS,
    alerts: alertConfigOf(settings),
    retention: retentionConfigOf(settings),
    owner: d.owner,
  };
}

function requireRoomForEntries(maximum: number, reserved: number): void {
  if (reserved < maximum) return;
  const description = `must be below MAX_CONCURRENT_ORDERS (${maximum}): otherwise no entry would ever start; to stop entries set the trading state EXITS_ONLY`;
  throw new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  EXIT_RESERVED_SLOTS: ${description}`, {
    violations: [{ field: 'EXIT_RESERVED_SLOTS', description }],
  });
}
