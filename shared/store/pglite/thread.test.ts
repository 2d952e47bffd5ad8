import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { silentLogger } from '../../core/logger.js';
import type { Database } from '../database.js';
import { newDataDir } from '../testing/pglite.js';
import { failureOf } from '../testing/waiting.js';
import { EmbeddedServer } from './embedded.js';
import { openOn } from './open.js';

describe('the thread of the embedded database', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await newDataDir();
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  const withDatabase = async (use: (database: Database, server: EmbeddedServer) => Promise<void>) => {
    const server = await EmbeddedServer.start(dataDir, silentLogger);
    const database = await openOn(server, { logger: silentLogger, onClosed: () => server.stop() });
    try {
      await use(database, server);
    } finally {
      await database.close();
    }
  };

  it('that dies fails what runs, what waits and what comes, and nothing hangs', async () => {
    await withDatabase(async (database, server) => {
      const endless = `SELECT count(*) FROM generate_series(1, 10000000000)`;
      const calls = [
        failureOf(database.transaction((tx) => tx.query(endless))),
        failureOf(database.query('SELECT 1')),
        failureOf(database.transaction((tx) => tx.query('SELECT 1'))),
      ];
      await new Promise((resolve) => setImmediate(resolve));
      await server.thread.kill();
      const later = [failureOf(database.query('SELECT 1')), failureOf(database.transaction(async () => undefined))];
      for (const failure of await Promise.all([...calls, ...later])) {
        expect(failure).to.have.property('reason', 'DATABASE_UNAVAILABLE');
      }
      expect((await Promise.all(later))[0]?.message).to.contain('restart the program');
    });
  });

  it('ends when PostgreSQL does: the reason is told, and nothing hangs', async () => {
    await withDatabase(async (database, server) => {
      await database.query('CREATE TABLE note (id int)');
      await database.query('SELECT pg_switch_wal()');
      // The next write needs a new WAL file, cannot make one, and PostgreSQL panics.
      await rename(path.join(dataDir, 'pgdata', 'pg_wal'), path.join(dataDir, 'wal'));
      const first = await failureOf(database.query('INSERT INTO note VALUES (1)'));
      const second = await failureOf(database.query('SELECT 1'));
      for (const failure of [first, second]) expect(failure).to.have.property('reason', 'DATABASE_UNAVAILABLE');
      expect(second.message).to.contain('restart the program');
      expect(server.thread.failure).to.be.an('error');
    });
    await rename(path.join(dataDir, 'wal'), path.join(dataDir, 'pgdata', 'pg_wal'));
    await withDatabase(async (database) => {
      expect((await database.query('SELECT * FROM note')).rows).to.deep.equal([]);
    });
  });

  it('leaves a directory that opens again, with what was acknowledged', async () => {
    await withDatabase(async (database, server) => {
      await database.query('CREATE TABLE note (id int)');
      await database.query('INSERT INTO note VALUES (1)');
      await server.thread.kill();
    });
    await withDatabase(async (database) => {
      expect((await database.query('SELECT id FROM note')).rows).to.deep.equal([{ id: 1 }]);
    });
  });

  it('that cannot start says so, and gives the directory free', async () => {
    await writeFile(path.join(dataDir, 'pgdata', 'global', 'pg_control'), 'not a control file');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const failure = await failureOf(EmbeddedServer.start(dataDir, silentLogger), 60_000);
      expect(failure).to.have.property('reason', 'DATABASE_UNAVAILABLE');
    }
  });

  it('rolls back what a connection that went away left open, and serves the next one', async () => {
    const server = await EmbeddedServer.start(dataDir, silentLogger);
    try {
      const first = new pg.Client(server.connection);
      // It is cut off on purpose.
      first.on('error', () => undefined);
      await first.connect();
      await first.query('CREATE TABLE note (id int)');
      await first.query('BEGIN');
      await first.query('INSERT INTO note VALUES (1)');
      first.connection.stream.destroy();
      const second = new pg.Client(server.connection);
      await second.connect();
      expect((await second.query('SELECT * FROM note')).rows).to.deep.equal([]);
      await second.end();
    } finally {
      await server.stop();
    }
  });
});
