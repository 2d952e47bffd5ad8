import type {
  GetGateStatsResponse,
  GateHostStats as WireHost,
  GateLevelStats as WireLevel,
} from '../../../proto/gen/exitlane/v1/market_service.js';
import type { GateHostStats, GateLevelStats, GateStats } from '../../../shared/gate/gate-stats.js';
import { durationOf } from '../../../shared/grpc/duration.js';

/** The gate's numbers as the API has them. */
export function gateStatsToWire({ levels, hosts }: GateStats): GetGateStatsResponse {
  return { levels: levels.map(levelToWire), hosts: hosts.map(hostToWire) };
}

function levelToWire({ level, inFlight, waiting, calls, waits, averageWaitMs, refused }: GateLevelStats): WireLevel {
  return {
    level,
    inFlight,
    waiting,
    callsTotal: BigInt(calls),
    averageWait: durationOf(averageWaitMs),
    waitsTotal: BigInt(waits.count),
    waitSum: durationOf(waits.totalMs),
    waitMax: durationOf(waits.maxMs),
    refusedTotal: BigInt(refused),
  };
}

function hostToWire({ host, budget, left, resetsAt, limitedUntil, ...counts }: GateHostStats): WireHost {
  return {
    host,
    budgetLeft: left,
    resetsAt: dateOf(resetsAt),
    budget: budget?.requests,
    reserved: budget?.reserve,
    window: budget && durationOf(budget.windowMs),
    inFlight: counts.inFlight,
    waiting: counts.waiting,
    limitedTotal: BigInt(counts.limited),
    limitedUntil: dateOf(limitedUntil),
    overBudgetTotal: BigInt(counts.overBudget),
  };
}

function dateOf(at: number | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at);
}
