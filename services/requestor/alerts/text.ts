import type { Alert, AlertEvent } from '../../../shared/alert/alert.js';
import { CHAT_CHARS_MAX } from './limits.js';
import type { AlertNews } from './sender.js';

/** An alert in words, for chats. A token can be named by anyone: what comes from outside never moves, hides or formats text. */

/** The whole of it: headline and story. */
export function chatText(news: Pick<AlertNews, 'event' | 'alert'>): string {
  return cut(`${headline(news)}\n${story(news)}`);
}

/** Such as `[CRITICAL] EXIT FAILED - Manual action required`; holds nothing that comes from outside but names of people. */
function headline({ event, alert }: Pick<AlertNews, 'event' | 'alert'>): string {
  return `[${badge(event, alert)}] ${alert.title}`;
}

function badge(event: AlertEvent, alert: Alert): string {
  if (event === 'RAISED') return alert.severity;
  return event === 'ACKNOWLEDGED'
    ? `ACKNOWLEDGED by ${tame(alert.acknowledgedBy)}`
    : `RESOLVED by ${tame(alert.resolvedBy)}`;
}

/** What follows the headline. */
function story({ event, alert }: Pick<AlertNews, 'event' | 'alert'>): string {
  const note = event === 'ACKNOWLEDGED' ? alert.acknowledgeNote : event === 'RESOLVED' ? alert.resolveNote : '';
  const facts = [
    ['token', [alert.symbol, alert.mint ?? ''].filter(Boolean).join(' ')],
    ['position', alert.positionId ?? ''],
    ['order', alert.orderId ?? ''],
    ['alert', alert.alertId],
    ['raised', alert.createdAt.toISOString()],
  ].filter(([, value]) => value !== '');
  const lines = [note, alert.message, ...facts.map(([name, value]) => `${name}: ${value}`)];
  return lines
    .map((line) => tame(line ?? ''))
    .filter(Boolean)
    .join('\n');
}

/** Without control characters, line breaks, and characters that turn the direction of writing. */
function tame(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .trim();
}

function cut(text: string): string {
  return text.length <= CHAT_CHARS_MAX ? text : `${text.slice(0, CHAT_CHARS_MAX - 3)}...`;
}
