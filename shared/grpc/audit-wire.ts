import type {
  ListAuditEntriesRequest,
  ListAuditEntriesResponse,
  AuditEntry as WireEntry,
} from '../../proto/gen/exitlane/v1/system_service.js';
import { invalidFields } from '../core/errors.js';
import { type AuditEntry, type AuditFilter, listAudit, readAuditHead } from '../store/audit.js';
import type { Queryable } from '../store/database.js';
import { cutPage, readPage } from './paging.js';

/** Longer ones name nothing: ids have at most 128 characters, names of callers fewer. */
const FILTER_CHARS_MAX = 200;

/** One page of the audit log, and the end of its chain. */
export async function auditPage(db: Queryable, request: ListAuditEntriesRequest): Promise<ListAuditEntriesResponse> {
  const page = readPage(request);
  const filter = filterOf(request);
  const head = await readAuditHead(db);
  const rows = await listAudit(db, {
    ...filter,
    ...(page.beforeId === undefined ? {} : { beforeEntryId: page.beforeId }),
    limit: page.size + 1,
  });
  const { items, nextPageToken } = cutPage(rows, page.size, ({ entryId }) => entryId);
  return { entries: items.map(entryToWire), nextPageToken, headSequence: head.sequence, headHash: head.hash };
}

function filterOf({ actor, action, subject, since, until }: ListAuditEntriesRequest): Omit<AuditFilter, 'limit'> {
  const given = Object.entries({ actor, action, subject });
  const long = given.filter(([, text]) => text.length > FILTER_CHARS_MAX || text.includes('\0'));
  const violations = long.map(([field]) => ({
    field,
    description: `is no such name: it may have ${FILTER_CHARS_MAX} characters`,
  }));
  if (violations.length > 0) throw invalidFields(violations);
  const texts = Object.fromEntries(given.filter(([, text]) => text !== ''));
  return { ...texts, ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
}

function entryToWire(entry: AuditEntry): WireEntry {
  const { detail, sequence, ...rest } = entry;
  return { ...rest, sequence: sequence ?? 0n, detail: inOneLine(detail), facts: { ...detail } };
}

function inOneLine(detail: AuditEntry['detail']): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${/^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`)
    .join(' ');
}
