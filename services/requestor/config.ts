import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import { parseAmount, SOL_DECIMALS } from '../../shared/core/decimals.js';
import { intSetting, logLevelSetting, portSetting, readEnv } from '../../shared/core/env.js';
import { ExitlaneError } from '../../shared/core/errors.js';
import { EXIT_LADDER_DEFAULT } from '../../shared/position/exit-ladder.js';
import { type ExitPlan, exitPlanOf, NO_EXIT_PLAN, planViolations } from '../../shared/position/exit-plan.js';
import { ALERT_SETTINGS, type AlertConfig, alertConfigOf, NO_ALERT_SENDERS } from './alerts/config.js';
import type { EntryLimits } from './intake/entry-guard.js';

/** Settings of the requestor; every one has a default but the database. */
export interface RequestorConfig {
  readonly host: string;
  readonly port: number;
  /** `host:port` of the processor. */
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
  // Containers may share host name and process id: the random part keeps the names apart.
  owner: `requestor-${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`,
};

const address = z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'must be host:port, such as 127.0.0.1:50052');

/** An amount of SOL, read as lamports. */
const solSetting = z.string().transform((text, context) => {
  if (/^0(\.0*)?$/.test(text)) return 0n;
  const amount = parseAmount(text, SOL_DECIMALS);
  if (amount.ok) return amount.units;
  context.addIssue({ code: 'custom', message: 'must be an amount of SOL such as 0.5' });
  return z.NEVER;
});

/** A plan as the API's JSON has it. */
const exitPlanSetting = z.string().transform((text, context) => {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  try {
    const plan = exitPlanOf(JSON.parse(text));
    const violations = planViolations(plan);
    if (violations.length === 0) return plan;
    return refuse(violations.map(({ field, description }) => `${field} ${description}`).join('; '));
  } catch {
    return refuse('must be an exit plan as JSON, such as {"stopLossPercent":20}');
  }
});

export function requestorConfigFromEnv(env: NodeJS.ProcessEnv) {
  const d = REQUESTOR_DEFAULTS;
  const settings = readEnv(
    {
      EXITLANE_REQUESTOR_HOST: z.string().default(d.host),
      EXITLANE_REQUESTOR_PORT: portSetting(d.port),
      EXITLANE_PROCESSOR_ADDRESS: address.default(d.processorAddress),
      EXITLANE_LOG_LEVEL: logLevelSetting,
      MAX_CONCURRENT_ORDERS: intSetting(1, 100, d.maxConcurrentOrders),
      EXIT_RESERVED_SLOTS: intSetting(0, 100, d.exitReservedSlots),
      EMERGENCY_EXTRA_SLOTS: intSetting(0, 100, d.emergencyExtraSlots),
      MAX_QUEUED_ENTRIES: intSetting(1, 10_000_000, d.maxQueuedEntries),
      DEFAULT_EXIT_PLAN: exitPlanSetting.default(d.defaultExitPlan),
      MAX_OPEN_POSITIONS: intSetting(1, 1_000_000, 0),
      MAX_TOKEN_EXPOSURE_SOL: solSetting.optional(),
      MAX_EXPOSURE_SOL: solSetting.optional(),
      MIN_SOL_RESERVE: solSetting.optional(),
      MAX_ATTEMPTS: intSetting(1, 20, d.maxAttempts),
      ENTRY_SLIPPAGE_BPS: intSetting(1, 10_000, d.entrySlippageBps),
      EXIT_SLIPPAGE_BPS: intSetting(1, 10_000, d.exitSlippageBps),
      EXIT_RETRY_SLIPPAGE_BPS: intSetting(1, 10_000, d.exitRetrySlippageBps),
      EXIT_SLIPPAGE_MAX_BPS: intSetting(1, 10_000, d.exitSlippageMaxBps),
      ...ALERT_SETTINGS,
      DATABASE_URL: z
        .string(
          'is required: the requestor and the processor share one PostgreSQL. For a first look run `exitlane dev`.',
        )
        .regex(/^postgres(ql)?:\/\//, 'must begin with postgresql://'),
    },
    env,
  );
  requireRoomForEntries(settings.MAX_CONCURRENT_ORDERS, settings.EXIT_RESERVED_SLOTS);
  const config: RequestorConfig = {
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
    owner: d.owner,
  };
  return { config, databaseUrl: settings.DATABASE_URL, logLevel: settings.EXITLANE_LOG_LEVEL };
}

function requireRoomForEntries(maximum: number, reserved: number): void {
  if (reserved < maximum) return;
  const description = `must be below MAX_CONCURRENT_ORDERS (${maximum}): otherwise no entry would ever start; to stop entries set the trading state EXITS_ONLY`;
  throw new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  EXIT_RESERVED_SLOTS: ${description}`, {
    violations: [{ field: 'EXIT_RESERVED_SLOTS', description }],
  });
}
