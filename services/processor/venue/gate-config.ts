import type { z } from 'zod';
import type { Clock } from '../../../shared/core/clock.js';
import { intSetting, optionalDecimalSetting, optionalIntSetting } from '../../../shared/core/env.js';
import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import { ApiGate } from '../../../shared/gate/api-gate.js';
import { budgetOf, type HostBudget } from '../../../shared/gate/budget.js';
import { BUDGET_WAIT_MS, CRITICAL_WAIT_MS, MAX_WAIT_MS } from '../../../shared/gate/limits.js';
import { isLoopbackHost } from '../../../shared/grpc/loopback.js';
import { OrderPriority } from '../../../shared/order/priority.js';
import { budgetName } from './calls.js';
import type { VenueOptions } from './config.js';
import { hostOf } from './http.js';

/** How many calls Jupiter and the RPC endpoints take from this process, and how long calls wait. */
export interface GateConfig {
  /** What Jupiter grants the account. Default 0.5 without and 1 with an API key, its smallest plans; 1,000 for a local one. */
  readonly jupiterRequestsPerSecond?: number | undefined;
  /** What each RPC endpoint grants. Default 10, as Solana's public one; 1,000 for a local one. */
  readonly rpcRequestsPerSecond?: number | undefined;
  /** Calls other than critical ones that may start at once after a quiet time; default: what five seconds are worth. */
  readonly jupiterBurst?: number | undefined;
  readonly rpcBurst?: number | undefined;
  /** This process's part of what is granted, percent; the shares of all processors add up to 100. Default 100. */
  readonly sharePercent?: number;
  /** Part of the share that only critical calls may use, percent; default 30. */
  readonly reservePercent?: number;
  /** The longest waits, ms; see {@link ApiGate}. Default 5,000, 15,000 and 10,000. */
  readonly maxWaitMs?: number;
  /** The longest wait of what guards positions for orders' own calls, ms; default {@link HIGH_WAIT_MS}. */
  readonly highWaitMs?: number;
  readonly budgetWaitMs?: number;
  readonly criticalWaitMs?: number;
}

/**
 * A quote that hangs must not keep the prices from which stop-losses are fired: they wait for orders' own calls as long as a usual one
 * takes, and no longer.
 */
const HIGH_WAIT_MS = 500;

/** Jupiter counts over 60 s, https://dev.jup.ag/docs/portal/rate-limits; nodes count over one or a few. */
const JUPITER_WINDOW_MS = 60_000;
const RPC_WINDOW_MS = 1_000;

const KEYLESS_PER_SECOND = 0.5;
const WITH_KEY_PER_SECOND = 1;
/** https://solana.com/docs/references/clusters: 100 requests in 10 s */
const PUBLIC_RPC_PER_SECOND = 10;
/** A process on this machine has no limit worth the name. */
const LOCAL_PER_SECOND = 1_000;

/** For `readEnv`. */
export const gateSettings = {
  JUPITER_REQUESTS_PER_SECOND: optionalDecimalSetting(0.1, 10_000).meta({
    description:
      'What your plan grants the account, counted over 60 s: 0.5 without a key, then 1, 10, 50, 150; with `JUPITER_API_KEY` the default is 1.',
    unit: 'calls/s',
    defaultText: '0.5',
  }),
  JUPITER_BURST: optionalIntSetting(1, 100_000).meta({
    description:
      "Calls to Jupiter other than an order's own that may start at once after a quiet time; then they are spread.",
    unit: 'calls',
    defaultText: "5 s' worth",
  }),
  RPC_REQUESTS_PER_SECOND: optionalIntSetting(2, 100_000).meta({
    description: 'What each RPC endpoint grants.',
    unit: 'calls/s',
    defaultText: '10',
  }),
  RPC_BURST: optionalIntSetting(1, 100_000).meta({
    description: 'As `JUPITER_BURST`, of each RPC endpoint.',
    unit: 'calls',
    defaultText: "5 s' worth",
  }),
  GATE_SHARE_PERCENT: intSetting(1, 100, 100).meta({
    description: "This processor's part of all that; the shares of the processors of one account add up to 100.",
    unit: '%',
  }),
  GATE_RESERVE_PERCENT: intSetting(1, 90, 30).meta({
    description: "Part of the share that only orders' own calls (quote, swap, simulation, send) may use.",
    unit: '%',
  }),
  GATE_MAX_WAIT_MS: intSetting(0, 60_000, MAX_WAIT_MS).meta({
    description: "A call that is not an order's own waits for those at most this long.",
    unit: 'ms',
  }),
  GATE_HIGH_WAIT_MS: intSetting(0, 60_000, HIGH_WAIT_MS).meta({
    description:
      'The same for prices of positions, confirmations and settlements: a quote that hangs must not hold up a stop-loss.',
    unit: 'ms',
  }),
  GATE_BUDGET_WAIT_MS: intSetting(0, 300_000, BUDGET_WAIT_MS).meta({
    description: 'And this long in all; then it is refused, and says when to come back. Not below `GATE_MAX_WAIT_MS`.',
    unit: 'ms',
  }),
  GATE_CRITICAL_WAIT_MS: intSetting(0, 60_000, CRITICAL_WAIT_MS).meta({
    description:
      "An order's own call waits for its host's budget at most this long; then an exit's goes on over the budget, an entry's is refused.",
    unit: 'ms',
  }),
};

type Settings = z.infer<z.ZodObject<typeof gateSettings>>;

/** @throws ExitlaneError CONFIG_INVALID */
export function gateConfigOf(settings: Settings, venue: VenueOptions): GateConfig {
  const { GATE_MAX_WAIT_MS: maxWaitMs, GATE_BUDGET_WAIT_MS: budgetWaitMs } = settings;
  if (budgetWaitMs < maxWaitMs) {
    const text = `GATE_BUDGET_WAIT_MS is ${budgetWaitMs}, below GATE_MAX_WAIT_MS (${maxWaitMs}): raise it, or lower the other.`;
    throw new ExitlaneError('CONFIG_INVALID', text);
  }
  const highWaitMs = Math.min(settings.GATE_HIGH_WAIT_MS, maxWaitMs);
  const config = {
    jupiterRequestsPerSecond: settings.JUPITER_REQUESTS_PER_SECOND,
    jupiterBurst: settings.JUPITER_BURST,
    rpcRequestsPerSecond: settings.RPC_REQUESTS_PER_SECOND,
    rpcBurst: settings.RPC_BURST,
    sharePercent: settings.GATE_SHARE_PERCENT,
    reservePercent: settings.GATE_RESERVE_PERCENT,
    maxWaitMs,
    highWaitMs,
    budgetWaitMs,
    criticalWaitMs: settings.GATE_CRITICAL_WAIT_MS,
  };
  gateBudgets(config, venue);
  return config;
}

/** Budgets of a venue's hosts by the names the clients use. @throws ExitlaneError CONFIG_INVALID */
export function gateBudgets(config: GateConfig, venue: VenueOptions): Record<string, HostBudget> {
  const { sharePercent, reservePercent, jupiterBurst, rpcBurst } = config;
  const { jupiterUrl, jupiterApiKey, rpcUrls } = venue;
  const grantedByJupiter = jupiterApiKey ? WITH_KEY_PER_SECOND : KEYLESS_PER_SECOND;
  const budgets: Record<string, HostBudget> = {};
  const add = (
    service: 'jupiter' | 'rpc',
    url: string,
    requestsPerSecond: number,
    windowMs: number,
    burst?: number,
  ) => {
    const rate = { requestsPerSecond, windowMs, sharePercent, reservePercent, burst };
    budgets[budgetName(service, hostOf(url, service))] = orInvalid(service, () => budgetOf(rate));
  };
  const jupiterRate = config.jupiterRequestsPerSecond ?? (isLocal(jupiterUrl) ? LOCAL_PER_SECOND : grantedByJupiter);
  add('jupiter', jupiterUrl, jupiterRate, JUPITER_WINDOW_MS, jupiterBurst);
  for (const url of rpcUrls) {
    const rate = config.rpcRequestsPerSecond ?? (isLocal(url) ? LOCAL_PER_SECOND : PUBLIC_RPC_PER_SECOND);
    add('rpc', url, rate, RPC_WINDOW_MS, rpcBurst);
  }
  return budgets;
}

/** The gate of a processor. Entries may be refused when a host's budget does not come in time; exits never are. */
export function createGate(config: GateConfig, venue: VenueOptions, parts: { clock: Clock; logger: Logger }): ApiGate {
  const { maxWaitMs, budgetWaitMs, criticalWaitMs } = config;
  const highWaitMs = Math.min(config.highWaitMs ?? HIGH_WAIT_MS, maxWaitMs ?? MAX_WAIT_MS);
  const waits = { maxWaitMs, highWaitMs, budgetWaitMs, criticalWaitMs };
  const budgets = gateBudgets(config, venue);
  return new ApiGate({ ...parts, ...waits, budgets, refusableUrgency: OrderPriority.ENTRY });
}

function isLocal(url: string): boolean {
  return isLoopbackHost(new URL(url).hostname.replace(/^\[|\]$/g, ''));
}

function orInvalid(service: 'jupiter' | 'rpc', budget: () => HostBudget): HostBudget {
  try {
    return budget();
  } catch (cause) {
    const name = service === 'jupiter' ? 'JUPITER_REQUESTS_PER_SECOND' : 'RPC_REQUESTS_PER_SECOND';
    const text = `${name} and GATE_SHARE_PERCENT leave too little: ${messageOf(cause)}. Raise one of them.`;
    throw new ExitlaneError('CONFIG_INVALID', text, { cause });
  }
}
