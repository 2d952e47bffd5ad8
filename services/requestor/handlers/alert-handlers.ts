import {
  type AlertServiceServer,
  AlertServiceService,
  type ListAlertsRequest,
  type WatchAlertsRequest,
  type WatchAlertsResponse,
  type Alert as WireAlert,
  AlertSeverity as WireSeverity,
  AlertState as WireState,
} from '../../../proto/gen/exitlane/v1/alert_service.js';
import { ALERT_SEVERITIES, type Alert, type AlertSeverity, type AlertStatus } from '../../../shared/alert/alert.js';
import { maySee } from '../../../shared/core/call-context.js';
import type { Clock } from '../../../shared/core/clock.js';
import { type FieldViolation, invalidField, invalidFields } from '../../../shared/core/errors.js';
import { isUuid } from '../../../shared/core/ids.js';
import type { Logger } from '../../../shared/core/logger.js';
import { cutPage, readPage } from '../../../shared/grpc/paging.js';
import type { GrpcService } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { listDeliveries } from '../../../shared/store/alert-outbox.js';
import {
  type AlertFilter,
  acknowledgeAlert,
  findAlertsByIds,
  getAlert,
  listAlerts,
  resolveAlert,
} from '../../../shared/store/alerts.js';
import type { Database } from '../../../shared/store/database.js';
import { alertToWire } from './alert-wire.js';
import { pages, watchRecords } from './watch-records.js';

export interface AlertHandlerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

const NAME_CHARS_MAX = 200;
const NOTE_CHARS_MAX = 500;

export function alertService(options: AlertHandlerOptions): GrpcService {
  const { db, logger } = options;
  const implementation: AlertServiceServer = {
    listAlerts: unary(async (request) => {
      const page = readPage(request);
      const rows = await listAlerts(db, {
        ...filterOf(request),
        ...(page.beforeId === undefined ? {} : { beforeAlertId: page.beforeId }),
        limit: page.size + 1,
      });
      const { items, nextPageToken } = cutPage(rows, page.size, (alert) => alert.alertId);
      return { alerts: await withDeliveries(db, items), nextPageToken };
    }),
    getAlert: unary(async ({ alertId }) => {
      checkId(alertId);
      return { alert: await oneToWire(db, await getAlert(db, alertId)) };
    }),
    acknowledgeAlert: unary(async ({ alertId, acknowledgedBy, note }) => {
      checkRemark(alertId, ['acknowledged_by', acknowledgedBy], note);
      const alert = await acknowledgeAlert(db, alertId, { by: acknowledgedBy, note });
      logger.info({ alertId, alertType: alert.alertType, acknowledgedBy }, 'alert acknowledged');
      return { alert: await oneToWire(db, alert) };
    }),
    resolveAlert: unary(async ({ alertId, resolvedBy, note }) => {
      checkRemark(alertId, ['resolved_by', resolvedBy], note);
      const alert = await resolveAlert(db, alertId, { by: resolvedBy, note });
      logger.info({ alertId, alertType: alert.alertType, resolvedBy }, 'alert resolved');
      return { alert: await oneToWire(db, alert) };
    }),
    watchAlerts: serverStream((request, ctx) => watchAlerts(options, request, ctx.signal)),
  };
  return { definition: AlertServiceService, implementation };
}

async function* watchAlerts(
  { db, clock }: AlertHandlerOptions,
  request: WatchAlertsRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchAlertsResponse> {
  const least = severityOf(request.minSeverity);
  const matches = ({ severity, client }: Alert) =>
    maySee(client) && (least === undefined || ALERT_SEVERITIES.indexOf(severity) >= ALERT_SEVERITIES.indexOf(least));
  const frames = watchRecords({
    db,
    clock,
    topics: ['alert'],
    signal,
    includeCurrent: request.includeCurrent,
    current: () => unresolved(db, least),
    changed: async (ids) => withDeliveries(db, (await findAlertsByIds(db, ids)).filter(matches)),
  });
  for await (const { record, currentComplete } of frames) yield { alert: record, currentComplete };
}

/** Every alert that is not resolved, newest first. */
function unresolved(db: Database, minSeverity: AlertSeverity | undefined): AsyncIterable<WireAlert> {
  const filter = {
    statuses: ['OPEN', 'ACKNOWLEDGED'] as const,
    ...(minSeverity === undefined ? {} : { minSeverity }),
  };
  return pages(
    async ({ before, limit }) =>
      withDeliveries(
        db,
        await listAlerts(db, { ...filter, ...(before === undefined ? {} : { beforeAlertId: before }), limit }),
      ),
    (alert) => alert.alertId,
  );
}

async function withDeliveries(db: Database, alerts: readonly Alert[]): Promise<WireAlert[]> {
  const deliveries = await listDeliveries(
    db,
    alerts.map(({ alertId }) => alertId),
  );
  return alerts.map((alert) => alertToWire(alert, deliveries));
}

async function oneToWire(db: Database, alert: Alert): Promise<WireAlert> {
  return alertToWire(alert, await listDeliveries(db, [alert.alertId]));
}

function filterOf(request: ListAlertsRequest): Omit<AlertFilter, 'limit'> {
  for (const [field, id] of [
    ['position_id', request.positionId],
    ['order_id', request.orderId],
  ] as const) {
    if (id !== '' && !isUuid(id)) throw invalidField(field, 'is not a UUID');
  }
  const minSeverity = severityOf(request.minSeverity);
  return {
    statuses: request.states.map(statusOf),
    alertTypes: request.alertTypes,
    ...(minSeverity === undefined ? {} : { minSeverity }),
    ...(request.tokenAddress === '' ? {} : { mint: request.tokenAddress }),
    ...(request.positionId === '' ? {} : { positionId: request.positionId }),
    ...(request.orderId === '' ? {} : { orderId: request.orderId }),
  };
}

const STATUSES: readonly AlertStatus[] = ['OPEN', 'ACKNOWLEDGED', 'RESOLVED'];

function statusOf(wire: WireState): AlertStatus {
  const status = STATUSES.find((name) => WireState[name] === wire);
  if (!status) throw invalidField('states', `must be some of ${STATUSES.map((name) => WireState[name]).join(', ')}`);
  return status;
}

function severityOf(wire: WireSeverity): AlertSeverity | undefined {
  if (wire === WireSeverity.UNSPECIFIED) return undefined;
  const severity = ALERT_SEVERITIES.find((name) => WireSeverity[name] === wire);
  if (severity) return severity;
  throw invalidField('min_severity', `must be one of ${ALERT_SEVERITIES.map((name) => WireSeverity[name]).join(', ')}`);
}

function checkId(alertId: string): void {
  if (!isUuid(alertId)) throw invalidField('alert_id', 'is required and must be a UUID; ListAlerts shows them');
}

function checkRemark(alertId: string, [field, name]: readonly [string, string], note: string): void {
  const violations: FieldViolation[] = [];
  const refuse = (of: string, description: string) => violations.push({ field: of, description });
  if (!isUuid(alertId)) refuse('alert_id', 'is required and must be a UUID; ListAlerts shows them');
  if (name === '') refuse(field, 'is required, for the record');
  if (name.length > NAME_CHARS_MAX) refuse(field, `has more than ${NAME_CHARS_MAX} characters`);
  if (note.length > NOTE_CHARS_MAX) refuse('note', `has more than ${NOTE_CHARS_MAX} characters`);
  if (violations.length > 0) throw invalidFields(violations);
}
