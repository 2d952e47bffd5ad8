import { expect } from 'chai';
import { silentLogger } from '../../../shared/core/logger.js';
import { evaluateExit } from '../../../shared/position/exit-rules.js';
import { commitAttempt } from '../../../shared/store/attempts.js';
import { claimNextOrder } from '../../../shared/store/claim-next.js';
import type { Database } from '../../../shared/store/database.js';
import { type ExitWatch, findExitWatches, saveExitState, setExitPlan } from '../../../shared/store/exit-plans.js';
import { insertOrder, listOrders } from '../../../shared/store/orders.js';
import { settleFailure } from '../../../shared/store/settlement.js';
import { submitOrder } from '../../../shared/store/submit.js';
import {
  entryDraft,
  exitDraft,
  LEASE_MS,
  openTestPosition,
  testAttempt,
} from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { deferred, eventually } from '../../../shared/store/testing/waiting.js';
import { cancelOrder } from '../../../shared/store/waiting-orders.js';
import { REQUESTOR_DEFAULTS } from '../config.js';
import { makeTriggeredExit } from './exit-maker.js';

const WAITING = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

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
  const LOW = '0.0000000001';
  const fire = (watch: ExitWatch, value = price.value) => {
    const now = { value, at: price.observedAt };
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

  describe("where a client's order has its id", () => {
    const id = () => `exit:${positionId}:take_profit_1`;
    const ids = async () => (await exits()).map(({ orderReqId }) => orderReqId).sort();
    const send = async () => {
      const claimed = await claimNextOrder(db, 'test', LEASE_MS);
      if (!claimed) throw new Error('nothing to claim');
      return (await db.transaction((tx) => commitAttempt(tx, claimed, testAttempt()))).order;
    };
    /** A stale look's state, written over that of the exit that was made. */
    const loseMark = (before: ExitWatch) => saveExitState(db, before, { state: before.state, price });

    it('is made under the next one, once, however many requestors fire it at once', async () => {
      await submitOrder(db, entryDraft({ orderReqId: id() }));
      const watch = await read();
      const made = await Promise.all([fire(watch), fire(watch), fire(watch)]);
      expect(made).to.deep.equal(made.map(() => ({ kind: 'made' })));
      expect(await ids()).to.deep.equal([`${id()}.2`]);
      expect((await read()).state.fired).to.deep.equal(['take_profit_1']);
    });

    it('is made once when the ids are taken in the very moment in which two requestors fire it', async () => {
      const watch = await read();
      const takes = [id(), `${id()}.2`, `${id()}.4`].map((orderReqId) => submitOrder(db, entryDraft({ orderReqId })));
      const [first, second] = await Promise.all([
        fire(watch),
        fire(watch),
        ...takes.map((take) => take.catch(() => 0)),
      ]);
      expect([first, second]).to.deep.equal([{ kind: 'made' }, { kind: 'made' }]);
      expect(await exits()).to.have.length(1);
      expect((await read()).state.fired).to.deep.equal(['take_profit_1']);
    });

    it('is made under the one after that which is taken between its look and its insert', async () => {
      const watch = await read();
      const taken = deferred();
      const commit = deferred();
      const taking = db.transaction(async (tx) => {
        await insertOrder(tx, { ...entryDraft({ orderReqId: id() }).draft, requestedTokens: null });
        taken.resolve();
        await commit.promise;
      });
      await taken.promise;
      // An embedded database has one session: there nobody can come in between.
      const isShared = db.kind === 'postgresql';
      if (!isShared) commit.resolve();
      const firing = [fire(watch), fire(watch)];
      await eventually('both waiting', async () => {
        return !isShared || (await db.query(WAITING)).rows.length >= 2;
      });
      commit.resolve();
      await taking;
      expect(await Promise.all(firing)).to.deep.equal([{ kind: 'made' }, { kind: 'made' }]);
      expect(await ids()).to.deep.equal([`${id()}.2`]);
    });

    it('is not made again when the mark was lost and the id has become free since', async () => {
      const { order } = await submitOrder(db, entryDraft({ orderReqId: id() }));
      const before = await read();
      await fire(before);
      await loseMark(before);
      await db.query(`UPDATE orders SET order_req_id = 'renamed' WHERE order_id = $1`, [order.orderId]);
      expect(await fire(await read())).to.deep.equal({ kind: 'made' });
      expect(await ids()).to.deep.equal([`${id()}.2`]);
      expect((await read()).state.fired).to.deep.equal(['take_profit_1']);
    });

    it("takes no client's exit of the position for itself", async () => {
      const { order } = await submitOrder(db, exitDraft(positionId, 'manual', { percent: 1 }, { orderReqId: id() }));
      await cancelOrder(db, order.orderId, 'Cancelled.');
      expect(await fire(await read())).to.deep.equal({ kind: 'made' });
      expect(await ids()).to.deep.equal([id(), `${id()}.2`]);
      const [made] = await exits();
      expect(made).to.include({ status: 'PENDING', exitReason: 'take_profit_1', orderReqId: `${id()}.2` });
    });

    it('follows a sent exit under the next one, once, and is made under it when that dies', async () => {
      await setExitPlan(db, positionId, { stopLossPercent: 10, takeProfits: [] });
      const stop = `exit:${positionId}:stop_loss`;
      await submitOrder(db, exitDraft(positionId, 'time_limit', { percent: 100 }));
      const sent = await send();
      await submitOrder(db, entryDraft({ orderReqId: stop }));
      const before = await read();
      await Promise.all([fire(before, LOW), fire(before, LOW)]);
      await loseMark(before);
      expect(await fire(await read(), LOW)).to.deep.equal({ kind: 'made' });
      const wishes = await db.query<{ order_req_id: string }>('SELECT order_req_id FROM exit_wishes');
      expect(wishes.rows).to.deep.equal([{ order_req_id: `${stop}.2` }]);
      const failure = { reason: 'NO_ROUTE' as const, error: 'No route.', retryDelayMs: 1_000 };
      await settleFailure(db, sent, sent, failure, { number: 1, state: 'DEAD' });
      expect(await ids()).to.deep.equal([sent.orderReqId, `${stop}.2`].sort());
      await loseMark(before);
      expect(await fire(await read(), LOW)).to.deep.equal({ kind: 'made' });
      expect(await exits()).to.have.length(2);
    });

    it('is another one when its rule was changed, and was no other before', async () => {
      await submitOrder(db, entryDraft({ orderReqId: id() }));
      await fire(await read());
      const [first] = await exits();
      await cancelOrder(db, first?.orderId ?? '', 'Cancelled.');
      await setExitPlan(db, positionId, { takeProfits: [{ gainPercent: 20, sellPercent: 50 }] });
      expect(await fire(await read())).to.deep.equal({ kind: 'made' });
      expect(await ids()).to.deep.equal([`${id()}.2`, `${id()}:1`]);
    });
  });
});
