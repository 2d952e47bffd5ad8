import { expect } from 'chai';
import { messageOf } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import { commitAttempt } from './attempts.js';
import { claimNextOrder } from './claim-next.js';
import { type Database, openDatabase } from './database.js';
import { insertWish } from './exit-follows.js';
import { insertOrder, lockReqId } from './orders.js';
import { submitOrder } from './submit.js';
import { entryDraft, exitDraft, LEASE_MS, openTestPosition, testAttempt } from './testing/drafts.js';
import { createPostgresDatabase, dropPostgresDatabase } from './testing/postgres.js';
import { eventually } from './testing/waiting.js';

const ROUNDS = 25;

describe('S6 one order_req_id, an entry and an exit that only follows', () => {
  let db: Database;
  let url: string;
  before(async () => {
    url = await createPostgresDatabase();
    db = await openDatabase({ databaseUrl: url, logger: silentLogger });
  });
  after(async () => {
    await db.close();
    await dropPostgresDatabase(url);
  });

  /** A position whose tokens are all with a sent exit: a stop-loss only follows it. */
  async function sentExit() {
    const { positionId } = await openTestPosition(db);
    await submitOrder(db, exitDraft(positionId, 'take_profit_1', { percent: 100 }));
    const claimed = await claimNextOrder(db, 'test', LEASE_MS);
    if (!claimed) throw new Error('nothing to claim');
    const { order } = await db.transaction((tx) => commitAttempt(tx, claimed, testAttempt()));
    await db.query('UPDATE orders SET holds_slot = false WHERE order_id = $1', [order.orderId]);
    return { positionId, order };
  }

  async function usesOf(orderReqId: string): Promise<string[]> {
    const { rows } = await db.query<{ what: string }>(
      `SELECT 'order' AS what FROM orders WHERE order_req_id = $1
       UNION ALL SELECT 'wish' FROM exit_wishes WHERE order_req_id = $1`,
      [orderReqId],
    );
    return rows.map(({ what }) => what);
  }

  for (const first of ['entry', 'wish'] as const) {
    it(`is the ${first}'s that was written and not committed when the other one came`, async () => {
      const { order } = await sentExit();
      const orderReqId = `held-by-${first}`;
      const writeEntry: Parameters<typeof db.transaction<boolean>>[0] = async (tx) =>
        (await insertOrder(tx, { ...entryDraft({ orderReqId }).draft, requestedTokens: null })) !== undefined;
      const writeWish: Parameters<typeof db.transaction<boolean>>[0] = async (tx) => {
        await lockReqId(tx, orderReqId);
        return insertWish(tx, { orderReqId, payloadHash: 'wish' }, order);
      };
      const [one, two] = first === 'entry' ? [writeEntry, writeWish] : [writeWish, writeEntry];
      let start: () => void = () => undefined;
      const started = new Promise<void>((resolve) => {
        start = resolve;
      });
      const second = started.then(() => db.transaction(two));
      const wroteFirst = await db.transaction(async (tx) => {
        const wrote = await one(tx);
        start();
        await eventually('the second one to wait for the first', async () => {
          const { rows } = await tx.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
          return rows.length > 0;
        });
        return wrote;
      });
      expect([wroteFirst, await second]).to.deep.equal([true, false]);
      expect(await usesOf(orderReqId)).to.deep.equal([first === 'entry' ? 'order' : 'wish']);
      await db.query(`UPDATE orders SET status = 'CANCELLED' WHERE status = 'PENDING'`);
    });
  }

  it('goes to one of two submissions that come at once; the other one is told that it is taken', async () => {
    const { positionId } = await sentExit();
    for (let round = 0; round < ROUNDS; round++) {
      const orderReqId = `race-${round}`;
      const stop = exitDraft(positionId, 'stop_loss', { percent: 100 }, { orderReqId, payloadHash: 'stop' });
      const submissions = [entryDraft({ orderReqId, payloadHash: 'entry' }), stop];
      const answers = await Promise.allSettled(
        (round % 2 === 0 ? submissions : submissions.reverse()).map((each) => submitOrder(db, each)),
      );
      expect(await usesOf(orderReqId), orderReqId).to.have.length(1);
      const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [messageOf(answer.reason)] : []));
      expect(refused, orderReqId).to.have.length(1);
      expect(refused[0]).to.contain(`order_req_id ${orderReqId} was used before for another order`);
    }
  });
});
