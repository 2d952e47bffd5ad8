import { expect } from 'chai';
import { silentLogger } from '../core/logger.js';
import { type Database, openDatabase } from './database.js';
import { IDLE_IN_TRANSACTION_MS, LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from './limits.js';
import { createPostgresDatabase, dropPostgresDatabase, runOnPostgres } from './testing/postgres.js';
import { deferred, eventually, failureOf } from './testing/waiting.js';

/** Ends every session of this database but the one that asks, as a server that restarts does. */
const END_SESSIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;

describe('PostgreSQL', () => {
  let databaseUrl: string;
  let database: Database;
  beforeEach(async () => {
    databaseUrl = await createPostgresDatabase();
    database = await openDatabase({ databaseUrl, logger: silentLogger, poolSize: 3 });
    await database.query('CREATE TABLE note (id int8 PRIMARY KEY)');
  });
  afterEach(async () => {
    await database.close();
    await dropPostgresDatabase(databaseUrl);
  });

  const ids = async () =>
    (await database.query<{ id: string }>('SELECT id FROM note ORDER BY id')).rows.map((r) => r.id);

  it('may end all sessions while they idle: the next calls work', async () => {
    await Promise.all([1, 2, 3].map((id) => database.query('INSERT INTO note VALUES ($1)', [id])));
    await runOnPostgres(databaseUrl, END_SESSIONS);
    await eventually('the pool to notice', () => ids().catch(() => undefined));
    expect(await ids()).to.deep.equal(['1', '2', '3']);
  });

  it('may end a session in the middle of a transaction: it starts again', async () => {
    let runs = 0;
    await database.transaction(async (tx) => {
      runs += 1;
      await tx.query('INSERT INTO note VALUES ($1)', [runs]);
      if (runs === 1) await runOnPostgres(databaseUrl, END_SESSIONS);
      await tx.query('SELECT 1');
    });
    expect(await ids()).to.deep.equal(['2']);
  });

  it('may go away in COMMIT: the outcome is unknown, and said to be', async () => {
    await database.query(`CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`);
    await database.query(`CREATE CONSTRAINT TRIGGER vanish AFTER INSERT ON note
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION vanish()`);
    const heard: string[] = [];
    database.onHint('order', (key) => heard.push(key));
    let runs = 0;
    const failure = await failureOf(
      database.transaction(async (tx) => {
        runs += 1;
        tx.hint('order', 'a');
        await tx.query('INSERT INTO note VALUES (1)');
      }),
    );
    expect(failure).to.have.property('reason', 'DATABASE_UNAVAILABLE');
    expect(failure).to.have.deep.property('metadata', { outcome: 'unknown' });
    expect(failure.cause).to.be.an('error');
    expect({ runs, heard }).to.deep.equal({ runs: 1, heard: [] });
    expect(await ids()).to.deep.equal([]);
  });

  it('finds deadlocks, and one of the two starts again', async () => {
    await database.query('INSERT INTO note VALUES (1), (2)');
    const both = deferred();
    let waiting = 2;
    let runs = 0;
    const lock = (first: number, second: number) =>
      database.transaction(async (tx) => {
        runs += 1;
        await tx.query('SELECT 1 FROM note WHERE id = $1 FOR UPDATE', [first]);
        waiting -= 1;
        if (waiting <= 0) both.resolve();
        await both.promise;
        await tx.query('SELECT 1 FROM note WHERE id = $1 FOR UPDATE', [second]);
      });
    await Promise.all([lock(1, 2), lock(2, 1)]);
    expect(runs).to.equal(3);
  });

  it('bounds statements, lock waits and idle transactions on its side', async () => {
    const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
    const { rows } = await database.query(
      'SELECT name, setting::int AS ms FROM pg_settings WHERE name = ANY ($1) ORDER BY name DESC',
      [names],
    );
    expect(rows.map((row) => row.ms)).to.deep.equal([STATEMENT_TIMEOUT_MS, LOCK_TIMEOUT_MS, IDLE_IN_TRANSACTION_MS]);
  });

  it('that takes too long for a statement is unavailable, and the connection still good', async () => {
    const failure = await failureOf(
      database.transaction(async (tx) => {
        await tx.query(`SET LOCAL statement_timeout = '50ms'`);
        await tx.query('SELECT pg_sleep(10)');
      }),
    );
    expect(failure).to.have.property('reason', 'DATABASE_UNAVAILABLE');
    expect(await ids()).to.deep.equal([]);
  });

  it('that is not there is unavailable, and one that refuses is a matter of configuration', async () => {
    const open = (url: string) => failureOf(openDatabase({ databaseUrl: url, logger: silentLogger }));
    const at = (change: (url: URL) => void) => {
      const url = new URL(databaseUrl);
      change(url);
      return url.href;
    };
    expect(await open(at((url) => (url.port = '1')))).to.have.property('reason', 'DATABASE_UNAVAILABLE');
    expect(await open(at((url) => (url.pathname = '/nowhere')))).to.have.property('reason', 'CONFIG_INVALID');
    expect(await open('postgres://:::')).to.have.property('reason', 'CONFIG_INVALID');
  });
});
