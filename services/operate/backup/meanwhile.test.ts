import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../../shared/core/logger.js';
import { packageRoot } from '../../../shared/core/package-root.js';
import { openDatabase } from '../../../shared/store/database.js';
import { readLogHeader } from '../../../shared/store/messages.js';
import { insertOrder } from '../../../shared/store/orders.js';
import { entryDraft } from '../../../shared/store/testing/drafts.js';
import { createPostgresDatabase, dropPostgresDatabase, runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { deferred, eventually, failureOf } from '../../../shared/store/testing/waiting.js';
import { restoreBackup } from './restore.js';
import { writeBackup } from './write.js';

describe('O6 what others do to the database meanwhile', () => {
  let folder: string;
  let file: string;
  let databaseUrl: string;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-meanwhile-'));
    file = path.join(folder, 'today.backup');
    databaseUrl = await createPostgresDatabase();
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await dropPostgresDatabase(databaseUrl);
  });

  it('is seen by a restore before it empties anything', async () => {
    const db = await openDatabase({ databaseUrl, logger: silentLogger });
    try {
      await writeBackup(db, file);
      const written = deferred();
      const goOn = deferred();
      const other = db.transaction(async (tx) => {
        await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
        await insertOrder(tx, { ...entryDraft({ orderReqId: 'mine' }).draft, requestedTokens: null });
        written.resolve();
        await goOn.promise;
      });
      await written.promise;
      const refused = failureOf(
        restoreBackup({ file, place: { databaseUrl }, keepTradingState: false, logger: silentLogger }),
      );
      await eventually('the restore to wait for the order', async () => {
        const waiting = await runOnPostgres(
          databaseUrl,
          'SELECT 1 FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
        );
        return waiting.length > 0;
      });
      goOn.resolve();
      await other;
      expect((await refused).message).to.match(/is not empty: it holds .*orders/);
      expect((await readLogHeader(db, 'mine'))?.head).to.equal(1n);
    } finally {
      await db.close();
    }
  });

  it('is told by the version in the backup: that of the moment it shows', async () => {
    const db = await openDatabase({ databaseUrl, logger: silentLogger, schema: 'as-is' });
    try {
      const migrationsDir = path.join(folder, 'migrations');
      cpSync(path.join(packageRoot(), 'shared/store/migrations'), migrationsDir, { recursive: true });
      const next = db.schemaVersion + 1;
      const name = `${String(next).padStart(4, '0')}_next.sql`;
      writeFileSync(path.join(migrationsDir, name), '-- Up Migration\nALTER TABLE orders ADD COLUMN news text;\n');
      const newer = await openDatabase({ databaseUrl, logger: silentLogger, migrationsDir });
      await newer.close();
      const { header } = await writeBackup(db, file);
      expect(header.schemaVersion).to.equal(next);
    } finally {
      await db.close();
    }
  });
});
