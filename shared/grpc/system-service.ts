import {
  type Endpoint,
  type SystemServiceServer,
  SystemServiceService,
  TradingMode,
} from '../../proto/gen/exitlane/v1/system_service.js';
import type { Clock } from '../core/clock.js';
import { VERSION } from '../core/version.js';
import type { Database } from '../store/database.js';
import { auditPage } from './audit-wire.js';
import { durationOf } from './duration.js';
import type { GrpcService } from './server.js';
import { unary } from './unary.js';

export interface SystemServiceOptions {
  readonly service: 'requestor' | 'processor';
  readonly db: Database;
  readonly clock: Clock;
  /** Default: not set. */
  readonly mode?: TradingMode;
  readonly endpoints?: () => readonly Endpoint[];
}

/** The SystemService of either service. */
export function systemService({ service, db, clock, mode, endpoints }: SystemServiceOptions): GrpcService {
  const startedAt = clock.now();
  const implementation: SystemServiceServer = {
    getStatus: unary(() => ({
      service,
      version: VERSION,
      mode: mode ?? TradingMode.UNSPECIFIED,
      database: db.kind,
      schemaVersion: db.schemaVersion,
      uptime: durationOf(clock.now() - startedAt),
      endpoints: [...(endpoints?.() ?? [])],
      nodeVersion: process.versions.node,
    })),
    listAuditEntries: unary((request) => auditPage(db, request)),
  };
  return { definition: SystemServiceService, implementation };
}
