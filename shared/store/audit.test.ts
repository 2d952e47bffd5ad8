import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { type CallFacts, runInCall } from '../core/call-context.js';
import { type AuditEntry, hasUnsealedAudit, listAudit, readAuditHead, recordAudit, sealAudit } from './audit.js';
import { auditHash, FIRST_HASH } from './audit-chain.js';
import type { Database } from './database.js';
import { setTradingState } from './scheduler-state.js';
import { describeOnBothStores } from './testing/stores.js';
import { failureOf } from './testing/waiting.js';

const CALL: CallFacts = {
  method: 'exitlane.v1.OrderService/SubmitOrder',
  requestId: 'call-1',
  peer: '10.0.0.7',
  caller: { name: 'desk', role: 'trade', client: 'alpha', actingFor: 'alice' },
};

describeOnBothStores('O1 the audit log', (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });
  afterEach(() => db.close());

  const record = (subject: string, detail: Record<string, string | undefined> = {}, call: CallFacts = CALL) =>
    runInCall(call, () => db.transaction((tx) => recordAudit(tx, { subject, detail })));
  const all = () => listAudit(db, { limit: 500 });
  /** As the chain has them. */
  const chain = async () => (await all()).sort((a, b) => Number((a.sequence ?? 0n) - (b.sequence ?? 0n)));
  const one = async (): Promise<AuditEntry> => {
    const [entry, ...others] = await all();
    if (!entry || others.length > 0) throw new Error('not one entry');
    return entry;
  };

  it('tells who, what, when, from where', async () => {
    const before = Date.now();
    await record('order-1', { order_req_id: 'bot:1', exit_reason: '', amount_sol: undefined });
    const entry = await one();
    expect(entry).to.include({
      actor: 'desk',
      actingFor: 'alice',
      role: 'trade',
      client: 'alpha',
      peer: '10.0.0.7',
      action: 'OrderService/SubmitOrder',
      subject: 'order-1',
      requestId: 'call-1',
      sequence: null,
      hash: '',
    });
    expect(entry.detail).to.deep.equal({ order_req_id: 'bot:1' });
    expect(entry.createdAt.getTime()).to.be.within(before - 1_000, Date.now() + 1_000);
  });

  it('says nothing outside of calls, and nothing when the change is rolled back', async () => {
    await db.transaction((tx) => recordAudit(tx, { subject: 'x', detail: {} }));
    const undone = runInCall(CALL, () =>
      db.transaction(async (tx) => {
        await recordAudit(tx, { subject: 'x', detail: {} });
        throw new Error('no');
      }),
    );
    expect((await failureOf(undone)).message).to.equal('no');
    expect(await all()).to.deep.equal([]);
  });

  it('takes any text, cut at a thousand characters', async () => {
    await record('x', { note: `"\\\u2028 \0 ${'é'.repeat(400)}`, long: `${'a'.repeat(999)}\u{1f600}` });
    const { detail } = await one();
    expect(detail.note).to.equal(`"\\\u2028 \ufffd ${'é'.repeat(400)}`);
    expect(detail.long).to.equal('a'.repeat(999));
    expect(await sealAudit(db, 10)).to.equal(1);
    expect((await one()).hash).to.match(/^[0-9a-f]{64}$/);
  });

  it('is chained: each hash covers the entry and the hash before it', async () => {
    for (let n = 1; n <= 5; n += 1) await record(`order-${n}`, { n: String(n) });
    expect(await hasUnsealedAudit(db)).to.equal(true);
    expect(await sealAudit(db, 2)).to.equal(2);
    expect(await sealAudit(db, 10)).to.equal(3);
    expect(await sealAudit(db, 10)).to.equal(0);
    expect(await hasUnsealedAudit(db)).to.equal(false);
    const entries = await chain();
    expect(entries.map(({ sequence }) => sequence)).to.deep.equal([1n, 2n, 3n, 4n, 5n]);
    let previous = FIRST_HASH;
    for (const entry of entries) {
      expect(entry.hash).to.equal(auditHash(entry, entry.sequence ?? 0n, previous));
      previous = entry.hash;
    }
    expect(await readAuditHead(db)).to.deep.equal({ sequence: 5n, hash: previous });
  });

  it('can be computed by an outsider from the documented form alone', async () => {
    await record('order-1', { note: 'ü "quoted"', b: '2', a: '1' });
    await sealAudit(db, 10);
    const entry = await one();
    const form =
      `{"acting_for":"alice","action":"OrderService/SubmitOrder","actor":"desk","client":"alpha",` +
      `"created_at":"${entry.createdAt.toISOString()}","detail":{"a":"1","b":"2","note":"ü \\"quoted\\""},` +
      `"entry_id":"${entry.entryId}","format":"exitlane-audit-1","peer":"10.0.0.7","previous_hash":"${'0'.repeat(64)}",` +
      `"request_id":"call-1","role":"trade","sequence":"1","subject":"order-1"}`;
    expect(entry.hash).to.equal(createHash('sha256').update(form).digest('hex'));
  });

  it('grows at one end, however many seal at once while others write', async () => {
    const writing = Array.from({ length: 30 }, (_, n) => record(`order-${n}`));
    const sealing = Array.from({ length: 6 }, () => sealAudit(db, 7));
    await Promise.all([...writing, ...sealing]);
    while ((await sealAudit(db, 7)) > 0);
    const entries = await chain();
    expect(entries.map(({ sequence }) => Number(sequence))).to.deep.equal(Array.from({ length: 30 }, (_, n) => n + 1));
    let previous = FIRST_HASH;
    for (const entry of entries) {
      expect(entry.hash, entry.subject).to.equal(auditHash(entry, entry.sequence ?? 0n, previous));
      previous = entry.hash;
    }
  });

  it('refuses to be changed, cut or emptied, sealed or not', async () => {
    await record('sealed');
    await sealAudit(db, 1);
    await record('fresh');
    const tries = [
      `UPDATE audit_entries SET actor = 'nobody' WHERE subject = 'sealed'`,
      `UPDATE audit_entries SET sequence = NULL, hash = NULL WHERE subject = 'sealed'`,
      `UPDATE audit_entries SET sequence = 9, hash = repeat('a', 64) WHERE subject = 'sealed'`,
      `UPDATE audit_entries SET actor = 'nobody' WHERE subject = 'fresh'`,
      `UPDATE audit_entries SET actor = 'nobody', sequence = 2, hash = repeat('a', 64) WHERE subject = 'fresh'`,
      `DELETE FROM audit_entries WHERE subject = 'fresh'`,
      `DELETE FROM audit_entries WHERE subject = 'sealed'`,
      'TRUNCATE audit_entries',
      'UPDATE audit_head SET sequence = 0',
      `UPDATE audit_head SET hash = repeat('a', 64)`,
      'DELETE FROM audit_head',
      'TRUNCATE audit_head',
    ];
    for (const sql of tries) expect((await failureOf(db.query(sql))).message, sql).to.contain('append-only');
    expect((await all()).map(({ subject, sequence }) => [subject, sequence])).to.deep.equal([
      ['fresh', null],
      ['sealed', 1n],
    ]);
  });

  it('is found by who, what, to what and when', async () => {
    await record('p-1', { position_id: 'p-0', order_req_id: 'bot:1' });
    const admin: CallFacts = {
      ...CALL,
      method: 'exitlane.v1.QueueService/SetTradingState',
      caller: { name: 'root', role: 'admin', client: '*', actingFor: '' },
    };
    const change = { state: 'HALTED', changedBy: 'root', changeReason: 'test' } as const;
    await runInCall(admin, () => setTradingState(db, change));
    const subjects = async (filter: object) => (await listAudit(db, { limit: 10, ...filter })).map((e) => e.action);
    const [submit, state] = ['OrderService/SubmitOrder', 'QueueService/SetTradingState'];
    expect(await subjects({})).to.deep.equal([state, submit]);
    expect(await subjects({ actor: 'root' })).to.deep.equal([state]);
    expect(await subjects({ actor: 'alice' })).to.deep.equal([submit]);
    expect(await subjects({ action: 'SubmitOrder' })).to.deep.equal([submit]);
    expect(await subjects({ action: submit })).to.deep.equal([submit]);
    for (const subject of ['p-1', 'p-0', 'bot:1']) expect(await subjects({ subject })).to.deep.equal([submit]);
    expect(await subjects({ since: new Date(Date.now() + 60_000) })).to.deep.equal([]);
    expect(await subjects({ until: new Date(Date.now() - 60_000) })).to.deep.equal([]);
    const [newest] = await all();
    expect(newest?.detail).to.deep.equal({ state: 'HALTED', before: 'ACTIVE', changed_by: 'root', reason: 'test' });
    expect(await subjects({ beforeEntryId: newest?.entryId })).to.deep.equal([submit]);
  });

  it('does not become a part of the call that woke somebody', async () => {
    let heard: Promise<void> | undefined;
    const stop = db.onHint('state', () => {
      heard ??= db.transaction((tx) => recordAudit(tx, { subject: 'woken', detail: {} }));
    });
    await runInCall(CALL, () => db.transaction(async (tx) => tx.hint('state', '')));
    stop();
    if (!heard) throw new Error('nobody was woken');
    await heard;
    expect(await all()).to.deep.equal([]);
  });
});
