/**
 * Things a person should know or do (X12).
 *
 *   raised -> OPEN -> ACKNOWLEDGED -> RESOLVED
 *               +-------------------------^       by a person, or by whoever sees that it is over
 *
 * While an alert is not resolved, the same fact raises no second one; a critical one keeps entries off its token.
 */

export type AlertStatus = 'OPEN' | 'ACKNOWLEDGED' | 'RESOLVED';

/** From good to know to capital at risk. */
export const ALERT_SEVERITIES = ['INFO', 'WARNING', 'CRITICAL'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** What happened to an alert, in the only order it can happen. */
export const ALERT_EVENTS = ['RAISED', 'ACKNOWLEDGED', 'RESOLVED'] as const;
export type AlertEvent = (typeof ALERT_EVENTS)[number];

interface AlertKind {
  readonly severity: AlertSeverity;
  readonly title: string;
  readonly requiresAction: boolean;
}

/** Every type of alert; docs/alerts.md says what each means and what to do. Names are part of the API: add, never rename. */
export const ALERT_KINDS = {
  exit_failed_critical: {
    severity: 'CRITICAL',
    title: 'EXIT FAILED - Manual action required',
    requiresAction: true,
  },
  exit_blocked: { severity: 'WARNING', title: 'An exit is due and cannot start', requiresAction: true },
  price_unavailable: { severity: 'WARNING', title: 'No price for an open position', requiresAction: false },
  order_unknown: { severity: 'WARNING', title: 'A transaction without a verdict', requiresAction: false },
} as const satisfies Record<string, AlertKind>;
export type AlertType = keyof typeof ALERT_KINDS;

export const ALERT_TYPES = Object.keys(ALERT_KINDS) as AlertType[];

/** An alert that is to be raised. */
export interface NewAlert {
  readonly alertType: AlertType;
  /** The whole story for people. */
  readonly message: string;
  /** Names the fact, so that it is not told twice: the type and the id of what it is about. */
  readonly dedupKey: string;
  readonly orderId: string | null;
  readonly positionId: string | null;
  readonly mint: string | null;
  readonly symbol: string;
  /** Failed executions behind it; null where that means nothing. */
  readonly attempts: number | null;
  /** Short facts for programs. Never secrets. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Alert extends Omit<NewAlert, 'alertType'> {
  readonly alertId: string;
  /** Whose order or position it is about; empty if nobody's. */
  readonly client: string;
  /** May be a type that a newer version has raised. */
  readonly alertType: string;
  readonly severity: AlertSeverity;
  readonly status: AlertStatus;
  readonly title: string;
  readonly requiresAction: boolean;
  /** How often the same fact was raised again since. */
  readonly repeats: number;
  readonly createdAt: Date;
  readonly lastRaisedAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string;
  readonly acknowledgeNote: string;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string;
  readonly resolveNote: string;
}

/** Severities from this one up. */
export function severitiesFrom(least: AlertSeverity): AlertSeverity[] {
  return ALERT_SEVERITIES.slice(ALERT_SEVERITIES.indexOf(least));
}
