import type { AuditEntry } from '../../../proto/gen/exitlane/v1/system_service.js';
import { dateTime, timeOfDay } from './format.js';
import type { View } from './order.js';
import { type Column, table } from './table.js';
import { plain } from './text.js';

/** Audit entries as a table, one line each. */
export function auditTable(entries: readonly AuditEntry[], { width, style, ellipsis }: View): string[] {
  const columns: Column<AuditEntry>[] = [
    { title: 'N', cell: ({ sequence }) => (sequence === 0n ? '-' : sequence.toString()), align: 'right' },
    { title: 'WHEN', cell: ({ createdAt }) => dateTime(createdAt) },
    { title: 'WHO', cell: whoText, least: 8 },
    { title: 'FROM', cell: ({ peer }) => plain(peer), leaves: 3 },
    { title: 'WHAT', cell: ({ action }) => methodOf(action) },
    { title: 'TO', cell: ({ subject }) => plain(subject), squeeze: 'shorten', least: 10, leaves: 1 },
    { title: 'DETAIL', cell: ({ detail }) => plain(detail), least: 12, leaves: 2 },
  ];
  return table(columns, entries, { width, heading: style.bold, ellipsis });
}

/** One entry as one line, for `audit --follow`. */
export function auditLine(entry: AuditEntry, { style }: Pick<View, 'style'>): string {
  const { createdAt, action, subject, detail, peer } = entry;
  const words = [whoText(entry), style.dim(`(${plain(peer)})`), style.bold(methodOf(action)), plain(subject)];
  return [timeOfDay(createdAt), ...words, style.dim(plain(detail))].filter(Boolean).join('  ');
}

/** The user of the console, where one acted, and who called. */
function whoText({ actor, actingFor }: AuditEntry): string {
  return actingFor === '' ? plain(actor) : `${plain(actingFor)} (${plain(actor)})`;
}

function methodOf(action: string): string {
  return plain(action.slice(action.indexOf('/') + 1));
}
