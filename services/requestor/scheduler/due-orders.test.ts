import { expect } from 'chai';
import { type Clock, ManualClock } from '../../../shared/core/clock.js';
import type { Closable } from '../../../shared/core/lifecycle.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { claimNextOrder } from '../../../shared/store/claim-next.js';
import type { Database } from '../../../shared/store/database.js';
import { getOrder } from '../../../shared/store/orders.js';
import { settleFailure } from '../../../shared/store/settlement.js';
import { submitOrder } from '../../../shared/store/submit.js';
import { advanceDatabaseTime, entryDraft, LEASE_MS, setDatabaseTime } from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { startDueOrders } from './due-orders.js';

/** Time without a look when nothing has a time of its own. */
const LOOK_MS = 5_000;

describeOnBothStores('E3 P10 the timer of due orders', (open) => {
  let db: Database;
  let due: Closable;
  let clock: ManualClock;
  /** What the timer was set to, look by look, in milliseconds. */
  let delays: number[];
  beforeEach(async () => {
    db = await open();
    await setDatabaseTime(db, new Date());
    clock = new ManualClock();
    delays = [];
    due = startDueOrders({ db, clock: noting(clock, delays), logger: silentLogger });
    await looks(1);
  });
  afterEach(async () => {
    await due.close();
    await db.close();
  });

  async function looks(count: number): Promise<void> {
    await eventually(`${count} looks`, () => delays.length >= count);
  }

  it('looks seldom while no order waits for a time, however often it looked', async () => {
    for (let count = 2; count <= 4; count++) {
      await clock.advance(LOOK_MS);
      await looks(count);
    }
    expect(delays).to.deep.equal([LOOK_MS, LOOK_MS, LOOK_MS, LOOK_MS]);
  });

  it('is set to the next retry as soon as there is one, and brings the order back then', async () => {
    const { order } = await submitOrder(db, entryDraft());
    const claimed = await claimNextOrder(db, 'test', LEASE_MS);
    if (!claimed) throw new Error('nothing to claim');
    await settleFailure(db, claimed, claimed, { reason: 'NO_ROUTE', error: 'No route.', retryDelayMs: 1_500 });
    await looks(2);
    expect(delays.at(-1)).to.equal(1_500);
    await advanceDatabaseTime(db, 1_500);
    await clock.advance(1_500);
    await looks(3);
    expect(await getOrder(db, order)).to.include({ status: 'PENDING', reason: 'RETRY_DUE' });
    expect(delays.at(-1)).to.equal(LOOK_MS);
  });
});

function noting(clock: Clock, delays: number[]): Clock {
  return {
    now: () => clock.now(),
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    setTimer: (fn, delayMs) => {
      delays.push(delayMs);
      return clock.setTimer(fn, delayMs);
    },
  };
}
