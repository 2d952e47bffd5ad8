import { createHash } from 'node:crypto';
import type { Queryable } from '../../../shared/store/database.js';
import { type Check, sqlCheck } from '../check.js';
import type { Findings } from '../report.js';

/** The audit log (O1): the chain of its hashes, computed here from what docs/audit.md says, and that no change lacks its entry. */

/** Entries per statement: a few megabytes. */
const PAGE_ROWS = 5_000;
const BEFORE_FIRST = '0'.repeat(64);

/** The end of the chain as somebody noted it down. */
export interface NotedHead {
  readonly sequence: bigint;
  readonly hash: string;
}

interface Entry {
  readonly sequence: string;
  readonly hash: string;
  /** To the microsecond. */
  readonly at: string;
  /** The columns, by their names. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export const auditChain: Check = {
  name: 'audit-chain',
  promise:
    'the sealed audit log is one chain without gaps, as it was written, up to its head and every head noted down',
  async run({ db, auditHead: noted }, findings) {
    const { rows } = await db.query<{ sequence: string; hash: string }>('SELECT sequence, hash FROM audit_head');
    const head = rows[0];
    if (!head) findings.violation('audit_head', 'is missing');
    const end = await walk(db, noted, findings);
    if (head && BigInt(head.sequence) !== end.sequence) {
      findings.violation('audit_head', `says entry ${head.sequence}, but the log ends with entry ${end.sequence}`);
    } else if (head && head.hash !== end.hash) {
      findings.violation('audit_head', `says ${head.hash}, but the last entry has ${end.hash}`);
    }
    if (noted && noted.sequence > end.sequence) {
      findings.violation(
        `entry ${noted.sequence}`,
        `was noted down as ${noted.hash}, but the log ends with entry ${end.sequence}: it was cut`,
      );
    }
  },
};

/** Follows the chain from its begin; returns its end. */
async function walk(db: Queryable, noted: NotedHead | undefined, findings: Findings): Promise<NotedHead> {
  let sequence = 0n;
  let hash = BEFORE_FIRST;
  for await (const entry of entriesOf(db)) {
    findings.looked();
    const number = BigInt(entry.sequence);
    const name = `entry ${number}`;
    if (number !== sequence + 1n) {
      // What the one after a gap hashes over is lost with it.
      findings.violation(name, `comes after entry ${sequence}: ${number - sequence - 1n} between them were removed`);
    } else {
      const computed = hashOf(entry, hash);
      if (computed !== entry.hash) {
        const what = `${entry.facts.action} by ${entry.facts.actor}, id ${entry.facts.entry_id}`;
        findings.violation(name, `was altered (${what}): what it says hashes to ${computed}, and it has ${entry.hash}`);
      }
    }
    if (noted?.sequence === number && noted.hash !== entry.hash) {
      findings.violation(name, `was noted down as ${noted.hash} and has ${entry.hash}: the log was written anew`);
    }
    sequence = number;
    hash = entry.hash;
  }
  return { sequence, hash };
}

async function* entriesOf(db: Queryable): AsyncGenerator<Entry> {
  for (let after = '0'; ; ) {
    const { rows } = await db.query<Entry>(
      `SELECT sequence, hash, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS at,
         to_jsonb(e) - 'sequence' - 'hash' - 'created_at' AS facts
       FROM audit_entries e WHERE sequence > $1 ORDER BY sequence LIMIT ${PAGE_ROWS}`,
      [after],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) return;
    after = last.sequence;
  }
}

/** A time with something below the millisecond was not written by us, and hashes to something else. */
function hashOf({ sequence, at, facts }: Entry, previousHash: string): string {
  const written = { created_at: `${at.replace(/000$/, '')}Z`, format: 'exitlane-audit-1', previous_hash: previousHash };
  return createHash('sha256')
    .update(inOrder({ ...facts, ...written, sequence }))
    .digest('hex');
}

/** JSON with the names of every object in order and no spaces (RFC 8785, for strings). */
function inOrder(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const names = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${names.map(([name, each]) => `${JSON.stringify(name)}:${inOrder(each)}`).join()}}`;
}

/** Sealing takes what is committed, oldest first: after one, nothing from long before it may be left. */
export const auditSealed: Check = {
  name: 'audit-sealed',
  promise: 'no audit entry is left out of the chain',
  async run({ db }, findings) {
    const { rows } = await db.query<{ entries: string; unsealed: string; oldest: Date | null }>(
      `SELECT count(*) AS entries, count(*) FILTER (WHERE sequence IS NULL) AS unsealed,
         min(created_at) FILTER (WHERE sequence IS NULL) AS oldest FROM audit_entries`,
    );
    const { entries = '0', unsealed = '0', oldest } = rows[0] ?? {};
    findings.looked(Number(entries));
    const { rows: left } = await db.query<{ id: string; detail: string }>(
      `SELECT entry_id::text AS id, format('%s by %s of %s is not sealed, although entries were sealed at %s',
           action, actor, created_at, sealed_at) AS detail
       FROM audit_entries, audit_head WHERE sealed_at > created_at + interval '1 minute' AND audit_entries.sequence IS NULL`,
    );
    for (const { id, detail } of left) findings.violation(id, detail);
    if (unsealed !== '0') {
      findings.note(`${unsealed} entries wait to be sealed by a requestor, the oldest of ${oldest?.toISOString()}`);
    }
  },
};

export const auditComplete = sqlCheck(
  'audit-complete',
  'every order that a call made, and the trading state that a call set, have their audit entry',
  {
    over: 'orders',
    rows: `SELECT count(*) AS n FROM slice WHERE request_id <> ''`,
    violations: `SELECT order_req_id AS subject, format('was made by call %s of client %s, and no audit entry tells it',
         request_id, client) AS detail
       FROM slice o WHERE request_id <> '' AND NOT EXISTS (
         SELECT 1 FROM audit_entries a WHERE a.request_id = o.request_id
           AND (a.subject = o.order_id::text OR a.detail ->> 'order_req_id' = o.order_req_id OR o.order_req_id LIKE 'follow:%'))`,
  },
  {
    rows: `SELECT count(*) AS n FROM scheduler WHERE request_id <> ''`,
    violations: `SELECT 'trading state' AS subject, format('was set to %s at %s by call %s, and no audit entry tells it',
         trading_state, changed_at, request_id) AS detail
       FROM scheduler s WHERE request_id <> '' AND NOT EXISTS (
         SELECT 1 FROM audit_entries a WHERE a.request_id = s.request_id AND a.action = 'QueueService/SetTradingState'
           AND a.detail ->> 'state' = s.trading_state)`,
  },
);
