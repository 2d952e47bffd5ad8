import { expect } from 'chai';
import { runInCall } from '../../shared/core/call-context.js';
import { ManualClock } from '../../shared/core/clock.js';
import type { Closable } from '../../shared/core/lifecycle.js';
import { silentLogger } from '../../shared/core/logger.js';
import { hasUnsealedAudit, readAuditHead, recordAudit } from '../../shared/store/audit.js';
import type { Database } from '../../shared/store/database.js';
import { describeOnBothStores } from '../../shared/store/testing/stores.js';
import { eventually } from '../../shared/store/testing/waiting.js';
import { startAuditSealer } from './audit-sealer.js';

const CALLER = { name: 'desk', role: 'trade', client: 'desk', actingFor: '' } as const;
const CALL = { method: 'exitlane.v1.OrderService/SubmitOrder', requestId: 'call', peer: '127.0.0.1', caller: CALLER };
const INTERVAL_MS = 100;
const FALLBACK_MS = 5_000;

describeOnBothStores('O1 the sealer of the audit log', (open) => {
  let db: Database;
  let clock: ManualClock;
  let sealer: Closable | undefined;
  beforeEach(async () => {
    db = await open();
    clock = new ManualClock();
  });
  afterEach(async () => {
    await sealer?.close();
    sealer = undefined;
    await db.close();
  });

  const record = (count = 1) =>
    runInCall(CALL, async () => {
      for (let n = 0; n < count; n += 1) await db.transaction((tx) => recordAudit(tx, { subject: `${n}`, detail: {} }));
    });
  const start = (on: Database = db) => {
    sealer = startAuditSealer({ db: on, clock, logger: silentLogger });
  };
  const sealed = (count: number) =>
    eventually(`${count} sealed entries`, async () => (await readAuditHead(db)).sequence === BigInt(count));
  /** Until somebody waits for the clock. */
  const waits = () => eventually('the sealer to wait', () => clock.pendingTimers > 0);
  /** Everything of `db`, changed here and there. */
  const wrapped = (changes: Partial<Database>): Database => ({
    kind: db.kind,
    schemaVersion: db.schemaVersion,
    query: (sql, params) => db.query(sql, params),
    transaction: (work) => db.transaction(work),
    onHint: (topic, listener) => db.onHint(topic, listener),
    close: () => db.close(),
    ...changes,
  });

  it('seals what was left over when it starts, then what is committed, without waiting for the clock', async () => {
    await record(2);
    start();
    await sealed(2);
    await waits();
    await record();
    await sealed(3);
  });

  it('makes one batch of a burst', async () => {
    let batches = 0;
    start(
      wrapped({
        transaction: (work) => {
          batches += 1;
          return db.transaction(work);
        },
      }),
    );
    await waits();
    await record(20);
    await eventually('20 sealed entries', async () => {
      await clock.advance(INTERVAL_MS);
      return (await readAuditHead(db)).sequence === 20n;
    });
    expect(batches, 'one at once, one for what came until the clock moved').to.be.within(1, 2);
  });

  it('finds an entry whose hint was lost', async () => {
    start(wrapped({ onHint: () => () => undefined }));
    await waits();
    await record();
    await clock.advance(FALLBACK_MS);
    await sealed(1);
  });

  it('tries again when the database was away', async () => {
    let away = true;
    start(wrapped({ query: (sql, params) => (away ? Promise.reject(new Error('away')) : db.query(sql, params)) }));
    await waits();
    await record();
    await waits();
    away = false;
    await clock.advance(FALLBACK_MS);
    await clock.advance(FALLBACK_MS);
    await sealed(1);
  });

  it('leaves nothing unsealed when it ends', async () => {
    start(wrapped({ onHint: () => () => undefined }));
    await waits();
    await record(3);
    expect(await hasUnsealedAudit(db)).to.equal(true);
    await sealer?.close();
    expect(await hasUnsealedAudit(db)).to.equal(false);
    expect((await readAuditHead(db)).sequence).to.equal(3n);
  });
});
