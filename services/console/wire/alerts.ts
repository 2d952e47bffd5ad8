import type { Alert } from '../../../proto/gen/exitlane/v1/alert_service.js';
import type { AlertStateName, AlertView, SeverityName } from '../model/view.js';
import { nameOf, orNull, timeOf } from './basics.js';

const STATES = ['OPEN', 'ACKNOWLEDGED', 'RESOLVED'] as const;
const SEVERITIES = ['INFO', 'WARNING', 'CRITICAL'] as const;
const EVENTS = ['RAISED', 'ACKNOWLEDGED', 'RESOLVED'] as const;
const DELIVERY_STATES = ['WAITING', 'SENT', 'GIVEN_UP'] as const;

export function alertView(alert: Alert): AlertView {
  const state: AlertStateName = nameOf('ALERT_STATE_', STATES, alert.state);
  const severity: SeverityName = nameOf('ALERT_SEVERITY_', SEVERITIES, alert.severity);
  return {
    alertId: alert.alertId,
    alertType: alert.alertType,
    severity,
    state,
    title: alert.title,
    message: alert.message,
    orderId: alert.orderId,
    positionId: alert.positionId,
    tokenAddress: alert.tokenAddress,
    tokenSymbol: alert.tokenSymbol,
    requiresAction: alert.requiresAction,
    attempts: orNull(alert.attempts),
    repeats: alert.repeats,
    createdAt: timeOf(alert.createdAt),
    lastRaisedAt: timeOf(alert.lastRaisedAt),
    acknowledgedAt: timeOf(alert.acknowledgedAt),
    acknowledgedBy: alert.acknowledgedBy,
    acknowledgeNote: alert.acknowledgeNote,
    resolvedAt: timeOf(alert.resolvedAt),
    resolvedBy: alert.resolvedBy,
    resolveNote: alert.resolveNote,
    deliveries: alert.deliveries.map(({ event, sender, state: delivery, attempts, lastError }) => ({
      event: nameOf('ALERT_EVENT_', EVENTS, event),
      sender,
      state: nameOf('ALERT_DELIVERY_STATE_', DELIVERY_STATES, delivery),
      attempts,
      lastError,
    })),
  };
}
