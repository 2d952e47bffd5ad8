import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../core/logger.js';
import { type Database, openDatabase } from '../database.js';
import { newDataDir } from '../testing/pglite.js';
import { StoreProcess } from '../testing/processes.js';
import { eventually } from '../testing/waiting.js';
import { EmbeddedServer } from './embedded.js';
import { openOn } from './open.js';

describe('the embedded database, when things go wrong', () => {
  it('has every acknowledged row after a kill, and at most the one that was on its way besides', async () => {
    const dataDir = await newDataDir();
    let acknowledged = 0;
    for (let round = 0; round < 3; round += 1) {
      const writer = new StoreProcess({ dataDir });
      await writer.said('open');
      const first = acknowledged + 1;
      for (let row = first; row < first + 200; row += 1) writer.write(row);
      await writer.said(`acknowledged ${first + 20 + round * 7}`);
      await writer.kill();
      const written = await rowsOf(dataDir);
      const said = writer.lines.filter((line) => line.startsWith('acknowledged')).length;
      expect(written.length - acknowledged).to.be.within(said, said + 1);
      expect(written).to.deep.equal(Array.from(written, (_, index) => index + 1));
      acknowledged = written.length;
    }
  });

  async function rowsOf(dataDir: string): Promise<number[]> {
    const database = await openDatabase({ dataDir, logger: silentLogger });
    const { rows } = await database.query<{ row: number }>('SELECT row FROM written ORDER BY row');
    await database.close();
    return rows.map(({ row }) => row);
  }

  it('starts over when it was killed while it was made for the first time', async () => {
    const dataDir = path.join(await newDataDir(), 'new');
    const maker = new StoreProcess({ dataDir });
    await eventually('the first files', () =>
      stat(path.join(dataDir, 'pgdata.unfinished', 'PG_VERSION')).then(
        () => true,
        () => false,
      ),
    );
    await maker.kill();
    expect(await readdir(dataDir))
      .to.include('pgdata.unfinished')
      .and.not.include('pgdata');
    const database = await openDatabase({ dataDir, logger: silentLogger });
    expect(await readdir(dataDir))
      .to.include('pgdata')
      .and.not.include('pgdata.unfinished');
    await database.close();
  });
});

describe('the embedded database and its disk', () => {
  let dataDir: string;
  let server: EmbeddedServer;
  let database: Database | undefined;
  beforeEach(async () => {
    dataDir = await newDataDir();
    server = await EmbeddedServer.start(dataDir, silentLogger);
  });
  afterEach(async () => {
    await database?.close();
    database = undefined;
    await server.stop();
    await rm(dataDir, { recursive: true });
  });

  const onClosed = async () => undefined;

  it('syncs the disk for each commit, and not for reading', async () => {
    database = await openOn(server, { logger: silentLogger, onClosed });
    await database.query('CREATE TABLE note (id int)');
    const before = server.thread.fsyncs;
    for (let id = 0; id < 50; id += 1) await database.query('INSERT INTO note VALUES ($1)', [id]);
    for (let id = 0; id < 50; id += 1) {
      await database.transaction(async (tx) => {
        await tx.query('INSERT INTO note VALUES ($1)', [id]);
        await tx.query('INSERT INTO note VALUES ($1)', [id]);
      });
    }
    const afterWriting = server.thread.fsyncs;
    expect(afterWriting - before).to.be.within(100, 110);
    for (let id = 0; id < 50; id += 1) await database.query('SELECT count(*) FROM note');
    expect(server.thread.fsyncs - afterWriting).to.be.at.most(1);
  });

  it('writes checkpoints by itself, so that the WAL stays small however much is written', async () => {
    const checkpoints = { walBytes: 16 * 1024 * 1024, lookMs: 20 };
    const opened = await openOn(server, { logger: silentLogger, checkpoints, onClosed });
    database = opened;
    await opened.query('CREATE TABLE note (body text)');
    /** In bytes: what was ever written to the WAL, and how much of it came before the last checkpoint. */
    const wal = async () => {
      const { rows } = await opened.query<{ written: string; checkpoint: string }>(
        `SELECT pg_current_wal_lsn() - '0/0' AS written, redo_lsn - '0/0' AS checkpoint FROM pg_control_checkpoint()`,
      );
      return { written: Number(rows[0]?.written), checkpoint: Number(rows[0]?.checkpoint) };
    };
    const toWrite = 320 * 1024 * 1024;
    const { written } = await wal();
    while ((await wal()).written - written < toWrite) {
      await opened.query(`INSERT INTO note SELECT repeat('x', 1000) FROM generate_series(1, 4000)`);
      await opened.query('TRUNCATE note');
    }
    await eventually('the last checkpoint', async () => {
      const now = await wal();
      return now.written - now.checkpoint < checkpoints.walBytes;
    });
    expect(await folderBytes(path.join(dataDir, 'pgdata', 'pg_wal'))).to.be.lessThan(toWrite / 2);
  });

  it('writes a checkpoint after a while even when little was written, and none when nothing was', async () => {
    const checkpoints = { intervalMs: 50, lookMs: 10 };
    const opened = await openOn(server, { logger: silentLogger, checkpoints, onClosed });
    database = opened;
    const checkpoint = async () => {
      const { rows } = await opened.query<{ at: string }>('SELECT checkpoint_lsn AS at FROM pg_control_checkpoint()');
      return rows[0]?.at;
    };
    const nothingYet = await checkpoint();
    await opened.query('CREATE TABLE note (id int)');
    await eventually('a checkpoint', async () => (await checkpoint()) !== nothingYet);
    const last = await checkpoint();
    await new Promise((resolve) => setTimeout(resolve, 4 * checkpoints.intervalMs));
    expect(await checkpoint()).to.equal(last);
  });
});

async function folderBytes(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(path.join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
