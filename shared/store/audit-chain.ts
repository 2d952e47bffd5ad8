import { createHash } from 'node:crypto';

/**
 * What the hash of an audit entry covers (docs/audit.md): a JSON object of strings as RFC 8785 writes it - keys in order, no spaces -
 * with the place in the log and the hash of the entry before. Whoever has the entries can compute it again.
 */

/** Hash before the first entry. */
export const FIRST_HASH = '0'.repeat(64);

/** Changes if the form ever does. */
const FORMAT = 'exitlane-audit-1';

/** An entry as it was written. */
export interface AuditRecord {
  readonly entryId: string;
  readonly createdAt: Date;
  readonly actor: string;
  readonly actingFor: string;
  readonly role: string;
  readonly client: string;
  readonly peer: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string>>;
  readonly requestId: string;
}

/** SHA-256, hexadecimal, of `record` as entry number `sequence` after the one with `previousHash`. */
export function auditHash(record: AuditRecord, sequence: bigint, previousHash: string): string {
  return createHash('sha256')
    .update(canonical(record, sequence, previousHash))
    .digest('hex');
}

function canonical(record: AuditRecord, sequence: bigint, previousHash: string): string {
  return JSON.stringify({
    acting_for: record.actingFor,
    action: record.action,
    actor: record.actor,
    client: record.client,
    created_at: record.createdAt.toISOString(),
    detail: sorted(record.detail),
    entry_id: record.entryId,
    format: FORMAT,
    peer: record.peer,
    previous_hash: previousHash,
    request_id: record.requestId,
    role: record.role,
    sequence: sequence.toString(),
    subject: record.subject,
  });
}

function sorted(detail: AuditRecord['detail']): AuditRecord['detail'] {
  return Object.fromEntries(Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1)));
}
