import { expect } from 'chai';
import type { Database } from '../../shared/store/database.js';
import { BEFORE_ALL, pruneMessages, removeOrders } from '../../shared/store/retention.js';
import { setDatabaseTime } from '../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../shared/store/testing/stores.js';
import { type Story, tellStory } from './testing/story.js';

const DAY_MS = 86_400_000;

describeOnBothStores('O6 retention leaves a history that the checker understands', (open) => {
  let db: Database;
  let story: Story;
  beforeEach(async () => {
    db = await open();
    story = await tellStory(db);
  });
  afterEach(async () => {
    story.history.remove();
    await db.close();
  });

  const daysPass = (days: number) => setDatabaseTime(db, new Date(Date.now() + days * DAY_MS));
  const wrongIn = async () => {
    const { checks } = await story.history.verify();
    return checks.flatMap(({ name, violations }) =>
      violations.map(({ subject, detail }) => `${name} ${subject}: ${detail}`),
    );
  };
  const numbers = async (orderReqId: string) => {
    const { rows } = await db.query<{ earliest: string; head: string; kept: string }>(
      `SELECT s.earliest, s.head, (SELECT count(*) FROM order_messages m WHERE m.order_id = o.order_id) AS kept
       FROM orders o JOIN order_sequences s USING (order_id) WHERE o.order_req_id = $1`,
      [orderReqId],
    );
    return rows[0] && { earliest: Number(rows[0].earliest), head: Number(rows[0].head), kept: Number(rows[0].kept) };
  };
  const pruneAll = async (days: number, limit: number) => {
    let removed = 0;
    for (let pruned = await pruneMessages(db, days, limit); ; pruned = await pruneMessages(db, days, limit)) {
      removed += pruned.removed;
      if (pruned.done) return removed;
    }
  };
  const removeAll = async (days: number, limit: number) => {
    let removed = 0;
    for (let after = BEFORE_ALL; ; ) {
      const pruned = await removeOrders(db, days, after, limit);
      removed += pruned.removed;
      if (pruned.done) return removed;
      after = pruned.last;
    }
  };

  it('removes nothing before its time', async () => {
    await daysPass(29);
    expect(await pruneAll(30, 100)).to.equal(0);
    expect(await removeAll(30, 100)).to.equal(0);
  });

  it('keeps the last message of each finished order, and every message of the others', async () => {
    const waiting = await numbers(story.waiting);
    const retried = await numbers(story.retried);
    await daysPass(31);
    const removed = await pruneAll(30, 3);
    expect(removed).to.be.greaterThan(20);
    expect(await numbers(story.waiting)).to.deep.equal(waiting);
    expect(await numbers(story.retried)).to.deep.equal({ earliest: retried?.head, head: retried?.head, kept: 1 });
    expect(await wrongIn()).to.deep.equal([]);
    expect(await pruneAll(30, 3), 'once').to.equal(0);
    const { rows } = await db.query<{ messages_removed: string }>('SELECT messages_removed FROM retention');
    expect(Number(rows[0]?.messages_removed)).to.equal(removed);
  });

  it('removes finished orders that moved no money, and only those', async () => {
    const before = await db.query<{ id: string }>('SELECT order_req_id AS id FROM orders');
    await daysPass(31);
    const removed = await removeAll(30, 4);
    const after = await db.query<{ id: string }>('SELECT order_req_id AS id FROM orders');
    expect(before.rowCount - after.rowCount).to.equal(removed);
    const left = after.rows.map(({ id }) => id);
    expect(left).to.include.members([story.retried, story.waiting, story.givenUp, story.inFlight.order.orderReqId]);
    expect(left).to.not.include(story.exhausted);
    expect(removed, 'the one that was given up and the one that was cancelled').to.equal(2);
    expect(await wrongIn()).to.deep.equal([]);
  });

  it('and a checker that still sees what was done to the rest', async () => {
    await daysPass(31);
    await pruneAll(30, 100);
    await removeAll(30, 100);
    await db.query(
      'DELETE FROM order_messages WHERE order_id = (SELECT order_id FROM orders WHERE order_req_id = $1)',
      [story.retried],
    );
    await db.query('UPDATE retention SET orders_removed = orders_removed + 1');
    const wrong = (await wrongIn()).join('\n');
    expect(wrong)
      .to.match(/sequences .*found 0 messages/)
      .and.match(/ended-total .* have ended and 3 were removed/);
  });

  it('and one that knows what cannot have been removed: what was not a day old when it was cleaned up last', async () => {
    await daysPass(31);
    await removeAll(30, 100);
    const removed = { ...story.inFlight.order, orderReqId: 'lost' };
    const { rows } = await db.query<{ ran_at: Date }>('SELECT ran_at FROM retention');
    const ranAt = rows[0]?.ran_at.getTime() ?? 0;
    await db.query('UPDATE retention SET orders_removed = orders_removed + 2');
    await db.query('UPDATE order_totals SET ended = ended + 2');
    story.history.acknowledge({ ...removed, orderId: idMadeAt(ranAt - 2 * DAY_MS) });
    expect(await wrongIn(), 'one that may have been').to.deep.equal([]);
    const young = idMadeAt(ranAt - DAY_MS / 2);
    story.history.acknowledge({ ...removed, orderReqId: 'young', orderId: young });
    expect(await wrongIn()).to.deep.equal([
      `acknowledged-orders young: was acknowledged as order ${young} and does not exist`,
    ]);
  });
});

/** A UUID of version 7 of that time. */
function idMadeAt(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
