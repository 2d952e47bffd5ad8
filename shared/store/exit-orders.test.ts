import { expect } from 'chai';
import { ExitlaneError } from '../core/errors.js';
import type { Order } from '../order/order.js';
import { listAlerts } from './alerts.js';
import { commitAttempt } from './attempts.js';
import { claimNextOrder } from './claim-next.js';
import type { Database } from './database.js';
import { findWish } from './exit-follows.js';
import { getOrder, insertOrder, listOrders } from './orders.js';
import { getPosition } from './positions.js';
import { setSlotLimits } from './scheduler-state.js';
import { settleFailure, settleFill } from './settlement.js';
import { findRepeat, submitOrder } from './submit.js';
import { entryDraft, exitDraft, LEASE_MS, openTestPosition, testAttempt } from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { failureOf } from './testing/waiting.js';
import { cancelOrder } from './waiting-orders.js';

const BOUGHT = 1_000_000n;
const NO_ROUTE = { reason: 'NO_ROUTE' as const, error: 'No route.', retryDelayMs: 1_000 };

describeOnBothStores('exits of one position', (open) => {
  let db: Database;
  let positionId: string;
  beforeEach(async () => {
    db = await open();
    ({ positionId } = await openTestPosition(db, BOUGHT));
    await setSlotLimits(db, { maxConcurrent: 10, exitReserved: 0, emergencyExtra: 0 });
  });
  afterEach(() => db.close());

  const place = (reason: string, percent: number, more: object = {}) =>
    submitOrder(db, exitDraft(positionId, reason, { percent }, more));
  const exit = async (reason: string, percent: number, more: object = {}) => (await place(reason, percent, more)).order;
  const read = (order: Order) => getOrder(db, { orderId: order.orderId });
  const position = () => getPosition(db, positionId);
  const claim = async () => {
    const claimed = await claimNextOrder(db, 'test', LEASE_MS);
    if (!claimed) throw new Error('nothing to claim');
    return claimed;
  };
  /** Claims the order and commits an attempt of it: from now on only the chain may end it. */
  const send = async () => {
    const claimed = await claim();
    const { order } = await db.transaction((tx) => commitAttempt(tx, claimed, testAttempt()));
    return order;
  };
  const fill = (order: Order) => {
    const tokens = order.requestedTokens ?? 0n;
    const sold = { lamports: tokens * 2n, tokens, feeLamports: 5_000n, rentLamports: 0n, price: '0.000002' };
    return settleFill(db, order, order, { number: 1, slot: 9n }, sold);
  };
  const die = (order: Order) => settleFailure(db, order, order, NO_ROUTE, { number: 1, state: 'DEAD' });
  const refused = async (promise: Promise<unknown>) => {
    const error = await failureOf(promise);
    return error instanceof ExitlaneError ? { reason: error.reason, ...error.metadata } : { reason: error.message };
  };

  describe('X7 a second exit', () => {
    it('of the same or lower urgency is refused while the first lives, whatever the first is doing', async () => {
      const first = await exit('take_profit_1', 50);
      const expected = { reason: 'POSITION_NOT_EXITABLE', why: 'UNDER_WAY', order_id: first.orderId };
      expect(await refused(place('take_profit_2', 50))).to.include(expected);
      expect(await refused(place('manual', 10))).to.include(expected);
      const claimed = await claim();
      expect(await refused(place('take_profit_2', 50))).to.include(expected);
      await settleFailure(db, claimed, claimed, NO_ROUTE);
      expect(await refused(place('take_profit_2', 50))).to.include(expected);
      await cancelOrder(db, first.orderId, 'Cancelled.');
      expect((await exit('take_profit_2', 50)).requestedTokens).to.equal(BOUGHT / 2n);
    });

    it('of a closed position is refused', async () => {
      await exit('manual', 100);
      await fill(await send());
      const refusal = await refused(place('stop_loss', 100, { emergency: true }));
      expect(refusal).to.include({ reason: 'POSITION_NOT_EXITABLE', why: 'CLOSED' });
    });

    it('with the same request id is the first, even when both come at once', async () => {
      const submission = exitDraft(positionId, 'manual', { percent: 100 });
      const answers = await Promise.all(Array.from({ length: 6 }, () => submitOrder(db, submission)));
      expect(new Set(answers.map(({ order }) => order.orderId)).size).to.equal(1);
      expect(answers.filter(({ duplicate }) => !duplicate)).to.have.length(1);
      expect((await position()).reservedTokens).to.equal(BOUGHT);
    });
  });

  describe('X11 a stop-loss takes over', () => {
    it('a waiting lower exit: it ends superseded, the stop sells all', async () => {
      const profit = await exit('take_profit_1', 50);
      const stop = await exit('stop_loss', 100);
      expect(stop.requestedTokens).to.equal(BOUGHT);
      expect(await read(profit)).to.include({ status: 'CANCELLED', reason: 'SUPERSEDED' });
      expect(await position()).to.include({ reservedTokens: BOUGHT, status: 'EXIT_PENDING', exitReason: 'stop_loss' });
      expect(await listAlerts(db, { limit: 10 })).to.deep.equal([]);
    });

    it('one in a slot with nothing committed, whose run can write nothing more', async () => {
      await exit('take_profit_1', 50);
      const running = await claim();
      const stop = await exit('stop_loss', 100);
      expect(stop.requestedTokens).to.equal(BOUGHT);
      const commit = db.transaction((tx) => commitAttempt(tx, running, testAttempt()));
      expect((await refused(commit)).reason).to.equal('STALE_FENCE');
    });

    it('of a sent one only what it has not reserved; when it dies, its tokens follow', async () => {
      await exit('take_profit_1', 30);
      const sent = await send();
      const stop = await exit('stop_loss', 100, { slippageCapBps: 1_000 });
      expect(stop.requestedTokens).to.equal(700_000n);
      expect(await die(sent)).to.include({ status: 'CANCELLED', reason: 'SUPERSEDED', attemptCount: 1 });
      const follower = await getOrder(db, { orderReqId: `follow:${sent.orderId}` });
      expect(follower).to.include({
        status: 'PENDING',
        priority: 10,
        exitReason: 'stop_loss',
        requestedTokens: 300_000n,
      });
      expect((await position()).reservedTokens).to.equal(BOUGHT);
      await fill(await send());
      await fill(await send());
      expect(await position()).to.include({ status: 'CLOSED', soldTokens: BOUGHT, reservedTokens: 0n });
    });

    it('nothing of a sent one that has everything; it says so, and the tokens follow once however often it is asked', async () => {
      await exit('take_profit_1', 100);
      const sent = await send();
      const first = await place('stop_loss', 100);
      expect(first).to.include({ follows: true, duplicate: false });
      expect(first.order.orderId).to.equal(sent.orderId);
      expect((await place('manual', 100, { emergency: true, orderReqId: 'emergency' })).follows).to.equal(true);
      expect((await place('stop_loss', 100)).follows, 'a lesser wish changes nothing').to.equal(true);
      await die(sent);
      const follower = await getOrder(db, { orderReqId: 'emergency' });
      expect(follower).to.include({ emergency: true, priority: 0, requestedTokens: BOUGHT });
      expect(await listOrders(db, { positionId, orderType: 'EXIT', limit: 10 })).to.have.length(2);
    });

    it('and nothing follows a sent one that lands', async () => {
      await exit('take_profit_1', 100);
      const sent = await send();
      await place('stop_loss', 100);
      expect((await fill(sent)).status).to.equal('FILLED');
      expect(await listOrders(db, { positionId, orderType: 'EXIT', limit: 10 })).to.have.length(1);
      expect((await db.query('SELECT 1 FROM exit_follows')).rows).to.have.length(0);
      expect((await position()).status).to.equal('CLOSED');
    });
  });

  describe('S6 a request that only follows', () => {
    const stop = { orderReqId: 'stop', payloadHash: 'stop' };
    let sent: Order;
    beforeEach(async () => {
      await exit('take_profit_1', 100);
      sent = await send();
      expect((await place('stop_loss', 100, stop)).follows).to.equal(true);
    });

    it('has the same answer again while the sent exit lives', async () => {
      const again = await findRepeat(db, 'stop', 'stop');
      expect(again).to.include({ duplicate: true, follows: true });
      expect(again?.order.orderId).to.equal(sent.orderId);
      expect(await place('stop_loss', 100, stop)).to.include({ duplicate: true, follows: true });
    });

    it('has its own order when the sent one dies, whoever asks again', async () => {
      await die(sent);
      const own = await getOrder(db, { orderReqId: 'stop' });
      expect(own).to.include({ status: 'PENDING', exitReason: 'stop_loss', requestedTokens: BOUGHT });
      const again = await place('stop_loss', 100, stop);
      expect(again).to.include({ duplicate: true, follows: false });
      expect(again.order.orderId).to.equal(own.orderId);
    });

    it('has the same answer when the sent one was filled and the position is closed', async () => {
      await fill(sent);
      const again = await place('stop_loss', 100, stop);
      expect(again).to.include({ duplicate: true, follows: true });
      expect(again.order).to.include({ orderId: sent.orderId, status: 'FILLED' });
    });

    it('is pointed at the exit that sells instead when a more urgent one came after it', async () => {
      await place('manual', 100, { emergency: true, orderReqId: 'emergency', payloadHash: 'emergency' });
      await die(sent);
      const instead = await getOrder(db, { orderReqId: 'emergency' });
      const again = await place('stop_loss', 100, stop);
      expect(again).to.include({ duplicate: true, follows: true });
      expect(again.order.orderId).to.equal(instead.orderId);
      expect(await findWish(db, 'stop')).to.include({ orderId: instead.orderId, mayBeMade: false });
    });

    it('keeps its id for itself, for orders and for wishes', async () => {
      const other = { ...stop, payloadHash: 'other' };
      expect((await refused(place('stop_loss', 100, other))).reason).to.equal('ORDER_REQ_ID_TAKEN');
      expect((await refused(findRepeat(db, 'stop', 'an entry'))).reason).to.equal('ORDER_REQ_ID_TAKEN');
      await die(sent);
      expect((await refused(place('stop_loss', 100, other))).reason).to.equal('ORDER_REQ_ID_TAKEN');
    });

    it('gives way to an entry that an older version made under its id, and its tokens are sold all the same', async () => {
      const entry = { ...entryDraft(stop).draft, requestedTokens: null };
      expect(await db.transaction((tx) => insertOrder(tx, entry)), 'an entry that looks').to.equal(undefined);
      expect(await db.transaction((tx) => insertOrder(tx, entry, 'checked'))).to.include({ orderType: 'ENTRY' });
      await die(sent);
      const follower = await getOrder(db, { orderReqId: `follow:${sent.orderId}` });
      expect(follower).to.include({ exitReason: 'stop_loss', requestedTokens: BOUGHT });
    });

    it('is one order when it followed two, and one more for the second', async () => {
      const { positionId: two } = await openTestPosition(db, BOUGHT);
      const part = (reason: string, percent: number) =>
        submitOrder(db, exitDraft(two, reason, { percent }, { priority: reason === 'manual' ? 40 : 30 }));
      await part('manual', 50);
      const first = await send();
      await part('take_profit_1', 100);
      const second = await send();
      const wish = { orderReqId: 'both', payloadHash: 'both' };
      expect((await submitOrder(db, exitDraft(two, 'stop_loss', { percent: 100 }, wish))).follows).to.equal(true);
      await die(second);
      await die(first);
      const own = await getOrder(db, { orderReqId: 'both' });
      const more = await getOrder(db, { orderReqId: `follow:${first.orderId}` });
      expect((own.requestedTokens ?? 0n) + (more.requestedTokens ?? 0n)).to.equal(BOUGHT);
    });
  });

  describe('X5 X12 an exit that cannot be sold', () => {
    const exhaust = async () => {
      const claimed = await claim();
      return settleFailure(db, claimed, claimed, NO_ROUTE);
    };

    it('stays EXIT_PENDING through its retries, then the position says why and a critical alert is raised', async () => {
      const order = await exit('stop_loss', 100, { maxAttempts: 2 });
      await exhaust();
      expect((await position()).status).to.equal('EXIT_PENDING');
      expect(await listAlerts(db, { limit: 10 })).to.deep.equal([]);
      await db.query(`UPDATE orders SET status = 'PENDING', next_retry_at = NULL WHERE order_id = $1`, [order.orderId]);
      expect(await exhaust()).to.include({ status: 'CANCELLED', reason: 'ATTEMPTS_EXHAUSTED' });
      const after = await position();
      expect(after).to.include({ status: 'OPEN', reservedTokens: 0n });
      expect(after.exitBlocker).to.contain('stop_loss exit of 10 BONK failed after 2 attempts: No route.');
      const [alert, ...others] = await listAlerts(db, { limit: 10 });
      expect(others).to.deep.equal([]);
      expect(alert).to.include({ alertType: 'exit_failed_critical', severity: 'CRITICAL', attempts: 2, positionId });
      expect(alert?.title).to.equal('EXIT FAILED - Manual action required');
    });

    it('is over when a later exit closes the position: blocker and alert go', async () => {
      await exit('stop_loss', 100, { maxAttempts: 1 });
      await exhaust();
      await exit('stop_loss', 100);
      await fill(await send());
      const [alert] = await listAlerts(db, { limit: 10 });
      expect(alert).to.include({ status: 'RESOLVED', resolvedBy: 'exitlane' });
      expect((await position()).exitBlocker).to.equal('');
    });

    it('restores the status without an alert when a person cancels it', async () => {
      const { orderId } = await exit('manual', 40);
      await cancelOrder(db, orderId, 'Cancelled.');
      expect(await position()).to.include({ status: 'OPEN', reservedTokens: 0n, exitBlocker: '' });
      expect(await listAlerts(db, { limit: 10 })).to.deep.equal([]);
    });
  });

  it('X11 take-profit, stop-loss and emergency in every order and at every stage: each token is sold once', async () => {
    const wishes = ['take_profit_1', 'stop_loss', 'emergency'];
    const orders = wishes.flatMap((a) =>
      wishes.filter((b) => b !== a).map((b) => [a, b, ...wishes.filter((c) => c !== a && c !== b)]),
    );
    for (const order of orders) {
      for (const stage of ['waiting', 'unsent', 'sent', 'dies'] as const) {
        const opened = await openTestPosition(db, BOUGHT);
        const wish = (reason: string) =>
          submitOrder(
            db,
            exitDraft(opened.positionId, reason, { percent: 100 }, { emergency: reason === 'emergency' }),
          ).then(
            ({ order: made }) => made,
            (error: unknown) => expect(error).to.be.instanceOf(ExitlaneError),
          );
        for (const reason of order) {
          await wish(reason);
          const claimed = stage === 'waiting' ? undefined : await claimNextOrder(db, 'test', LEASE_MS);
          if (!claimed || stage === 'unsent') continue;
          const sent = (await db.transaction((tx) => commitAttempt(tx, claimed, testAttempt()))).order;
          if (stage === 'dies') await die(sent);
        }
        await sellOut(opened.positionId);
        const told = `${order.join(', ')}, ${stage}`;
        const { status, soldTokens, reservedTokens } = await getPosition(db, opened.positionId);
        expect({ status, soldTokens, reservedTokens }, told).to.deep.equal({
          status: 'CLOSED',
          soldTokens: BOUGHT,
          reservedTokens: 0n,
        });
      }
    }
  }).timeout(120_000);

  it('X11 the same three at one moment: one position, one exit that sells all', async () => {
    const wishes = ['take_profit_1', 'stop_loss', 'emergency'];
    const made = await Promise.all(
      wishes.map((reason) => place(reason, 100, { emergency: reason === 'emergency' }).catch(() => undefined)),
    );
    expect(made.filter((answer) => answer !== undefined)).to.have.length.at.least(1);
    const live = (await listOrders(db, { positionId, orderType: 'EXIT', limit: 10 })).filter(
      (o) => o.status === 'PENDING',
    );
    expect(live.map(({ priority, requestedTokens }) => [priority, requestedTokens])).to.deep.equal([[0, BOUGHT]]);
  });

  /** Lets everything that lives run to its fill. */
  async function sellOut(id: string): Promise<void> {
    for (;;) {
      await db.query(
        `UPDATE orders SET status = 'PENDING', next_retry_at = NULL WHERE position_id = $1 AND status = 'FAILED'`,
        [id],
      );
      const statuses = ['PENDING', 'SUBMITTED', 'CONFIRMING'] as const;
      const [next] = await listOrders(db, { positionId: id, orderType: 'EXIT', statuses, limit: 1 });
      if (!next) return;
      const running = next.status === 'PENDING' ? await claim() : next;
      const { order: sent } =
        running.status === 'CONFIRMING'
          ? { order: running }
          : await db.transaction((tx) => commitAttempt(tx, running, testAttempt()));
      const { rows } = await db.query<{ n: number }>('SELECT max(number) AS n FROM attempts WHERE order_id = $1', [
        sent.orderId,
      ]);
      const tokens = sent.requestedTokens ?? 0n;
      const sold = { lamports: tokens, tokens, feeLamports: 5_000n, rentLamports: 0n, price: '0.000002' };
      await settleFill(db, sent, sent, { number: rows[0]?.n ?? 0, slot: 9n }, sold);
    }
  }

  it('X11 steps up its slippage with each failure to its cap, and not when the client said its own', async () => {
    await exit('stop_loss', 100, { maxSlippageBps: 150, slippageCapBps: 300 });
    const steps: number[] = [];
    for (let failures = 0; failures < 3; failures++) {
      const claimed = await claim();
      const { maxSlippageBps, orderId } = await settleFailure(db, claimed, claimed, NO_ROUTE);
      steps.push(maxSlippageBps);
      await db.query(`UPDATE orders SET status = 'PENDING', next_retry_at = NULL WHERE order_id = $1`, [orderId]);
    }
    expect(steps).to.deep.equal([250, 300, 300]);
    const [order] = await listOrders(db, { positionId, orderType: 'EXIT', limit: 1 });
    await cancelOrder(db, order?.orderId ?? '', 'Cancelled.');
    await exit('stop_loss', 100, { maxSlippageBps: 70 });
    const claimed = await claim();
    expect((await settleFailure(db, claimed, claimed, NO_ROUTE)).maxSlippageBps).to.equal(70);
  });
});
