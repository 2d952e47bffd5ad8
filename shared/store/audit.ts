import { currentCallFacts } from '../core/call-context.js';
import { formatAmount, SOL_DECIMALS } from '../core/decimals.js';
import { newId } from '../core/ids.js';
import type { Order } from '../order/order.js';
import { type AuditRecord, auditHash } from './audit-chain.js';
import type { Database, Queryable, Transaction } from './database.js';
import { AUDIT_FACT_CHARS_MAX } from './limits.js';

/**
 * The audit log (O1): every change that a call makes, written by the transaction that makes it. What Exitlane does by itself - exits
 * of a plan, retries, settling - is told by orders, messages and alerts, and goes back to the call that wanted it.
 */

/** What was changed, and short facts about it; never secrets. Facts without a value are left out. */
export interface AuditFact {
  /** Id of the order, position or alert; empty if there is none. */
  readonly subject: string;
  readonly detail: Readonly<Record<string, string | undefined>>;
}

/** Notes the change with who, what and from where of the running call; outside of calls it notes nothing. */
export async function recordAudit(tx: Transaction, { subject, detail }: AuditFact): Promise<void> {
  const call = currentCallFacts();
  if (call === undefined) return;
  const { caller } = call;
  await tx.query(
    `INSERT INTO audit_entries (entry_id, created_at, actor, acting_for, role, client, peer, action, subject, detail, request_id)
     VALUES ($1, date_trunc('milliseconds', exitlane_now()), $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      newId(),
      clean(caller.name),
      clean(caller.actingFor),
      caller.role,
      clean(caller.client),
      clean(call.peer),
      shortMethod(call.method),
      subject,
      JSON.stringify(told(detail)),
      clean(call.requestId),
    ],
  );
  tx.hint('audit', '');
}

/** What every entry about a new order tells. */
export function orderFacts(order: Order): AuditFact['detail'] {
  const { requestedLamports: lamports, requestedTokens: tokens, decimals } = order;
  return {
    order_req_id: order.orderReqId,
    order_type: order.orderType,
    token: order.mint,
    amount_sol: lamports === null ? undefined : formatAmount(lamports, SOL_DECIMALS),
    amount_tokens: tokens === null ? undefined : formatAmount(tokens, decimals),
    position_id: order.positionId ?? undefined,
    exit_reason: order.exitReason,
    emergency: order.emergency ? 'true' : undefined,
    simulated: order.isSimulated ? 'true' : undefined,
  };
}

/** `exitlane.v1.OrderService/SubmitOrder` -> `OrderService/SubmitOrder`. */
function shortMethod(method: string): string {
  return method.slice(method.lastIndexOf('.', method.indexOf('/')) + 1);
}

function told(detail: AuditFact['detail']): Record<string, string> {
  const facts = Object.entries(detail).flatMap(([name, value]) => (value ? [[name, clean(value)] as const] : []));
  return Object.fromEntries(facts);
}

/** As the database takes it: neither NUL nor half a character, which a cut may leave. */
function clean(text: string): string {
  return text
    .slice(0, AUDIT_FACT_CHARS_MAX)
    .replaceAll('\0', '\ufffd')
    .replace(/[\ud800-\udbff]$/, '');
}

/** An entry as it is read. */
export interface AuditEntry extends AuditRecord {
  /** Place in the log, from 1; null: not sealed yet. */
  readonly sequence: bigint | null;
  /** Hexadecimal; empty: not sealed yet. */
  readonly hash: string;
}

/** The end of the chain: to be noted down elsewhere, so that a log cut short is found out. */
export interface AuditHead {
  /** 0: nothing is sealed yet. */
  readonly sequence: bigint;
  readonly hash: string;
}

interface EntryRow {
  entry_id: string;
  created_at: Date;
  actor: string;
  acting_for: string;
  role: string;
  client: string;
  peer: string;
  action: string;
  subject: string;
  detail: Record<string, string>;
  request_id: string;
  sequence: string | null;
  hash: string | null;
}

function entryOf(row: EntryRow): AuditEntry {
  return {
    entryId: row.entry_id,
    createdAt: row.created_at,
    actor: row.actor,
    actingFor: row.acting_for,
    role: row.role,
    client: row.client,
    peer: row.peer,
    action: row.action,
    subject: row.subject,
    detail: row.detail,
    requestId: row.request_id,
    sequence: row.sequence === null ? null : BigInt(row.sequence),
    hash: row.hash ?? '',
  };
}

export async function readAuditHead(db: Queryable): Promise<AuditHead> {
  const { rows } = await db.query<{ sequence: string; hash: string }>(
    'SELECT sequence, hash FROM audit_head WHERE id = 1',
  );
  return headOf(rows[0]);
}

function headOf(row: { sequence: string; hash: string } | undefined): AuditHead {
  if (!row) throw new Error('the head of the audit log is missing: the database is damaged');
  return { sequence: BigInt(row.sequence), hash: row.hash };
}

/** Whether an entry waits to be sealed: a look that locks nothing. */
export async function hasUnsealedAudit(db: Queryable): Promise<boolean> {
  const { rows } = await db.query('SELECT 1 FROM audit_entries WHERE sequence IS NULL LIMIT 1');
  return rows.length > 0;
}

/**
 * Links entries that are not linked yet to the end of the chain, oldest first, at most `limit`; returns how many.
 *
 * Whoever seals holds the head's row, and takes what is committed by then. An entry whose transaction commits late is linked late:
 * its time may lie before that of the entry in front of it, but no entry is left out and none is ever put between two others.
 */
export async function sealAudit(db: Database, limit: number): Promise<number> {
  return db.transaction(async (tx) => {
    const locked = await tx.query<{ sequence: string; hash: string }>(
      'SELECT sequence, hash FROM audit_head WHERE id = 1 FOR UPDATE',
    );
    let { sequence, hash } = headOf(locked.rows[0]);
    const { rows } = await tx.query<EntryRow>(
      'SELECT * FROM audit_entries WHERE sequence IS NULL ORDER BY created_at, entry_id LIMIT $1',
      [limit],
    );
    if (rows.length === 0) return 0;
    const sealed = rows.map(entryOf).map((entry) => {
      sequence += 1n;
      hash = auditHash(entry, sequence, hash);
      return { entryId: entry.entryId, sequence, hash };
    });
    await tx.query(
      `UPDATE audit_entries e SET sequence = s.sequence, hash = s.hash
       FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS s (entry_id, sequence, hash) WHERE e.entry_id = s.entry_id`,
      [sealed.map((e) => e.entryId), sealed.map((e) => e.sequence), sealed.map((e) => e.hash)],
    );
    await tx.query('UPDATE audit_head SET sequence = $1, hash = $2, sealed_at = exitlane_now() WHERE id = 1', [
      sequence,
      hash,
    ]);
    return sealed.length;
  });
}

export interface AuditFilter {
  /** Who called, or for whom they said they act. */
  readonly actor?: string;
  /** `OrderService/SubmitOrder`, or the method alone. */
  readonly action?: string;
  /** What it was done to; or the position or order_req_id that the entry tells. */
  readonly subject?: string;
  readonly since?: Date;
  /** Exclusive. */
  readonly until?: Date;
  /** Only entries older than this one: the last of the page before. */
  readonly beforeEntryId?: string;
  readonly limit: number;
}

/**
 * Newest first: entry ids are UUIDs of version 7 and sort by the time they were made. Each condition has an index; a statement without
 * a name is planned with its values, so that those not asked for are gone by then.
 */
export async function listAudit(db: Queryable, filter: AuditFilter): Promise<AuditEntry[]> {
  const { rows } = await db.query<EntryRow>(
    `SELECT * FROM audit_entries
     WHERE ($1::text IS NULL OR actor = $1 OR acting_for = $1)
       AND ($2::text IS NULL OR (split_part(action, '/', 2) = split_part($2, '/', -1) AND ($2 NOT LIKE '%/%' OR action = $2)))
       AND ($3::text IS NULL OR subject = $3 OR detail ->> 'position_id' = $3 OR detail ->> 'order_req_id' = $3)
       AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::timestamptz IS NULL OR created_at < $5)
       AND ($6::uuid IS NULL OR entry_id < $6)
     ORDER BY entry_id DESC LIMIT $7`,
    [
      filter.actor ?? null,
      filter.action ?? null,
      filter.subject ?? null,
      filter.since ?? null,
      filter.until ?? null,
      filter.beforeEntryId ?? null,
      filter.limit,
    ],
  );
  return rows.map(entryOf);
}
