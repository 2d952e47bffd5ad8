import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { silentLogger } from '../core/logger.js';
import { packageRoot } from '../core/package-root.js';
import { claimNextOrder } from './claim-next.js';
import { type Database, openDatabase } from './database.js';
import { LOCK_TIMEOUT_MS, MIGRATION_LOCK_TIMEOUT_MS } from './limits.js';
import { setSlotLimits } from './scheduler-state.js';
import { submitOrder } from './submit.js';
import { entryDraft, LEASE_MS } from './testing/drafts.js';
import { createPostgresDatabase, dropPostgresDatabase, runOnPostgres } from './testing/postgres.js';
import { deferred, eventually } from './testing/waiting.js';

/** Claims while the migration waits: enough that some of them meet it at the table. */
const CLAIMS = 6;

describe('O6 a migration while a backup reads', () => {
  let migrationsDir: string;
  let databaseUrl: string;
  let db: Database;
  beforeEach(async () => {
    migrationsDir = await mkdtemp(path.join(tmpdir(), 'exitlane-migrations-'));
    await cp(path.join(packageRoot(), 'shared/store/migrations'), migrationsDir, { recursive: true });
    databaseUrl = await createPostgresDatabase();
    db = await openDatabase({ databaseUrl, logger: silentLogger });
    await setSlotLimits(db, { maxConcurrent: CLAIMS, exitReserved: 0, emergencyExtra: 0 });
  });
  afterEach(async () => {
    await db.close();
    await dropPostgresDatabase(databaseUrl);
    await rm(migrationsDir, { recursive: true });
  });

  it('says so and lets orders go on; it is done when the backup ends', async () => {
    const next = db.schemaVersion + 1;
    const file = path.join(migrationsDir, `${String(next).padStart(4, '0')}_next.sql`);
    await writeFile(file, '-- Up Migration\nALTER TABLE orders ADD COLUMN news text;\n');
    for (let i = 0; i < CLAIMS; i += 1) await submitOrder(db, entryDraft());
    const reading = deferred();
    const end = deferred();
    const backup = db.transaction(async (tx) => {
      await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      await tx.query('LOCK TABLE orders IN ACCESS SHARE MODE');
      reading.resolve();
      await end.promise;
    });
    await reading.promise;
    const said: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) });
    let done = false;
    const migrated = openDatabase({ databaseUrl, logger, migrationsDir }).then(async (newer) => {
      done = true;
      await newer.close();
      return newer.schemaVersion;
    });
    try {
      const waits = () =>
        runOnPostgres(databaseUrl, `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass`);
      await eventually('the migration to wait', async () => (await waits()).length > 0);
      for (let i = 0; i < CLAIMS; i += 1) {
        const startedAt = performance.now();
        expect(await claimNextOrder(db, 'me', LEASE_MS)).to.not.equal(undefined);
        // With room for a machine that is busy, and less than what makes a claim give up.
        expect(performance.now() - startedAt).to.be.lessThan((MIGRATION_LOCK_TIMEOUT_MS + LOCK_TIMEOUT_MS) / 2);
      }
      await eventually('a line that tells what it waits for', () => said.some((line) => line.includes('trying on')));
      expect(done).to.equal(false);
    } finally {
      end.resolve();
      await backup;
    }
    expect(await migrated).to.equal(next);
    expect(said, 'it does not say it over and over').to.have.length(1);
  });
});
