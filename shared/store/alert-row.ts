import type { Alert, AlertSeverity, AlertStatus } from '../alert/alert.js';

/** A row of `alerts` as pg returns it. */
export interface AlertRow {
  alert_id: string;
  alert_type: string;
  client: string;
  severity: AlertSeverity;
  status: AlertStatus;
  title: string;
  message: string;
  order_id: string | null;
  position_id: string | null;
  mint: string | null;
  symbol: string;
  attempts: number | null;
  requires_action: boolean;
  metadata: Record<string, string>;
  dedup_key: string;
  repeats: number;
  created_at: Date;
  last_raised_at: Date;
  acknowledged_at: Date | null;
  acknowledged_by: string;
  acknowledge_note: string;
  resolved_at: Date | null;
  resolved_by: string;
  resolve_note: string;
}

export function alertOf(row: AlertRow): Alert {
  return {
    alertId: row.alert_id,
    alertType: row.alert_type,
    client: row.client,
    severity: row.severity,
    status: row.status,
    title: row.title,
    message: row.message,
    orderId: row.order_id,
    positionId: row.position_id,
    mint: row.mint,
    symbol: row.symbol,
    attempts: row.attempts,
    requiresAction: row.requires_action,
    metadata: row.metadata,
    dedupKey: row.dedup_key,
    repeats: row.repeats,
    createdAt: row.created_at,
    lastRaisedAt: row.last_raised_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    acknowledgeNote: row.acknowledge_note,
    resolvedAt: row.resolved_at,
    resolvedBy: row.resolved_by,
    resolveNote: row.resolve_note,
  };
}
