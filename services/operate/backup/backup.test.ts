import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { silentLogger } from '../../../shared/core/logger.js';
import { claimNextOrder } from '../../../shared/store/claim-next.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { readLogHeader } from '../../../shared/store/messages.js';
import { submitOrder } from '../../../shared/store/submit.js';
import { entryDraft, LEASE_MS } from '../../../shared/store/testing/drafts.js';
import { newDataDir } from '../../../shared/store/testing/pglite.js';
import { createPostgresDatabase, dropPostgresDatabase, runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { failureOf } from '../../../shared/store/testing/waiting.js';
import { History } from '../../verify/testing/history.js';
import { type Story, tellStory } from '../../verify/testing/story.js';
import { verify } from '../../verify/verify.js';
import type { Place } from '../place.js';
import { restoreBackup } from './restore.js';
import { writeBackup } from './write.js';

/** Tables that the restore itself writes to. */
const CHANGED = ['log_epoch', 'scheduler'];

describeOnBothStores('O6 a backup', (open) => {
  let folder: string;
  let file: string;
  let db: Database;
  let story: Story;
  const databases: string[] = [];
  before(async () => {
    db = await open();
    story = await tellStory(db);
  });
  after(async () => {
    story.history.remove();
    await db.close();
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-backup-'));
    file = path.join(folder, 'today.backup');
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    for (const url of databases.splice(0)) await dropPostgresDatabase(url);
  });

  const emptyPlaces: Record<string, () => Promise<Place>> = {
    PGlite: async () => ({ dataDir: await newDataDir() }),
    PostgreSQL: async () => {
      const databaseUrl = await createPostgresDatabase({ migrated: false });
      databases.push(databaseUrl);
      return { databaseUrl };
    },
  };
  const restore = (place: Place, more: { keepTradingState?: boolean } = {}) =>
    restoreBackup({ file, place, keepTradingState: more.keepTradingState ?? false, logger: silentLogger });
  const withDatabase = async <T>(place: Place, work: (restored: Database) => Promise<T>): Promise<T> => {
    const restored = await openDatabase({ ...place, logger: silentLogger });
    try {
      return await work(restored);
    } finally {
      await restored.close();
    }
  };
  /** Everything in the database, table by table. */
  const contents = async (of: Database) => {
    const tables = await of.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'pgmigrations' ORDER BY 1`,
    );
    const all: Record<string, string[]> = {};
    for (const { name } of tables.rows) {
      if (CHANGED.includes(name)) continue;
      const { rows } = await of.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t ORDER BY 1`);
      all[name] = rows.map(({ row }) => row);
    }
    return all;
  };

  for (const [kind, emptyPlace] of Object.entries(emptyPlaces)) {
    it(`is restored into a fresh ${kind} to the last digit, with a clean report of the checker and a new epoch`, async () => {
      const written = await writeBackup(db, file);
      const place = await emptyPlace();
      const report = await restore(place);
      const before = await readLogHeader(db, story.retried);
      const wanted = await contents(db);
      await withDatabase(place, async (restored) => {
        expect(await contents(restored)).to.deep.equal(wanted);
        const { history } = story;
        const { checks } = await verify({ db: restored, ledger: history.chain.path, witness: history.witness });
        const wrong = checks.flatMap(({ name, violations }) => violations.map(({ detail }) => `${name}: ${detail}`));
        expect(wrong).to.deep.equal([]);
        const after = await readLogHeader(restored, story.retried);
        expect(after?.epoch).to.equal(report.epoch).and.not.equal(before?.epoch);
        expect({ ...after, epoch: '' }).to.deep.equal({ ...before, epoch: '' });
        // What the database guards is guarded again.
        expect((await failureOf(restored.query(`DELETE FROM audit_entries`))).message).to.contain('append-only');
        const dangling = `UPDATE orders SET position_id = gen_random_uuid() WHERE position_id IS NOT NULL`;
        expect((await failureOf(restored.query(dangling))).message).to.contain('foreign key');
      });
      expect(report.rows).to.deep.equal(written.rows);
      expect(report.unfinishedOrders).to.equal(3);
    });
  }

  it('leaves nothing trading by itself after the restore, unless told to', async () => {
    await writeBackup(db, file);
    const place = await emptyPlaces.PostgreSQL?.();
    if (!place) throw new Error('no place');
    expect((await restore(place)).tradingState).to.equal('HALTED');
    await withDatabase(place, async (restored) => {
      const { rows } = await restored.query('SELECT changed_by, change_reason FROM scheduler');
      expect(rows[0]).to.have.property('changed_by', 'exitlane restore');
      expect(String(rows[0]?.change_reason)).to.match(/backup taken at .*compare the wallet/);
      expect(await claimNextOrder(restored, 'me', LEASE_MS)).to.equal(undefined);
    });
    const other = await emptyPlaces.PostgreSQL?.();
    if (!other) throw new Error('no place');
    expect((await restore(other, { keepTradingState: true })).tradingState).to.equal('ACTIVE');
  });

  it('is for its owner only, and never replaces a file', async () => {
    await writeBackup(db, file);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect((await failureOf(writeBackup(db, file))).message).to.match(/cannot be written: EEXIST/);
    const nowhere = path.join(folder, 'none', 'x.backup');
    expect((await failureOf(writeBackup(db, nowhere))).message).to.match(/cannot be written: ENOENT/);
    expect(existsSync(`${file}.unfinished`)).to.equal(false);
  });

  it('that was cut off, changed or is none at all is refused before anything is touched', async () => {
    await writeBackup(db, file);
    const good = readFileSync(file);
    const text = gunzipSync(good).toString();
    const place = { dataDir: path.join(folder, 'never-made') };
    const cases: [string, Buffer, RegExp][] = [
      ['cut in its bytes', good.subarray(0, good.length - 20), /cannot be read: unexpected end of file/],
      ['cut after a line', gzipSync(text.slice(0, text.lastIndexOf('{"end"'))), /is cut off/],
      ['changed', gzipSync(text.replace('"BONK"', '"BOMK"')), /checksum is another/],
      ['without a row', gzipSync(text.replace(/\n \{"order_id[^\n]*/, '')), /checksum is another|rows of/],
      ['gone on', gzipSync(`${text} {}\n`), /goes on after its end/],
      ['another file', gzipSync('{"hello":1}\n'), /is not a backup of Exitlane/],
      ['no gzip', Buffer.from('hello'), /cannot be read: incorrect header check/],
      ['empty', gzipSync(''), /is cut off/],
      ['newer', gzipSync(text.replace('"formatVersion":1', '"formatVersion":2')), /has format 2.*reads up to format 1/],
      [
        'newer schema',
        resummed(text.replace(/"schemaVersion":\d+/, '"schemaVersion":9999')),
        /has schema version 9999/,
      ],
    ];
    for (const [what, bytes, error] of cases) {
      writeFileSync(file, bytes);
      expect((await failureOf(restore(place))).message, what).to.match(error);
      expect(existsSync(place.dataDir), what).to.equal(false);
    }
    rmSync(file);
    expect((await failureOf(restore(place))).message).to.match(/cannot be read: ENOENT/);
  });

  it('is not restored over anything', async () => {
    await writeBackup(db, file);
    const databaseUrl = await createPostgresDatabase();
    databases.push(databaseUrl);
    await withDatabase({ databaseUrl }, async (used) => submitOrder(used, entryDraft({ orderReqId: 'mine' })));
    expect((await failureOf(restore({ databaseUrl }))).message).to.match(/is not empty: it holds .*orders/);
    await withDatabase({ databaseUrl }, async (used) => {
      expect((await readLogHeader(used, 'mine'))?.head).to.equal(1n);
    });
    const foreign = await createPostgresDatabase({ migrated: false });
    databases.push(foreign);
    await runOnPostgres(foreign, 'CREATE TABLE customers (id int); INSERT INTO customers VALUES (1)');
    expect((await failureOf(restore({ databaseUrl: foreign }))).message).to.match(/tables of others \(customers\)/);
    expect(await runOnPostgres(foreign, 'SELECT count(*)::int AS n FROM customers')).to.deep.equal([{ n: 1 }]);
    expect(await runOnPostgres(foreign, `SELECT to_regclass('orders') AS orders`)).to.deep.equal([{ orders: null }]);
  });

  it('taken under load is one moment: the checker finds it clean', async () => {
    const busy = await open();
    const history = new History(busy);
    const place = await emptyPlaces.PostgreSQL?.();
    if (!place) throw new Error('no place');
    let stop = false;
    let filled = 0;
    try {
      await history.knowMint();
      const load = (async () => {
        for (; !stop; filled += 1) await history.fill(await history.entry());
      })();
      const some = (async () => {
        while (filled < 5) await new Promise((resolve) => setTimeout(resolve, 5));
      })();
      await Promise.race([some, load]);
      await writeBackup(busy, file);
      stop = true;
      await load;
    } finally {
      stop = true;
      history.remove();
      await busy.close();
    }
    const report = await restore(place);
    await withDatabase(place, async (restored) => {
      const { checks } = await verify({ db: restored });
      const wrong = checks.flatMap(({ name, violations }) => violations.map(({ detail }) => `${name}: ${detail}`));
      expect(wrong).to.deep.equal([]);
      expect(report.rows.orders, 'what was filled before is in it').to.be.greaterThan(4);
    });
  });
});

/** The text as a sound backup: only what it says is other than it should be. */
function resummed(text: string): Buffer {
  const at = text.lastIndexOf('{"end"');
  const body = text.slice(0, at);
  const end = JSON.parse(text.slice(at)) as { end: { sha256: string } };
  end.end.sha256 = createHash('sha256').update(body).digest('hex');
  return gzipSync(`${body}${JSON.stringify(end)}\n`);
}
