import { expect } from 'chai';
import { type AuditEntry, listAudit, readAuditHead } from '../../shared/store/audit.js';
import { auditHash, FIRST_HASH } from '../../shared/store/audit-chain.js';
import type { Queryable } from '../../shared/store/database.js';
import { describeOnBothStores } from '../../shared/store/testing/stores.js';
import { change, describePlants } from './testing/plant.js';
import { tellStory } from './testing/story.js';
import { verify } from './verify.js';

/** As somebody does who owns the database: the triggers are in his hands. */
async function unguarded(db: Queryable, ...statements: readonly string[]): Promise<void> {
  for (const table of ['audit_entries', 'audit_head']) await db.query(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
  for (const sql of statements) await change(db, sql);
}

/** Writes the whole chain anew, as somebody does who knows the form: nothing in the database tells afterwards. */
async function forge(db: Queryable): Promise<void> {
  const entries = (await listAudit(db, { limit: 100 })).sort((a, b) => Number((a.sequence ?? 0n) - (b.sequence ?? 0n)));
  const link = async (entry: AuditEntry, sequence: bigint, hash: string) =>
    db.query('UPDATE audit_entries SET sequence = $2, hash = $3 WHERE entry_id = $1', [entry.entryId, sequence, hash]);
  await db.query('UPDATE audit_entries SET sequence = NULL, hash = NULL');
  let [sequence, hash] = [0n, FIRST_HASH];
  for (const entry of entries) {
    sequence += 1n;
    hash = auditHash(entry, sequence, hash);
    await link(entry, sequence, hash);
  }
  await db.query('UPDATE audit_head SET sequence = $1, hash = $2', [sequence, hash]);
}

describePlants('verify: defects of the audit log (O1)', [
  {
    title: 'an entry that was altered',
    caughtBy: ['audit-chain'],
    saying: /^entry 2: was altered \(OrderService\/SubmitOrder by somebody else, id .*\): what it says hashes to/,
    bend: (db) => unguarded(db, `UPDATE audit_entries SET actor = 'somebody else' WHERE sequence = 2`),
  },
  {
    title: 'a detail that was altered',
    caughtBy: ['audit-chain'],
    saying: /^entry 1: was altered/,
    bend: (db) => unguarded(db, `UPDATE audit_entries SET detail = detail || '{"amount_sol": "9"}' WHERE sequence = 1`),
  },
  {
    title: 'a time that was altered by a microsecond',
    caughtBy: ['audit-chain'],
    saying: /^entry 1: was altered/,
    bend: async (db) => {
      await db.query('ALTER TABLE audit_entries DROP CONSTRAINT audit_whole_milliseconds');
      const later = `UPDATE audit_entries SET created_at = created_at + interval '1 microsecond' WHERE sequence = 1`;
      await unguarded(db, later);
    },
  },
  {
    title: 'an entry that was altered and got the hash of what it says now',
    caughtBy: ['audit-chain'],
    saying: /^entry 3: was altered/,
    bend: async (db) => {
      await unguarded(db, `UPDATE audit_entries SET actor = 'somebody else' WHERE sequence = 2`);
      const entries = await listAudit(db, { limit: 100 });
      const at = (sequence: bigint) => entries.find((entry) => entry.sequence === sequence) ?? fail();
      const hash = auditHash(at(2n), 2n, at(1n).hash);
      await change(db, 'UPDATE audit_entries SET hash = $1 WHERE sequence = 2', [hash]);
    },
  },
  {
    title: 'an entry that was removed',
    caughtBy: ['audit-chain', 'audit-complete'],
    saying: /^entry 3: comes after entry 1: 1 between them were removed$/,
    bend: (db) => unguarded(db, 'DELETE FROM audit_entries WHERE sequence = 2'),
  },
  {
    title: 'two entries that changed places',
    caughtBy: ['audit-chain'],
    saying: /entry 1: was altered .*\nentry 2: was altered/,
    bend: (db) =>
      unguarded(
        db,
        'UPDATE audit_entries SET sequence = 99 WHERE sequence = 1',
        'UPDATE audit_entries SET sequence = 1 WHERE sequence = 2',
        'UPDATE audit_entries SET sequence = 2 WHERE sequence = 99',
      ),
  },
  {
    title: 'a tail that was cut',
    caughtBy: ['audit-chain', 'audit-complete'],
    saying: /^audit_head: says entry 4, but the log ends with entry 3$/,
    bend: (db) => unguarded(db, 'DELETE FROM audit_entries WHERE sequence = 4'),
  },
  {
    title: 'a tail that was cut together with its head, by the head that was noted down elsewhere',
    caughtBy: ['audit-chain', 'audit-complete'],
    saying: /^entry 4: was noted down as [0-9a-f]{64}, but the log ends with entry 3: it was cut$/,
    auditHead: readAuditHead,
    bend: async (db) => {
      await unguarded(db, 'DELETE FROM audit_entries WHERE sequence = 4');
      await forge(db);
    },
  },
  {
    title: 'a log written anew from its begin, by the head that was noted down elsewhere',
    caughtBy: ['audit-chain'],
    saying: /^entry 4: was noted down as [0-9a-f]{64} and has [0-9a-f]{64}: the log was written anew$/,
    auditHead: readAuditHead,
    bend: async (db) => {
      await unguarded(db, `UPDATE audit_entries SET actor = 'somebody else' WHERE sequence = 2`);
      await forge(db);
    },
  },
  {
    title: 'an entry that was taken out of the chain',
    caughtBy: ['audit-sealed', 'audit-chain'],
    saying: /OrderService\/CancelOrder by desk of .* is not sealed, although entries were sealed at/,
    bend: async (db) => {
      await unguarded(db, 'UPDATE audit_entries SET sequence = NULL, hash = NULL WHERE sequence = 3');
      await change(db, `UPDATE audit_head SET sealed_at = sealed_at + interval '2 minutes'`);
    },
  },
  {
    title: 'an order of a call that left no entry, in a chain that is whole',
    caughtBy: ['audit-complete'],
    saying: /^entry-\d+: was made by call call-\d+ of client desk, and no audit entry tells it$/,
    bend: async (db) => {
      await unguarded(db, 'DELETE FROM audit_entries WHERE sequence = 2');
      await forge(db);
    },
  },
  {
    title: 'a trading state that no entry tells',
    caughtBy: ['audit-complete'],
    saying: /^trading state: was set to HALTED at .* by call call-\d+, and no audit entry tells it$/,
    bend: (db) => change(db, `UPDATE scheduler SET trading_state = 'HALTED'`),
  },
]);

function fail(): never {
  throw new Error('no such entry');
}

describeOnBothStores('verify: what the audit log alone cannot show (O1)', (open) => {
  it('a log written anew by somebody who owns the database passes, unless its head was noted down', async () => {
    const db = await open();
    const { history } = await tellStory(db);
    try {
      const noted = await readAuditHead(db);
      expect((await verify({ db, auditHead: noted })).ok, 'untouched').to.equal(true);
      await unguarded(db, `UPDATE audit_entries SET actor = 'somebody else' WHERE sequence = 2`);
      await forge(db);
      expect((await verify({ db })).ok, 'without the note').to.equal(true);
      expect((await verify({ db, auditHead: noted })).ok, 'with it').to.equal(false);
    } finally {
      history.remove();
      await db.close();
    }
  });
});
