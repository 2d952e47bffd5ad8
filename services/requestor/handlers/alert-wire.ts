import {
  AlertDeliveryState,
  AlertEvent,
  AlertSeverity,
  AlertState,
  type Alert as WireAlert,
  type AlertDelivery as WireDelivery,
} from '../../../proto/gen/exitlane/v1/alert_service.js';
import type { Alert } from '../../../shared/alert/alert.js';
import type { Delivery } from '../../../shared/store/alert-outbox.js';

/** An alert as the API shows it, with what became of its news. */
export function alertToWire(alert: Alert, deliveries: readonly Delivery[]): WireAlert {
  return {
    alertId: alert.alertId,
    alertType: alert.alertType,
    severity: AlertSeverity[alert.severity],
    state: AlertState[alert.status],
    title: alert.title,
    message: alert.message,
    orderId: alert.orderId ?? '',
    positionId: alert.positionId ?? '',
    tokenAddress: alert.mint ?? '',
    tokenSymbol: alert.symbol,
    requiresAction: alert.requiresAction,
    attempts: alert.attempts ?? undefined,
    repeats: alert.repeats,
    createdAt: alert.createdAt,
    lastRaisedAt: alert.lastRaisedAt,
    acknowledgedAt: alert.acknowledgedAt ?? undefined,
    acknowledgedBy: alert.acknowledgedBy,
    acknowledgeNote: alert.acknowledgeNote,
    resolvedAt: alert.resolvedAt ?? undefined,
    resolvedBy: alert.resolvedBy,
    resolveNote: alert.resolveNote,
    metadata: { ...alert.metadata },
    deliveries: deliveries.filter(({ alertId }) => alertId === alert.alertId).map(deliveryToWire),
  };
}

function deliveryToWire({ event, sender, outcome, attempts, lastError }: Delivery): WireDelivery {
  return { event: AlertEvent[event], sender, state: AlertDeliveryState[outcome], attempts, lastError };
}
