import { expect } from 'chai';
import { newId } from '../core/ids.js';
import { type ExitPlan, exitPlanJson, NO_EXIT_PLAN } from '../position/exit-plan.js';
import { evaluateExit } from '../position/exit-rules.js';
import { markFired, openingState, triggerReqId } from '../position/exit-state.js';
import { claimNextOrder } from './claim-next.js';
import type { Database } from './database.js';
import { findExitWatches, listExitWatches, saveExitState, setExitBlocker, setExitPlan } from './exit-plans.js';
import { getPosition } from './positions.js';
import { submitOrder } from './submit.js';
import { entryDraft, exitDraft, fillClaimed, LEASE_MS, openTestPosition } from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { failureOf } from './testing/waiting.js';

const PLAN: ExitPlan = {
  stopLossPercent: 10,
  trailingStopPercent: 5,
  takeProfits: [{ gainPercent: 20, sellPercent: 50 }],
};
const price = (value: string, second = 0) => ({
  value,
  observedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, second)),
  source: 'test',
});

describeOnBothStores('X9 exit plans of positions', (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });
  afterEach(() => db.close());

  const watchOf = async (positionId: string) => {
    const [watch] = await findExitWatches(db, [positionId]);
    if (!watch) throw new Error(`${positionId} is not watched`);
    return watch;
  };

  it('come with the entry and are measured from its price', async () => {
    await submitOrder(db, entryDraft({ exitPlan: exitPlanJson(PLAN) }));
    const claimed = await claimNextOrder(db, 'test', LEASE_MS);
    if (!claimed) throw new Error('nothing to claim');
    const { positionId } = await fillClaimed(db, claimed, { lamports: 1_000n, tokens: 10n });
    const watch = await watchOf(positionId ?? '');
    expect(watch).to.deep.include({
      plan: PLAN,
      planVersion: 1,
      lastPrice: undefined,
      exitBlocker: '',
      entryTokens: 10n,
    });
    expect(watch.state).to.deep.equal(openingState(PLAN, watch));
    expect(watch.entryPrice).to.equal('0.000001');
  });

  it('keep their state and the last price, until the plan is another one', async () => {
    const { positionId } = await openTestPosition(db);
    const first = await setExitPlan(db, positionId, PLAN);
    expect(first).to.include({ planVersion: 2 });
    const seen = price('0.0000008', 5);
    const { state } = evaluateExit(
      PLAN,
      first.state,
      { ...first, remainingTokens: 1n },
      { value: seen.value, at: seen.observedAt },
    );
    const fired = markFired(state, 'stop_loss');
    expect(await saveExitState(db, first, { state: fired, price: seen })).to.equal(true);
    const saved = await watchOf(positionId);
    expect(saved).to.deep.include({ state: fired, lastPrice: seen, planVersion: 2 });

    const changed = await setExitPlan(db, positionId, { ...PLAN, stopLossPercent: 20 });
    expect(changed.state.fired).to.deep.equal([]);
    expect(triggerReqId(positionId, 'stop_loss', changed.state)).to.equal(`exit:${positionId}:stop_loss:1`);
    expect(await saveExitState(db, saved, { state: fired, price: price('1') }), 'under the plan before').to.equal(
      false,
    );
    expect(await watchOf(positionId)).to.deep.include({ state: changed.state, lastPrice: seen, planVersion: 3 });
    expect((await getPosition(db, positionId)).exitPlan).to.include({ stopLossPercent: 20 });
  });

  it('changed by many at once are all counted, and one of them is the plan', async () => {
    const { positionId } = await openTestPosition(db);
    const plans = [1, 2, 3, 4, 5].map((stopLossPercent): ExitPlan => ({ ...NO_EXIT_PLAN, stopLossPercent }));
    const versions = await Promise.all(plans.map((plan) => setExitPlan(db, positionId, plan)));
    expect(versions.map(({ planVersion }) => planVersion).sort()).to.deep.equal([2, 3, 4, 5, 6]);
    const last = versions.find(({ planVersion }) => planVersion === 6);
    expect((await watchOf(positionId)).plan).to.deep.equal(last?.plan);
  });

  it('are refused for a position that is closed or unknown', async () => {
    const { positionId } = await openTestPosition(db);
    await submitOrder(db, exitDraft(positionId, 'stop_loss', { percent: 100 }));
    const claimed = await claimNextOrder(db, 'test', LEASE_MS);
    if (!claimed) throw new Error('nothing to claim');
    await fillClaimed(db, claimed, { lamports: 1n, tokens: claimed.requestedTokens ?? 0n });
    expect(await failureOf(setExitPlan(db, positionId, PLAN))).to.include({ reason: 'POSITION_NOT_EXITABLE' });
    expect(await failureOf(setExitPlan(db, newId(), PLAN))).to.include({ reason: 'POSITION_NOT_FOUND' });
    const closed = await watchOf(positionId);
    expect(closed.status).to.equal('CLOSED');
    expect(await saveExitState(db, closed, { state: closed.state, price: price('1') })).to.equal(false);
  });

  it('are watched page by page, open positions only', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await openTestPosition(db)).positionId);
    await db.query(`UPDATE positions SET status = 'CLOSED' WHERE position_id = $1`, [ids[1]]);
    const seen: string[] = [];
    for (let afterPositionId: string | undefined; ; ) {
      const page = await listExitWatches(db, { afterPositionId, limit: 2 });
      seen.push(...page.map(({ positionId }) => positionId));
      afterPositionId = page.at(-1)?.positionId;
      if (page.length < 2) break;
    }
    expect(seen).to.deep.equal(ids.filter((id) => id !== ids[1]));
  });

  it('tell once why a position has not exited', async () => {
    const { positionId } = await openTestPosition(db);
    const heard: string[] = [];
    db.onHint('position', (key) => heard.push(key));
    const say = (blocker: string) => db.transaction((tx) => setExitBlocker(tx, positionId, blocker));
    expect([await say('no price'), await say('no price'), await say('')]).to.deep.equal([true, false, true]);
    expect(heard).to.deep.equal([positionId, positionId]);
    expect((await getPosition(db, positionId)).exitBlocker).to.equal('');
  });
});
