import {
  ALERT_KINDS,
  type Alert,
  type AlertEvent,
  type AlertSeverity,
  type AlertStatus,
  type NewAlert,
  severitiesFrom,
} from '../alert/alert.js';
import { maySee, onlyClient } from '../core/call-context.js';
import { ExitlaneError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import { type AlertRow, alertOf } from './alert-row.js';
import { type AuditFact, recordAudit } from './audit.js';
import type { Database, Queryable, Transaction } from './database.js';
import { ALERT_MESSAGE_CHARS_MAX } from './limits.js';

/**
 * Alerts (X12). Every change is one transaction with its news in the outbox. Whoever changes an alert inside a larger transaction
 * does so last, after orders and positions, so that locks are taken in one order.
 */

export interface Raised {
  readonly alert: Alert;
  /** False: the same fact is told by an alert that is not resolved; it was counted there, and nothing new goes out. */
  readonly isNew: boolean;
}

/** Raises an alert as part of the caller's transaction. A repeat brings the alert's text and attempts up to date. */
export async function raiseAlert(tx: Transaction, draft: NewAlert): Promise<Raised> {
  const { severity, title, requiresAction } = ALERT_KINDS[draft.alertType];
  const { rows } = await tx.query<AlertRow>(
    `INSERT INTO alerts (alert_id, alert_type, severity, status, title, message, order_id, position_id, mint, symbol, attempts,
       requires_action, metadata, dedup_key, client, created_at, last_raised_at)
     SELECT $1, $2, $3, 'OPEN', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
       coalesce((SELECT client FROM orders WHERE order_id = $6), (SELECT client FROM positions WHERE position_id = $7), ''), t, t FROM (SELECT exitlane_now() AS t) AS clock
     ON CONFLICT (dedup_key) WHERE status <> 'RESOLVED' DO UPDATE SET repeats = alerts.repeats + 1,
       last_raised_at = excluded.last_raised_at, message = excluded.message, attempts = excluded.attempts,
       metadata = excluded.metadata
     RETURNING *`,
    [
      newId(),
      draft.alertType,
      severity,
      title,
      cut(draft.message),
      draft.orderId,
      draft.positionId,
      draft.mint,
      draft.symbol,
      draft.attempts,
      requiresAction,
      JSON.stringify(draft.metadata),
      draft.dedupKey,
    ],
  );
  const row = rows[0];
  if (!row) throw new Error('an alert was neither made nor counted');
  const alert = alertOf(row);
  const isNew = alert.repeats === 0;
  await tell(tx, alert.alertId, isNew ? 'RAISED' : undefined);
  return { alert, isNew };
}

function cut(text: string): string {
  return text.length <= ALERT_MESSAGE_CHARS_MAX ? text : `${text.slice(0, ALERT_MESSAGE_CHARS_MAX - 3)}...`;
}

/** Wakes who watches; with an event, the news goes out as well. */
async function tell(tx: Transaction, alertId: string, event: AlertEvent | undefined): Promise<void> {
  if (event !== undefined) {
    await tx.query(
      `INSERT INTO alert_outbox (delivery_id, alert_id, event, sender, created_at, due_at)
       SELECT $1, $2, $3, '', t, t FROM (SELECT exitlane_now() AS t) AS clock`,
      [newId(), alertId, event],
    );
  }
  tx.hint('alert', alertId);
}

/** Who says something about an alert, and what. */
export interface AlertRemark {
  readonly by: string;
  /** For the record; may be empty. */
  readonly note: string;
}

/**
 * Says that somebody has seen it. The same person saying so again changes nothing.
 * @throws ALERT_NOT_FOUND, ALERT_ALREADY_ACKNOWLEDGED (by somebody else), ALERT_ALREADY_RESOLVED
 */
export async function acknowledgeAlert(db: Database, alertId: string, { by, note }: AlertRemark): Promise<Alert> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<AlertRow>(
      `UPDATE alerts SET status = 'ACKNOWLEDGED', acknowledged_at = exitlane_now(), acknowledged_by = $2, acknowledge_note = $3
       WHERE alert_id = $1 AND status = 'OPEN' AND ($4::text IS NULL OR client = $4) RETURNING *`,
      [alertId, by, note, onlyClient() ?? null],
    );
    if (rows[0]) {
      await tell(tx, alertId, 'ACKNOWLEDGED');
      const acknowledged = alertOf(rows[0]);
      await recordAudit(tx, alertFact(acknowledged, { by, note }));
      return acknowledged;
    }
    const alert = await getAlert(tx, alertId);
    if (alert.status === 'RESOLVED') throw alreadyResolved(alert);
    if (alert.acknowledgedBy === by) return alert;
    const when = alert.acknowledgedAt?.toISOString() ?? '';
    throw new ExitlaneError(
      'ALERT_ALREADY_ACKNOWLEDGED',
      `alert ${alertId} was acknowledged by ${alert.acknowledgedBy} at ${when}; resolve it when it is over`,
      { metadata: { alert_id: alertId, acknowledged_by: alert.acknowledgedBy, acknowledged_at: when } },
    );
  });
}

/**
 * Says that it is over. The same person saying so again changes nothing.
 * @throws ALERT_NOT_FOUND, ALERT_ALREADY_RESOLVED (by somebody else)
 */
export async function resolveAlert(db: Database, alertId: string, remark: AlertRemark): Promise<Alert> {
  return db.transaction(async (tx) => {
    const [resolved] = await resolve(
      tx,
      'alert_id = $3 AND ($4::text IS NULL OR client = $4)',
      [alertId, onlyClient() ?? null],
      remark,
    );
    if (resolved) {
      await recordAudit(tx, alertFact(resolved, remark));
      return resolved;
    }
    const alert = await getAlert(tx, alertId);
    if (alert.resolvedBy === remark.by) return alert;
    throw alreadyResolved(alert);
  });
}

function alertFact({ alertId, alertType, positionId }: Alert, { by, note }: AlertRemark): AuditFact {
  return { subject: alertId, detail: { alert_type: alertType, position_id: positionId ?? undefined, by, note } };
}

/** Ends the alert of this fact, if there is one that is not resolved, as part of the caller's transaction. */
export async function resolveAlertOf(
  tx: Transaction,
  dedupKey: string,
  remark: AlertRemark,
): Promise<Alert | undefined> {
  return (await resolve(tx, 'dedup_key = $3', [dedupKey], remark))[0];
}

/** Ends all alerts of these types about a position, as part of the caller's transaction. */
export function resolvePositionAlerts(
  tx: Transaction,
  positionId: string,
  alertTypes: readonly string[],
  remark: AlertRemark,
): Promise<Alert[]> {
  return resolve(tx, 'position_id = $3 AND alert_type = ANY($4)', [positionId, alertTypes], remark);
}

/** `which` is SQL with parameters from $3 on; it never holds user input. */
async function resolve(
  tx: Transaction,
  which: string,
  params: readonly unknown[],
  { by, note }: AlertRemark,
): Promise<Alert[]> {
  const { rows } = await tx.query<AlertRow>(
    `UPDATE alerts SET status = 'RESOLVED', resolved_at = exitlane_now(), resolved_by = $1, resolve_note = $2
     WHERE status <> 'RESOLVED' AND ${which} RETURNING *`,
    [by, note, ...params],
  );
  for (const row of rows) await tell(tx, row.alert_id, 'RESOLVED');
  return rows.map(alertOf);
}

function alreadyResolved({ alertId, resolvedBy, resolvedAt }: Alert): ExitlaneError {
  const when = resolvedAt?.toISOString() ?? '';
  return new ExitlaneError(
    'ALERT_ALREADY_RESOLVED',
    `alert ${alertId} was resolved by ${resolvedBy} at ${when}; if it happens again, a new alert is raised`,
    { metadata: { alert_id: alertId, resolved_by: resolvedBy, resolved_at: when } },
  );
}

/** @throws ALERT_NOT_FOUND */
export async function getAlert(db: Queryable, alertId: string): Promise<Alert> {
  const [alert] = await findAlertsByIds(db, [alertId]);
  if (alert && maySee(alert.client)) return alert;
  throw new ExitlaneError('ALERT_NOT_FOUND', `no alert with alert_id ${alertId}; ListAlerts shows them`, {
    metadata: { alert_id: alertId },
  });
}

/** The alerts with these ids, in the order they were raised; unknown ids are left out. */
export async function findAlertsByIds(db: Queryable, alertIds: readonly string[]): Promise<Alert[]> {
  if (alertIds.length === 0) return [];
  const { rows } = await db.query<AlertRow>('SELECT * FROM alerts WHERE alert_id = ANY($1::uuid[]) ORDER BY alert_id', [
    alertIds,
  ]);
  return rows.map(alertOf);
}

/**
 * A critical alert about this token that is not resolved: while there is one, no entry may buy it (X12). To have seen an alert ends
 * nothing, so an acknowledged one counts too. The newest, if there are several.
 */
export async function findOpenCritical(db: Queryable, mint: string): Promise<Alert | undefined> {
  const { rows } = await db.query<AlertRow>(
    `SELECT * FROM alerts WHERE mint = $1 AND status <> 'RESOLVED' AND severity = 'CRITICAL' ORDER BY alert_id DESC LIMIT 1`,
    [mint],
  );
  return rows[0] && alertOf(rows[0]);
}

export interface AlertFilter {
  readonly statuses?: readonly AlertStatus[];
  /** This severity or worse. */
  readonly minSeverity?: AlertSeverity;
  readonly alertTypes?: readonly string[];
  readonly mint?: string;
  readonly positionId?: string;
  readonly orderId?: string;
  /** Only alerts older than this one: the last of the page before. */
  readonly beforeAlertId?: string;
  readonly limit: number;
}

/** Newest first: alert ids are UUIDs of version 7 and sort by the time they were made. */
export async function listAlerts(db: Queryable, filter: AlertFilter): Promise<Alert[]> {
  const some = (values: readonly string[] | undefined) => (values && values.length > 0 ? values : null);
  const { rows } = await db.query<AlertRow>(
    `SELECT * FROM alerts
     WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text[] IS NULL OR severity = ANY($2))
       AND ($3::text[] IS NULL OR alert_type = ANY($3)) AND ($4::text IS NULL OR mint = $4)
       AND ($5::uuid IS NULL OR position_id = $5) AND ($6::uuid IS NULL OR order_id = $6)
       AND ($7::uuid IS NULL OR alert_id < $7) AND ($8::text IS NULL OR client = $8)
     ORDER BY alert_id DESC LIMIT $9`,
    [
      some(filter.statuses),
      filter.minSeverity === undefined ? null : severitiesFrom(filter.minSeverity),
      some(filter.alertTypes),
      filter.mint ?? null,
      filter.positionId ?? null,
      filter.orderId ?? null,
      filter.beforeAlertId ?? null,
      onlyClient() ?? null,
      filter.limit,
    ],
  );
  return rows.map(alertOf);
}
