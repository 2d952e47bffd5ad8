import type { GetGateStatsResponse } from '../../../proto/gen/exitlane/v1/market_service.js';
import type { AuditEntry, GetStatusResponse } from '../../../proto/gen/exitlane/v1/system_service.js';
import type { AuditView, EndpointView, GateView, ModeName, ServiceView } from '../model/view.js';
import { nameOf, orNull, spanOf, timeOf } from './basics.js';

const MODES = ['SIMULATION', 'SANDBOX', 'LIVE'] as const;

type Told = Pick<
  ServiceView,
  'version' | 'nodeVersion' | 'mode' | 'database' | 'schemaVersion' | 'startedAt' | 'endpoints'
>;

/** What a service told of itself at `now`. */
export function toldView(status: GetStatusResponse, now: number): Told {
  const mode: ModeName = nameOf('TRADING_MODE_', MODES, status.mode);
  const uptime = spanOf(status.uptime);
  return {
    version: status.version,
    nodeVersion: status.nodeVersion,
    mode,
    database: status.database,
    schemaVersion: status.schemaVersion,
    startedAt: uptime === null ? null : now - uptime,
    endpoints: status.endpoints.map(
      ({ name, url, healthy, lastError }): EndpointView => ({ name, url, healthy, lastError }),
    ),
  };
}

export function gateView({ levels, hosts }: GetGateStatsResponse): GateView {
  return {
    levels: levels.map((level) => ({
      level: level.level,
      inFlight: level.inFlight,
      waiting: level.waiting,
      callsTotal: Number(level.callsTotal),
      averageWaitMs: spanOf(level.averageWait),
      waitMaxMs: spanOf(level.waitMax),
      refusedTotal: Number(level.refusedTotal),
    })),
    hosts: hosts.map((host) => ({
      host: host.host,
      budget: orNull(host.budget),
      budgetLeft: orNull(host.budgetLeft),
      reserved: orNull(host.reserved),
      windowMs: spanOf(host.window),
      resetsAt: timeOf(host.resetsAt),
      limitedUntil: timeOf(host.limitedUntil),
      inFlight: host.inFlight,
      waiting: host.waiting,
      limitedTotal: Number(host.limitedTotal),
      overBudgetTotal: Number(host.overBudgetTotal),
    })),
  };
}

export function auditView(entry: AuditEntry): AuditView {
  const { entryId, createdAt, actor, actingFor, action, subject, detail, peer } = entry;
  const who = actingFor === '' ? actor : `${actingFor} (${actor})`;
  return { entryId, at: timeOf(createdAt), who, peer, action, subject, detail };
}
