import { expect } from 'chai';
import { silentLogger } from '../../../shared/core/logger.js';
import { evaluateExit } from '../../../shared/position/exit-rules.js';
import type { Database } from '../../../shared/store/database.js';
import { type ExitWatch, findExitWatches, saveExitState, setExitPlan } from '../../../shared/store/exit-plans.js';
import { listOrders } from '../../../shared/store/orders.js';
import { openTestPosition } from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { REQUESTOR_DEFAULTS } from '../config.js';
import { makeTriggeredExit } from './exit-maker.js';

describeOnBothStores('X9 the exit of a trigger', (open) => {
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
  const price = { value: '0.01', observedAt: new Date(), source: 'test' };
  const fire = (watch: ExitWatch) => {
    const now = { value: price.value, at: price.observedAt };
    const facts = { ...watch, remainingTokens: watch.entryTokens - watch.soldTokens };
    const { state, triggered } = evaluateExit(watch.plan, watch.state, facts, now);
    if (!triggered) throw new Error('nothing fires');
    return makeTriggeredExit({ db, config: REQUESTOR_DEFAULTS, logger: silentLogger }, watch, state, triggered, price);
  };
  const exits = () => listOrders(db, { positionId, orderType: 'EXIT', limit: 10 });

  it('is made once, however many requestors fire it at once, and the mark stays', async () => {
    const watch = await read();
    await Promise.all([fire(watch), fire(watch), fire(watch)]);
    expect((await exits()).map(({ orderReqId }) => orderReqId)).to.deep.equal([`exit:${positionId}:take_profit_1`]);
    expect((await read()).state.fired).to.deep.equal(['take_profit_1']);
  });

  it('gets its mark back when a requestor that had read the state before wrote over it', async () => {
    const before = await read();
    await fire(before);
    await saveExitState(db, before, { state: before.state, price });
    const after = await read();
    expect(after.state.fired).to.deep.equal([]);
    expect(await fire(after)).to.deep.equal({ kind: 'made' });
    expect((await read()).state.fired).to.deep.equal(['take_profit_1']);
    expect(await exits()).to.have.length(1);
  });

  it('is decided anew when the plan was changed meanwhile: nothing is made', async () => {
    const watch = await read();
    await setExitPlan(db, positionId, { takeProfits: [] });
    expect(await fire(watch)).to.deep.equal({ kind: 'outdated' });
    expect(await exits()).to.deep.equal([]);
  });
});
