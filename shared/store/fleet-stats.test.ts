import { expect } from 'chai';
import { raiseAlert } from './alerts.js';
import { commitAttempt } from './attempts.js';
import { claimNextOrder } from './claim-next.js';
import type { Database } from './database.js';
import { readFleetStats } from './fleet-stats.js';
import { moveOrder } from './order-transitions.js';
import { submitOrder } from './submit.js';
import {
  advanceDatabaseTime,
  anotherExit,
  entryDraft,
  LEASE_MS,
  openTestPosition,
  setDatabaseTime,
  testAttempt,
} from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';

const START = new Date('2026-01-01T00:00:00.000Z');

describeOnBothStores('O2 the numbers of the whole fleet', (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
    await setDatabaseTime(db, START);
  });
  afterEach(() => db.close());

  const read = () => readFleetStats(db, 5_000);

  it('of an empty database are zeros and nothings', async () => {
    const { queue, ...rest } = await read();
    expect(queue).to.include({ queued: 0, maxConcurrent: 3, tradingState: 'ACTIVE' });
    expect({ ...rest, stateChangedAt: undefined }).to.deep.equal({
      exitWaitingMs: null,
      stateChangedAt: undefined,
      attempts: [],
      positions: [],
      priceAgeMs: null,
      alerts: [],
      outbox: { waiting: 0, failing: 0, oldestMs: null },
    });
  });

  it('an exit waits from when it became due, not from when it was accepted', async () => {
    const { positionId } = await openTestPosition(db);
    const exit = await anotherExit(db, positionId, 'stop_loss');
    await advanceDatabaseTime(db, 9_000);
    expect((await read()).exitWaitingMs).to.equal(9_000);
    await db.query('UPDATE orders SET queued_at = exitlane_now() WHERE order_id = $1', [exit.orderId]);
    await advanceDatabaseTime(db, 2_000);
    const { exitWaitingMs, queue } = await read();
    expect(exitWaitingMs).to.equal(2_000);
    expect(queue.levels.find(({ priority }) => priority === 10)?.oldestWaitingMs).to.equal(11_000);
  });

  it('transactions without a verdict, apart by whether the confirmation time is over', async () => {
    await openTestPosition(db);
    for (const unknown of [false, true]) {
      await submitOrder(db, entryDraft());
      const claimed = await claimNextOrder(db, 'test', LEASE_MS);
      if (!claimed) throw new Error('nothing to claim');
      await db.transaction((tx) => commitAttempt(tx, claimed, testAttempt()));
      const detail = 'no verdict';
      if (unknown)
        await db.transaction((tx) => moveOrder(tx, claimed, { to: 'CONFIRMING', reason: 'UNKNOWN', detail }));
      await advanceDatabaseTime(db, 5_000);
    }
    expect((await read()).attempts).to.have.deep.members([
      { verdict: 'CONFIRMING', count: 1, oldestMs: 10_000 },
      { verdict: 'UNKNOWN', count: 1, oldestMs: 5_000 },
    ]);
  });

  it('open positions with the oldest of their prices, and alerts with their news', async () => {
    const { positionId } = await openTestPosition(db);
    await openTestPosition(db);
    await db.query(`UPDATE positions SET exit_blocker = 'HALTED' WHERE position_id = $1`, [positionId]);
    await db.query('UPDATE positions SET current_price = 1, current_price_at = exitlane_now() WHERE position_id = $1', [
      positionId,
    ]);
    const about = { orderId: null, positionId, mint: null, symbol: '', attempts: null, metadata: {} };
    const alert = { ...about, alertType: 'exit_blocked', message: 'x', dedupKey: 'x' } as const;
    await db.transaction((tx) => raiseAlert(tx, alert));
    await advanceDatabaseTime(db, 7_000);
    await db.query('UPDATE positions SET current_price_at = exitlane_now() WHERE position_id = $1', [positionId]);
    const { positions, priceAgeMs, alerts, outbox } = await read();
    expect(positions).to.deep.equal([{ status: 'OPEN', count: 2, blocked: 1 }]);
    expect(priceAgeMs, 'the other one was opened 7 s ago and has none').to.equal(7_000);
    expect(alerts).to.deep.equal([{ type: 'exit_blocked', severity: 'WARNING', status: 'OPEN', count: 1 }]);
    expect(outbox).to.deep.equal({ waiting: 1, failing: 0, oldestMs: 7_000 });
  });
});
