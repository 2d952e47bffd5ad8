import { expect } from 'chai';
import type { Database, Transaction } from './database.js';
import { TRANSACTION_ATTEMPTS_MAX } from './limits.js';
import { describeOnBothStores } from './testing/stores.js';
import { deferred, failureOf } from './testing/waiting.js';

describeOnBothStores('a database', (open) => {
  let database: Database;
  beforeEach(async () => {
    database = await open();
    await database.query('CREATE TABLE note (id int8 PRIMARY KEY, body text NOT NULL)');
  });
  afterEach(() => database.close());

  const write = (to: Database | Transaction, id: number, body: string) =>
    to.query('INSERT INTO note VALUES ($1, $2)', [id, body]);
  const bodies = async () => {
    const { rows } = await database.query<{ body: string }>('SELECT body FROM note ORDER BY id');
    return rows.map(({ body }) => body);
  };

  it('gives int8 and numeric as strings, and times as dates', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const sql = 'SELECT $1::int8 AS whole, $2::numeric AS ratio, $3::timestamptz AS at, $3::timestamptz::text AS text';
    const { rows, rowCount } = await database.query(sql, [2n ** 62n, '0.10', at]);
    expect(rowCount).to.equal(1);
    expect(rows).to.deep.equal([
      { whole: '4611686018427387904', ratio: '0.10', at, text: '2026-01-02 03:04:05.678+00' },
    ]);
  });

  it('keeps what a transaction did once it is committed, and returns what the work returned', async () => {
    const result = await database.transaction(async (tx) => {
      await write(tx, 1, 'first');
      const { rowCount } = await write(tx, 2, 'second');
      return rowCount;
    });
    expect(result).to.equal(1);
    expect(await bodies()).to.deep.equal(['first', 'second']);
  });

  it('undoes everything when the work throws, and throws the same error', async () => {
    const reason = new Error('changed my mind');
    const failure = await failureOf(
      database.transaction(async (tx) => {
        await write(tx, 1, 'first');
        throw reason;
      }),
    );
    expect(failure).to.equal(reason);
    expect(await bodies()).to.deep.equal([]);
  });

  it('passes on what SQL refuses, and goes on working', async () => {
    await write(database, 1, 'first');
    const alone = await failureOf(write(database, 1, 'again'));
    const inside = await failureOf(database.transaction((tx) => write(tx, 1, 'again')));
    expect([alone, inside]).to.have.nested.property('[0].code', '23505');
    expect(inside).to.have.property('code', '23505');
    expect(await failureOf(database.query('SELEKT $1', [1]))).to.have.property('code', '42601');
    expect(await bodies()).to.deep.equal(['first']);
  });

  it('does not report a commit when a statement failed and its error was caught', async () => {
    const failure = await failureOf(
      database.transaction(async (tx) => {
        await write(tx, 1, 'first');
        await failureOf(write(tx, 1, 'again'));
      }),
    );
    expect(failure.message).to.contain('nothing was committed');
    expect(await bodies()).to.deep.equal([]);
  });

  it('refuses at once to be queried inside of a transaction, where PGlite would wait for itself', async () => {
    const query = await failureOf(database.transaction(() => database.query('SELECT 1')));
    const nested = await failureOf(database.transaction(() => database.transaction(async () => undefined)));
    expect(query.message).to.equal('inside a transaction: query the transaction, not the database');
    expect(nested.message).to.equal('inside a transaction: use the transaction at hand, transactions do not nest');
    expect(await bodies()).to.deep.equal([]);
  });

  it('lets work that was started inside of a transaction query the database once that has ended', async () => {
    const ended = deferred();
    const later = await database.transaction(async () => {
      const query = ended.promise.then(() => bodies());
      return { query };
    });
    ended.resolve();
    expect(await later.query).to.deep.equal([]);
  });

  it('refuses a transaction that has ended', async () => {
    let kept: Transaction | undefined;
    await database.transaction(async (tx) => {
      kept = tx;
    });
    expect(await failureOf(kept?.query('SELECT 1') ?? Promise.resolve())).to.match(/has ended/);
    expect(() => kept?.hint('order', 'a')).to.throw('has ended');
  });

  it('finishes statements that the work did not wait for before it commits', async () => {
    await database.transaction(async (tx) => {
      void write(tx, 1, 'first');
      void write(tx, 2, 'second');
    });
    expect(await bodies()).to.deep.equal(['first', 'second']);
  });

  it('runs transactions that compete for the same row one after the other', async () => {
    await write(database, 1, '0');
    const increment = () =>
      database.transaction(async (tx) => {
        const { rows } = await tx.query<{ body: string }>('SELECT body FROM note WHERE id = 1 FOR UPDATE');
        await tx.query('UPDATE note SET body = $1 WHERE id = 1', [String(Number(rows[0]?.body) + 1)]);
      });
    await Promise.all(Array.from({ length: 25 }, increment));
    expect(await bodies()).to.deep.equal(['25']);
  });

  const conflict = (tx: Transaction, code: string) =>
    tx.query(`DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '${code}'; END $$`);

  for (const code of ['40001', '40P01']) {
    it(`starts again after a conflict (${code}), with nothing left of the run before`, async () => {
      let runs = 0;
      const heard: string[] = [];
      database.onHint('order', (key) => heard.push(key));
      await database.transaction(async (tx) => {
        runs += 1;
        await write(tx, runs, `run ${runs}`);
        tx.hint('order', `run ${runs}`);
        if (runs < 3) await conflict(tx, code);
      });
      expect(await bodies()).to.deep.equal(['run 3']);
      expect(heard).to.deep.equal(['run 3']);
    });
  }

  it('gives up after a bounded number of conflicts', async () => {
    let runs = 0;
    const failure = await failureOf(
      database.transaction(async (tx) => {
        runs += 1;
        await conflict(tx, '40001');
      }),
    );
    expect(failure).to.have.property('code', '40001');
    expect(runs).to.equal(TRANSACTION_ATTEMPTS_MAX);
  });

  it('waits for running work when it closes, and refuses what comes later', async () => {
    const running = Array.from({ length: 30 }, (_, id) => write(database, id, 'note'));
    await Promise.all([database.close(), database.close()]);
    expect((await Promise.all(running)).map(({ rowCount }) => rowCount)).to.deep.equal(Array(30).fill(1));
    expect(await failureOf(database.query('SELECT 1'))).to.have.property('reason', 'DATABASE_UNAVAILABLE');
  });

  it('knows the number of its newest migration', () => {
    expect(database.schemaVersion).to.be.a('number').greaterThan(0);
  });

  describe('hints', () => {
    it('are told after the commit, in order, the same one once, to those who listen to the topic', async () => {
      const heard: string[] = [];
      database.onHint('order', (key) => heard.push(`order ${key}`));
      database.onHint('alert', (key) => heard.push(`alert ${key}`));
      await database.transaction(async (tx) => {
        for (const key of ['b', 'a', 'b']) tx.hint('order', key);
        tx.hint('alert', 'c');
        tx.hint('queue', 'nobody listens');
        await write(tx, 1, 'first');
        heard.push('work done');
      });
      heard.push('transaction done');
      expect(heard).to.deep.equal(['work done', 'order b', 'order a', 'alert c', 'transaction done']);
    });

    it('are never told after a rollback', async () => {
      const heard: string[] = [];
      database.onHint('order', (key) => heard.push(key));
      await failureOf(
        database.transaction(async (tx) => {
          tx.hint('order', 'a');
          throw new Error('no');
        }),
      );
      expect(heard).to.deep.equal([]);
    });

    it('let listeners query at once, and see what was committed', async () => {
      const seen = deferred<string[]>();
      database.onHint('order', () => seen.resolve(bodies()));
      await database.transaction(async (tx) => {
        await write(tx, 1, 'first');
        tx.hint('order', 'a');
      });
      expect(await seen.promise).to.deep.equal(['first']);
    });

    it('survive a listener that throws, and end when nobody wants them any more', async () => {
      const heard: string[] = [];
      database.onHint('order', () => {
        throw new Error('listener failed');
      });
      const stop = database.onHint('order', (key) => heard.push(key));
      await database.transaction(async (tx) => tx.hint('order', 'a'));
      stop();
      await database.transaction(async (tx) => tx.hint('order', 'b'));
      expect(heard).to.deep.equal(['a']);
    });
  });
});
