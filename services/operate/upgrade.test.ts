import { expect } from 'chai';
import { silentLogger } from '../../shared/core/logger.js';
import { claimNextOrder } from '../../shared/store/claim-next.js';
import { type Database, openDatabase, type Queryable } from '../../shared/store/database.js';
import { newestVersion } from '../../shared/store/migrate.js';
import { readQueueStats } from '../../shared/store/queue-stats.js';
import { LEASE_MS } from '../../shared/store/testing/drafts.js';
import { newDataDir } from '../../shared/store/testing/pglite.js';
import { createPostgresDatabase, dropPostgresDatabase } from '../../shared/store/testing/postgres.js';
import { failureOf } from '../../shared/store/testing/waiting.js';
import { tellStory } from '../verify/testing/story.js';
import { tablesOf } from './backup/tables.js';
import type { Place } from './place.js';

/** Rows as JSON, by table. */
type Rows = ReadonlyMap<string, readonly string[]>;

describe('O6 schema upgrade', function () {
  this.timeout(60_000);
  let newest: number;
  let story: Rows;
  let freshSchema: string[];
  const databases: string[] = [];

  before(async () => {
    newest = await newestVersion();
    await withDatabase(await emptyPostgres(), 'latest', async (db) => {
      freshSchema = await schemaOf(db);
      const { history } = await tellStory(db);
      history.remove();
      story = await rowsOf(db);
    });
  });
  after(async () => {
    for (const url of databases) await dropPostgresDatabase(url);
  });

  async function emptyPostgres(): Promise<Place> {
    const databaseUrl = await createPostgresDatabase({ migrated: false });
    databases.push(databaseUrl);
    return { databaseUrl };
  }

  async function withDatabase<T>(
    place: Place,
    schema: number | 'latest',
    work: (db: Database) => Promise<T>,
  ): Promise<T> {
    const db = await openDatabase({ ...place, logger: silentLogger, schema });
    try {
      return await work(db);
    } finally {
      await db.close();
    }
  }

  /** What an older program would have written: of the story's rows, what that schema has room for. */
  async function writeOld(db: Database): Promise<void> {
    await db.transaction(async (tx) => {
      const keys = await tx.query<{ table: string; name: string }>(
        `SELECT conrelid::regclass::text AS table, conname AS name FROM pg_constraint
         WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`,
      );
      for (const { table, name } of keys.rows) {
        await tx.query(`ALTER TABLE ${table} ALTER CONSTRAINT ${name} DEFERRABLE INITIALLY DEFERRED`);
      }
      const tables = await tablesOf(tx);
      for (const { name } of tables) await tx.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
      for (const { name, quoted } of tables) {
        await tx.query(`DELETE FROM ${name}`);
        await tx.query(
          `INSERT INTO ${name} (${quoted}) SELECT ${quoted} FROM json_populate_recordset(NULL::${name}, $1::json)`,
          [`[${(story.get(name) ?? []).join(',')}]`],
        );
      }
      await tx.query('SET CONSTRAINTS ALL IMMEDIATE');
      for (const { name } of tables) await tx.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`);
      for (const { table, name } of keys.rows)
        await tx.query(`ALTER TABLE ${table} ALTER CONSTRAINT ${name} NOT DEFERRABLE`);
    });
  }

  async function upgraded(place: Place, from: number): Promise<void> {
    const old = await withDatabase(place, from, async (db) => {
      expect(db.schemaVersion).to.equal(from);
      await writeOld(db);
      return rowsOf(db);
    });
    expect(old.get('orders')?.length).to.be.greaterThan(10);
    await withDatabase(place, 'latest', async (db) => {
      expect(db.schemaVersion).to.equal(newest);
      expect(await schemaOf(db), 'the schema of a new database').to.deep.equal(freshSchema);
      const now = await rowsOf(db);
      for (const [table, rows] of old) expect(lacking(now.get(table) ?? [], rows), table).to.deep.equal([]);
      expect((await readQueueStats(db)).queued).to.be.greaterThan(0);
      expect(await claimNextOrder(db, 'new program', LEASE_MS), 'and orders go on').to.have.property(
        'status',
        'SUBMITTED',
      );
    });
  }

  for (const from of [1, 2, 3, 4, 5, 6, 7]) {
    it(`from version ${from} keeps every row, and ends in the schema of a new database`, async () => {
      await upgraded(await emptyPostgres(), from);
    });
  }

  it('from the first version goes the same way on the embedded database', async () => {
    await upgraded({ dataDir: await newDataDir() }, 1);
  });

  it('is tested from every version there is', () => expect(newest).to.equal(8));

  it('goes no further than it is told, and never back', async () => {
    const place = await emptyPostgres();
    expect(await withDatabase(place, 3, async (db) => db.schemaVersion)).to.equal(3);
    expect(await withDatabase(place, 2, async (db) => db.schemaVersion)).to.equal(3);
    expect(await withDatabase(place, 5, async (db) => db.schemaVersion)).to.equal(5);
  });

  it('of a database that a newer program made is refused', async () => {
    const place = await emptyPostgres();
    await withDatabase(place, 'latest', (db) =>
      db.query(`INSERT INTO pgmigrations (name, run_on) VALUES ('9999_future', now())`),
    );
    const failure = await failureOf(withDatabase(place, 'latest', async () => undefined));
    expect(failure).to.include({ reason: 'SCHEMA_TOO_NEW' });
  });
});

async function rowsOf(db: Queryable): Promise<Rows> {
  const all = new Map<string, string[]>();
  for (const { name, quoted } of await tablesOf(db)) {
    const { rows } = await db.query<{ row: string }>(
      `SELECT row_to_json(t)::text AS row FROM (SELECT ${quoted} FROM ${name}) AS t ORDER BY 1`,
    );
    all.set(
      name,
      rows.map(({ row }) => row),
    );
  }
  return all;
}

/** Rows of `before` that no row of `after` has all of. */
function lacking(after: readonly string[], before: readonly string[]): string[] {
  const facts = (row: string) =>
    Object.entries(JSON.parse(row) as Record<string, unknown>).map((fact) => JSON.stringify(fact));
  const left = after.map((row) => new Set(facts(row)));
  return before.filter((row) => !left.some((has) => facts(row).every((fact) => has.has(fact))));
}

/** Tables, columns, constraints, indexes, triggers and functions, as texts. The order of columns is history, not schema. */
async function schemaOf(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>(
    `SELECT format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS line
       FROM information_schema.columns WHERE table_schema = current_schema()
     UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
       FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND contype <> 'n'
     UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = current_schema()
     UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
     UNION ALL SELECT 'function ' || md5(pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
     ORDER BY 1`,
  );
  return rows.map(({ line }) => line);
}
