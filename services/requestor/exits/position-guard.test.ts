import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { silentLogger } from '../../../shared/core/logger.js';
import type { Database } from '../../../shared/store/database.js';
import { type ExitWatch, findExitWatches, setExitBlocker, setExitPlan } from '../../../shared/store/exit-plans.js';
import { submitOrder } from '../../../shared/store/submit.js';
import { exitDraft, openTestPosition } from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { REQUESTOR_DEFAULTS } from '../config.js';
import { PositionGuard } from './position-guard.js';

describeOnBothStores('X9 what holds an exit up', (open) => {
  let db: Database;
  let positionId: string;
  beforeEach(async () => {
    db = await open();
    ({ positionId } = await openTestPosition(db));
    await setExitPlan(db, positionId, { takeProfits: [{ gainPercent: 10, sellPercent: 50 }] });
  });
  afterEach(() => db.close());

  const read = async (): Promise<ExitWatch> => {
    const [watch] = await findExitWatches(db, [positionId]);
    if (!watch) throw new Error('no such position');
    return watch;
  };
  /** A guard as a requestor that starts makes it, after it has looked at one price. */
  const lookedAt = async (value: string) => {
    const options = { db, config: REQUESTOR_DEFAULTS, clock: new ManualClock(), logger: silentLogger };
    const guard = new PositionGuard(await read(), options);
    guard.look({ value, observedAt: new Date(), source: 'test' });
    await guard.close();
  };

  it('is said while an exit is due and another one is in the way, and taken back when it is not due, restart or not', async () => {
    await submitOrder(db, exitDraft(positionId, 'stop_loss', { percent: 100 }));
    await lookedAt('0.01');
    expect((await read()).exitBlocker).to.match(/^take_profit_1 is due .* but position .* is being left by stop_loss/);
    await lookedAt('0.000001');
    expect((await read()).exitBlocker).to.equal('');
  });

  it('is left alone when a failed exit has said it', async () => {
    await db.transaction((tx) => setExitBlocker(tx, positionId, 'The manual exit of 1 BONK failed.'));
    await lookedAt('0.000001');
    expect((await read()).exitBlocker).to.equal('The manual exit of 1 BONK failed.');
  });
});
