import { expect } from 'chai';
import pg from 'pg';
import { silentLogger } from '../core/logger.js';
import { type Database, openDatabase } from './database.js';
import { decodeHints, HINT_CHANNEL } from './hint-payload.js';
import { createPostgresDatabase, dropPostgresDatabase, runOnPostgres } from './testing/postgres.js';
import { eventually } from './testing/waiting.js';

const END_LISTENERS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND query LIKE 'LISTEN%'`;

describe('hints between processes on PostgreSQL', () => {
  let databaseUrl: string;
  let here: Database;
  let there: Database;
  beforeEach(async () => {
    databaseUrl = await createPostgresDatabase();
    here = await openDatabase({ databaseUrl, logger: silentLogger });
    there = await openDatabase({ databaseUrl, logger: silentLogger });
  });
  afterEach(async () => {
    await here.close();
    await there.close();
    await dropPostgresDatabase(databaseUrl);
  });

  const hint = (database: Database, ...keys: string[]) =>
    database.transaction(async (tx) => {
      for (const key of keys) tx.hint('order', key);
    });
  const listen = (database: Database) => {
    const heard: string[] = [];
    database.onHint('order', (key) => heard.push(key));
    return heard;
  };

  it('arrive at the others, and not a second time at oneself', async () => {
    const [mine, theirs] = [listen(here), listen(there)];
    await hint(here, 'a', 'b');
    await eventually('both hints', () => theirs.length === 2);
    await hint(there, 'c');
    await eventually('the answer', () => mine.includes('c'));
    // What went out before the answer came in would have been back by now.
    expect({ mine, theirs }).to.deep.equal({ mine: ['a', 'b', 'c'], theirs: ['a', 'b', 'c'] });
  });

  it('are collected: many transactions, few notifications, nothing lost', async () => {
    const outsider = new pg.Client({ connectionString: databaseUrl });
    await outsider.connect();
    const arrivals: { at: number; keys: string[] }[] = [];
    outsider.on('notification', ({ payload }) => {
      const keys = decodeHints(payload ?? '')?.hints.map(([, key]) => key) ?? [];
      arrivals.push({ at: performance.now(), keys });
    });
    await outsider.query(`LISTEN ${HINT_CHANNEL}`);
    try {
      const startedAt = performance.now();
      const keys = Array.from({ length: 100 }, (_, index) => String(index));
      await Promise.all(keys.map((key) => hint(here, key)));
      await eventually('all hints', () => arrivals.flatMap((arrival) => arrival.keys).length >= keys.length);
      const tookMs = (arrivals.at(-1)?.at ?? 0) - startedAt;
      expect(arrivals.flatMap((arrival) => arrival.keys)).to.have.members(keys);
      expect(arrivals.length)
        .to.be.at.most(2 + tookMs / 10)
        .and.below(keys.length);
    } finally {
      await outsider.end();
    }
  });

  it('become "look at everything" when there are too many', async () => {
    const theirs = listen(there);
    await hint(here, ...Array.from({ length: 1_000 }, (_, index) => `order-${index}`));
    await eventually('the catch-all', () => theirs.includes(''));
  });

  it('tell everyone to look at everything after the connection was lost, and then go on', async () => {
    const theirs = listen(there);
    const alerts: string[] = [];
    there.onHint('alert', (key) => alerts.push(key));
    await runOnPostgres(databaseUrl, END_LISTENERS);
    await eventually('the catch-all', () => theirs.includes('') && alerts.includes(''));
    await hint(here, 'after');
    await eventually('a hint', () => theirs.includes('after'));
  });

  it('that are not ours do no harm', async () => {
    const theirs = listen(there);
    await runOnPostgres(databaseUrl, `SELECT pg_notify('${HINT_CHANNEL}', 'hello')`);
    await hint(here, 'a');
    await eventually('a hint', () => theirs.includes('a'));
  });
});
