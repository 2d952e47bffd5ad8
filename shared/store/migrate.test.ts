import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../core/logger.js';
import { openDatabase } from './database.js';
import { newDataDir } from './testing/pglite.js';
import { createPostgresDatabase, dropPostgresDatabase, runOnPostgres } from './testing/postgres.js';
import { StoreProcess } from './testing/processes.js';
import { failureOf } from './testing/waiting.js';

describe('migrations', () => {
  let migrationsDir: string;
  beforeEach(async () => {
    migrationsDir = await mkdtemp(path.join(tmpdir(), 'exitlane-migrations-'));
    await add('0001_first.sql', 'CREATE TABLE first (id int);');
  });
  afterEach(() => rm(migrationsDir, { recursive: true }));

  const add = (name: string, up: string) =>
    writeFile(path.join(migrationsDir, name), `-- Up Migration\n${up}\n\n-- Down Migration\nSELECT 'down';\n`);

  const stores = {
    PGlite: async () => ({ dataDir: await newDataDir() }),
    PostgreSQL: async () => ({ databaseUrl: await createPostgresDatabase({ migrated: false }) }),
  };

  for (const [store, create] of Object.entries(stores)) {
    describe(`on ${store}`, () => {
      let target: { dataDir?: string; databaseUrl?: string };
      beforeEach(async () => {
        target = await create();
      });
      afterEach(async () => {
        if (target.databaseUrl) await dropPostgresDatabase(target.databaseUrl);
      });

      /** Opens, closes, and returns the schema version and our tables. */
      const visit = async () => {
        const database = await openDatabase({ ...target, logger: silentLogger, migrationsDir });
        try {
          const { rows } = await database.query<{ tablename: string }>(
            `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'pgmigrations' ORDER BY 1`,
          );
          return { version: database.schemaVersion, tables: rows.map(({ tablename }) => tablename) };
        } finally {
          await database.close();
        }
      };

      it('are applied in order, once each, when the database is opened', async () => {
        expect(await visit()).to.deep.equal({ version: 1, tables: ['first'] });
        await add('0002_second.sql', 'CREATE TABLE second (id int);');
        await add('0003_third.sql', 'ALTER TABLE second RENAME TO third;');
        expect(await visit()).to.deep.equal({ version: 3, tables: ['first', 'third'] });
        expect(await visit()).to.deep.equal({ version: 3, tables: ['first', 'third'] });
      });

      it('that fail leave nothing behind, and the version before', async () => {
        await add('0002_bad.sql', 'CREATE TABLE second (id int); SELECT 1 / 0;');
        expect(await failureOf(visit())).to.match(/division by zero/);
        await rm(path.join(migrationsDir, '0002_bad.sql'));
        expect(await visit()).to.deep.equal({ version: 1, tables: ['first'] });
      });

      it('newer than this program are refused with both numbers and what to do', async () => {
        await add('0002_second.sql', 'CREATE TABLE second (id int);');
        await visit();
        await rm(path.join(migrationsDir, '0002_second.sql'));
        const failure = await failureOf(visit());
        expect(failure).to.include({ reason: 'SCHEMA_TOO_NEW' });
        expect(failure).to.have.deep.property('metadata', { databaseVersion: '2', knownVersion: '1' });
        expect(failure.message).to.match(/schema version 2, this program knows up to 1: start the version/);
      });
    });
  }

  it('wait for each other when several processes start at once', async () => {
    await add('0002_slow.sql', 'SELECT pg_sleep(0.5); CREATE TABLE second (id int);');
    const databaseUrl = await createPostgresDatabase({ migrated: false });
    const processes = Array.from({ length: 3 }, () => new StoreProcess({ databaseUrl, migrationsDir }));
    try {
      for (const each of processes) expect(await each.said('')).to.equal('open 2');
      const applied = await runOnPostgres(databaseUrl, 'SELECT name FROM pgmigrations ORDER BY id');
      expect(applied).to.deep.equal([{ name: '0001_first' }, { name: '0002_slow' }]);
    } finally {
      for (const each of processes) await each.end();
      await dropPostgresDatabase(databaseUrl);
    }
  });
});
