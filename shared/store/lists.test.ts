import { expect } from 'chai';
import { type Caller, runInCall } from '../core/call-context.js';
import { silentLogger } from '../core/logger.js';
import { listAlerts } from './alerts.js';
import { type AuditFilter, listAudit } from './audit.js';
import { type Database, openDatabase, type Queryable } from './database.js';
import { listOrders } from './orders.js';
import { listPositions } from './positions.js';
import { submitOrder } from './submit.js';
import { entryDraft, openTestPosition } from './testing/drafts.js';
import { createPostgresDatabase, dropPostgresDatabase } from './testing/postgres.js';

/** Of others, older and newer than the few of the client who asks. */
const OTHERS = 4_000;
const FEW = 10;
const DESK: Caller = { name: 'bot', role: 'read', client: 'desk', actingFor: '' };

describe('O1 P7 lists of a client among those of others', () => {
  let db: Database;
  let url: string;
  before(async () => {
    url = await createPostgresDatabase();
    db = await openDatabase({ databaseUrl: url, logger: silentLogger });
    const { positionId } = await openTestPosition(db);
    await submitOrder(db, entryDraft());
    await multiply('orders', `status = 'FILLED'`, { order_id: 'id', order_req_id: `'o' || n` });
    await db.query(
      `INSERT INTO alerts (alert_id, alert_type, severity, status, title, message, requires_action, dedup_key, created_at, last_raised_at)
       VALUES ('00000000-0000-7000-8000-000000000000', 'exit_failed_critical', 'CRITICAL', 'OPEN', 't', 'm', true, 'one', now(), now())`,
    );
    await multiply('alerts', 'true', { alert_id: 'id', dedup_key: `'d' || n` });
    await db.query(
      'ALTER TABLE positions DROP CONSTRAINT positions_entry_order, DROP CONSTRAINT positions_entry_order_id_key',
    );
    await multiply('positions', `position_id = '${positionId}'`, { position_id: 'id' });
    await db.query(
      `INSERT INTO audit_entries (entry_id, created_at, actor, acting_for, role, client, peer, action, subject, detail, request_id)
       SELECT ${ID}, date_trunc('milliseconds', now()) + n * interval '1 second', ${RARE} THEN 'rare' ELSE 'bot' END, ${RARE} THEN 'alice' ELSE '' END, 'trade',
         'bot', '', ${RARE} THEN 'QueueService/SetTradingState' ELSE 'OrderService/SubmitOrder' END, 'subject-' || n,
         jsonb_build_object('order_req_id', 'req-' || n) || CASE WHEN n % 2 = 0 THEN jsonb_build_object('position_id', 'position-' || n) ELSE '{}' END, ''
       FROM generate_series(1, ${OTHERS}) AS n`,
    );
    await db.query('ANALYZE');
  });
  after(async () => {
    await db.close();
    await dropPostgresDatabase(url);
  });

  const ID = `md5(n::text)::uuid`;
  const RARE = `CASE WHEN n <= ${FEW}`;

  /** Copies one row often; a few of the copies are the desk's. */
  async function multiply(table: string, which: string, set: Readonly<Record<string, string>>): Promise<void> {
    const { rows } = await db.query<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1 AND table_schema = current_schema()`,
      [table],
    );
    const names = rows.map(({ name }) => name);
    const values = names.map((name) => {
      if (name === 'client') return `${RARE} THEN 'desk' ELSE 'bot' END`;
      return set[name] === 'id' ? ID : (set[name] ?? `one.${name}`);
    });
    await db.query(
      `INSERT INTO ${table} (${names}) SELECT ${values} FROM (SELECT * FROM ${table} WHERE ${which} LIMIT 1) AS one,
         generate_series(1, ${OTHERS}) AS n`,
    );
  }

  /** The plan of the statement that `list` runs, with its values, and how many rows it gives. */
  async function planOf(list: (db: Queryable) => Promise<unknown>): Promise<{ plan: string; rows: number }> {
    const statements: { sql: string; params: readonly unknown[] | undefined }[] = [];
    const recorder: Queryable = {
      async query(sql, params) {
        statements.push({ sql, params });
        return { rows: [], rowCount: 0 };
      },
    };
    await runInCall({ method: 'S/M', requestId: 'r', peer: '', caller: DESK }, () => list(recorder));
    const [statement] = statements;
    if (!statement) throw new Error('nothing was asked');
    const explained = await db.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${statement.sql}`, statement.params);
    const { rowCount } = await db.query(statement.sql, statement.params);
    return { plan: explained.rows.map((row) => row['QUERY PLAN']).join('\n'), rows: rowCount };
  }

  const lists: Readonly<Record<string, (db: Queryable) => Promise<unknown>>> = {
    orders: (on) => listOrders(on, { limit: 50 }),
    positions: (on) => listPositions(on, { limit: 50 }),
    alerts: (on) => listAlerts(on, { limit: 50 }),
  };
  for (const [table, list] of Object.entries(lists)) {
    it(`${table} are found by their index`, async () => {
      const { plan, rows } = await planOf(list);
      expect(rows).to.equal(FEW);
      expect(plan).to.contain(`${table}_by_client`).and.not.contain('Seq Scan');
    });
  }

  const asked: readonly [string, AuditFilter, string[], number][] = [
    ['who called or for whom', { actor: 'alice', limit: 50 }, ['audit_by_actor', 'audit_by_acting_for'], FEW],
    ['a method', { action: 'SetTradingState', limit: 50 }, ['audit_by_method'], FEW],
    ['a method with its service', { action: 'QueueService/SetTradingState', limit: 50 }, ['audit_by_method'], FEW],
    ['a method of another service', { action: 'OrderService/SetTradingState', limit: 50 }, ['audit_by_method'], 0],
    [
      'what it was done to',
      { subject: 'position-20', limit: 50 },
      ['audit_by_subject', 'audit_by_position', 'audit_by_order_req_id'],
      1,
    ],
    ['a time', { since: new Date(0), until: new Date(60_000), limit: 50 }, ['audit_by_time'], 0],
  ];
  for (const [what, filter, indexes, found] of asked) {
    it(`the audit log is asked for ${what} by an index`, async () => {
      const { plan, rows } = await planOf((on) => listAudit(on, filter));
      expect(rows).to.equal(found);
      for (const index of indexes) expect(plan).to.contain(index);
      expect(plan).not.to.contain('Seq Scan');
    });
  }
});
