import { createHmac } from 'node:crypto';
import type { Alert } from '../../../shared/alert/alert.js';
import { type AlertSender, keysIn } from './sender.js';

export interface WebhookConfig {
  readonly url: string;
  /** Shared with the receiver. */
  readonly secret: string;
}

/**
 * Posts the alert as JSON, in the names of the API, to a receiver of the operator's own. The receiver checks that the signature is
 * HMAC-SHA256 over `<timestamp>.<body>` and the timestamp is of now; docs/alerts.md shows how.
 */
export function webhookSender({ url, secret }: WebhookConfig): AlertSender {
  return {
    name: 'webhook',
    host: new URL(url).host,
    secrets: [...keysIn(url), secret],
    post({ deliveryId, event, silent, alert, sentAt }) {
      const body = JSON.stringify({
        delivery_id: deliveryId,
        event: event.toLowerCase(),
        silent,
        alert: alertJson(alert),
      });
      const timestamp = String(Math.floor(sentAt.getTime() / 1_000));
      const headers = {
        'x-exitlane-timestamp': timestamp,
        'x-exitlane-signature': `v1=${signatureOf(secret, timestamp, body)}`,
      };
      return { url, headers, body };
    },
  };
}

export function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

function alertJson(alert: Alert): Record<string, unknown> {
  return {
    alert_id: alert.alertId,
    alert_type: alert.alertType,
    severity: alert.severity,
    state: alert.status,
    title: alert.title,
    message: alert.message,
    order_id: alert.orderId,
    position_id: alert.positionId,
    token_address: alert.mint,
    token_symbol: alert.symbol,
    requires_action: alert.requiresAction,
    attempts: alert.attempts,
    repeats: alert.repeats,
    metadata: alert.metadata,
    created_at: alert.createdAt,
    last_raised_at: alert.lastRaisedAt,
    acknowledged_at: alert.acknowledgedAt,
    acknowledged_by: alert.acknowledgedBy,
    acknowledge_note: alert.acknowledgeNote,
    resolved_at: alert.resolvedAt,
    resolved_by: alert.resolvedBy,
    resolve_note: alert.resolveNote,
  };
}
