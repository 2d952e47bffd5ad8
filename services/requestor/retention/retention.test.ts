import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { claimNextOrder } from '../../../shared/store/claim-next.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { pruneMessages, pruneMessagesIn } from '../../../shared/store/retention.js';
import { submitOrder } from '../../../shared/store/submit.js';
import { entryDraft, LEASE_MS, openTestPosition, setDatabaseTime } from '../../../shared/store/testing/drafts.js';
import { createPostgresDatabase, dropPostgresDatabase } from '../../../shared/store/testing/postgres.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { cancelOrder } from '../../../shared/store/waiting-orders.js';
import { cleanUp, startRetention } from './retention.js';

const YEAR_MS = 365 * 86_400_000;
const aYearLater = (db: Database) => setDatabaseTime(db, new Date(Date.now() + YEAR_MS));
const count = async (db: Database, table: string) =>
  Number((await db.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]?.n);

describeOnBothStores('O6 the retention worker', (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
    await openTestPosition(db);
  });
  afterEach(() => db.close());

  const cancelled = async (orders: number) => {
    for (let i = 0; i < orders; i += 1) {
      const { order } = await submitOrder(db, entryDraft());
      await cancelOrder(db, order.orderId, 'enough');
    }
  };

  it('cleans up in small steps, until nothing is left to do', async () => {
    await cancelled(201);
    await aYearLater(db);
    let pauses = 0;
    const goOn = async () => {
      pauses += 1;
      return true;
    };
    const removed = await cleanUp({ db, config: { messagesDays: 30, ordersDays: 0 } }, goOn);
    expect(removed, 'one of each, three of the entry').to.deep.equal({ messages: 201 + 3, orders: 0 });
    expect(pauses, 'a pause after each hundred orders').to.equal(2);
    expect(await cleanUp({ db, config: { messagesDays: 30, ordersDays: 30 } }, goOn)).to.deep.equal({
      messages: 0,
      orders: 201,
    });
    expect(await count(db, 'orders')).to.equal(1);
    expect(await count(db, 'order_messages')).to.equal(1);
  });

  it('keeps everything when it is told to', async () => {
    await cancelled(2);
    await aYearLater(db);
    const before = await count(db, 'order_messages');
    await cleanUp({ db, config: { messagesDays: 0, ordersDays: 0 } }, async () => true);
    expect(await count(db, 'order_messages')).to.equal(before);
  });

  it('begins a minute after the start, and looks again every hour', async () => {
    const clock = new ManualClock();
    await cancelled(3);
    await aYearLater(db);
    const config = { messagesDays: 30, ordersDays: 30 };
    const retention = startRetention({ db, config, clock, logger: silentLogger });
    try {
      await clock.advance(59_000);
      expect(await count(db, 'orders')).to.equal(4);
      await clock.advance(1_000);
      await eventually('the first round', async () => {
        await clock.advance(50);
        return (await count(db, 'orders')) === 1;
      });
      const late = await submitOrder(db, entryDraft());
      await cancelOrder(db, late.order.orderId, 'enough');
      await setDatabaseTime(db, new Date(Date.now() + 2 * YEAR_MS));
      await eventually('the next round', async () => {
        await clock.advance(3_600_000);
        return (await count(db, 'orders')) === 1;
      });
    } finally {
      await retention.close();
    }
  });
});

describe('O6 retention beside other processes', () => {
  let databaseUrl: string;
  let db: Database;
  let other: Database;
  beforeEach(async () => {
    databaseUrl = await createPostgresDatabase();
    db = await openDatabase({ databaseUrl, logger: silentLogger });
    other = await openDatabase({ databaseUrl, logger: silentLogger });
    await openTestPosition(db);
    await submitOrder(db, entryDraft());
    await aYearLater(db);
  });
  afterEach(async () => {
    await db.close();
    await other.close();
    await dropPostgresDatabase(databaseUrl);
  });

  it('works in one of them at a time, and never keeps a claim waiting', async () => {
    const seen = await db.transaction(async (tx) => {
      const first = await pruneMessagesIn(tx, 30, 100);
      // While that transaction is open and holds its locks.
      const second = await pruneMessages(other, 30, 100);
      const claimed = await claimNextOrder(other, 'other', LEASE_MS);
      return { first, second, claimed: claimed?.status };
    });
    expect(seen.first.removed).to.be.greaterThan(0);
    expect(seen.second).to.deep.equal({ removed: 0, done: true });
    expect(seen.claimed).to.equal('SUBMITTED');
  });
});
