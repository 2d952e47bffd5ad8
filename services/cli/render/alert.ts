import type { Alert, AlertDelivery } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { AlertState } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { dateTime, enumName, timeOfDay } from './format.js';
import type { View } from './order.js';
import type { Style } from './style.js';
import { type Column, facts, table } from './table.js';
import { plain, wrap } from './text.js';

const severityName = (value: string): string => enumName(value, 'ALERT_SEVERITY_');
const stateName = (value: string): string => enumName(value, 'ALERT_STATE_');

/** Alerts as a table, one line each. */
export function alertTable(alerts: readonly Alert[], { width, style, ellipsis }: View): string[] {
  const columns: Column<Alert>[] = [
    { title: 'ALERT_ID', cell: ({ alertId }) => alertId },
    {
      title: 'SEVERITY',
      cell: ({ severity }) => severityName(severity),
      paint: (text, { severity }) => severityColour(style, severity)(text),
    },
    { title: 'STATE', cell: ({ state }) => stateName(state), leaves: 1 },
    { title: 'TOKEN', cell: tokenOf, squeeze: 'shorten', least: 6 },
    { title: 'WHAT', cell: ({ alertType }) => plain(alertType), least: 12 },
    { title: 'ACT', cell: ({ requiresAction, state }) => (requiresAction && !isOver(state) ? 'yes' : ''), leaves: 4 },
    { title: 'TIMES', cell: ({ repeats }) => (repeats === 0 ? '' : String(repeats + 1)), align: 'right', leaves: 5 },
    { title: 'NEWS', cell: ({ deliveries }) => newsText(deliveries), leaves: 3 },
    { title: 'RAISED', cell: ({ createdAt }) => dateTime(createdAt), leaves: 2 },
  ];
  return table(columns, alerts, { width, heading: style.bold, ellipsis });
}

/** One alert as one line, for `alerts watch`. */
export function alertLine(alert: Alert, { style }: Pick<View, 'style'>): string {
  const { state, severity } = alert;
  const at = isOver(state) ? alert.resolvedAt : (alert.acknowledgedAt ?? alert.lastRaisedAt);
  const name = state === AlertState.OPEN ? severityName(severity) : stateName(state);
  const who = isOver(state) ? alert.resolvedBy : alert.acknowledgedBy;
  const token = tokenOf(alert);
  const words = [plain(alert.title), token && `(${token})`, plain(who) && `by ${plain(who)}`, alert.alertId];
  const paint = state === AlertState.OPEN ? severityColour(style, severity) : style.dim;
  return [timeOfDay(at), paint(name.padEnd(12)), words.filter(Boolean).join('  ')].join('  ');
}

/** Everything about one alert, and what can be done with it. */
export function alertDetails(alert: Alert, view: View, command: string): string[] {
  const { style } = view;
  const paint = severityColour(style, alert.severity);
  const message = wrap(plain(alert.message), (view.width ?? 100) - 2).map((line) => `  ${line}`);
  return [
    `${paint(style.bold(severityName(alert.severity)))}  ${stateName(alert.state)}  ${style.bold(plain(alert.title))}`,
    ...message,
    '',
    ...facts(alertFacts(alert), style.dim),
    ...alert.deliveries.map(deliveryLine),
    ...nextSteps(alert, command),
  ];
}

function alertFacts(alert: Alert): [string, string][] {
  const more = Object.entries(alert.metadata).map(([name, value]): [string, string] => [plain(name), plain(value)]);
  return [
    ['alert_id', alert.alertId],
    ['type', plain(alert.alertType)],
    ['token', [plain(alert.tokenSymbol), alert.tokenAddress].filter(Boolean).join('  ')],
    ['position_id', alert.positionId],
    ['order_id', alert.orderId],
    ['failed attempts', alert.attempts === undefined ? '' : String(alert.attempts)],
    ['requires action', alert.requiresAction ? 'yes' : ''],
    ['raised', dateTime(alert.createdAt)],
    ['raised again', alert.repeats === 0 ? '' : `${alert.repeats} times, last ${dateTime(alert.lastRaisedAt)}`],
    ['acknowledged', remark(alert.acknowledgedAt, alert.acknowledgedBy, alert.acknowledgeNote)],
    ['resolved', remark(alert.resolvedAt, alert.resolvedBy, alert.resolveNote)],
    ...more,
  ];
}

function remark(at: Date | undefined, by: string, note: string): string {
  if (!at) return '';
  return `${dateTime(at)} by ${plain(by)}${note === '' ? '' : `: ${plain(note)}`}`;
}

function deliveryLine({ event, sender, state, attempts, lastError }: AlertDelivery): string {
  const tries = attempts > 1 ? ` after ${attempts} tries` : '';
  const error = lastError === '' ? '' : `: ${plain(lastError)}`;
  const what = enumName(event, 'ALERT_EVENT_').toLowerCase();
  return `${plain(sender)}: ${what} ${stateWord(state)}${tries}${error}`;
}

function stateWord(state: string): string {
  return enumName(state, 'ALERT_DELIVERY_STATE_').toLowerCase().replace('_', ' ');
}

function nextSteps({ alertId, state }: Alert, command: string): string[] {
  if (isOver(state)) return [];
  const seen = state === AlertState.OPEN ? [`seen it: ${command} alerts ack ${alertId}`] : [];
  return ['', ...seen, `it is over: ${command} alerts resolve ${alertId} --note "..."`];
}

/** How the news of an alert fared: nothing, `sent`, or what is wrong with whom. */
function newsText(deliveries: readonly AlertDelivery[]): string {
  const stuck = deliveries.filter(({ lastError }) => lastError !== '');
  if (stuck.length > 0) return `${[...new Set(stuck.map(({ sender }) => plain(sender)))].join(',')} failing`;
  return deliveries.length === 0 ? '' : 'sent';
}

function tokenOf({ tokenSymbol, tokenAddress }: Alert): string {
  return plain(tokenSymbol) || tokenAddress;
}

function isOver(state: AlertState): boolean {
  return state === AlertState.RESOLVED;
}

export function severityColour(style: Style, severity: string): (text: string) => string {
  if (severityName(severity) === 'CRITICAL') return style.red;
  return severityName(severity) === 'WARNING' ? style.yellow : (text) => text;
}
