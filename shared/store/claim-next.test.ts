import { expect } from 'chai';
import type { Order } from '../order/order.js';
import { commitAttempt } from './attempts.js';
import { claimNextOrder } from './claim-next.js';
import { renewLeases, takeOverOrders } from './claims.js';
import type { Database } from './database.js';
import { readMessages } from './messages.js';
import { countWaitingEntries, getOrder } from './orders.js';
import { releaseOverdueSlots } from './overdue-slots.js';
import { readQueueStats } from './queue-stats.js';
import { setSlotLimits, setTradingState } from './scheduler-state.js';
import { settleFailure } from './settlement.js';
import { submitOrder } from './submit.js';
import {
  advanceDatabaseTime,
  anotherExit,
  entryDraft,
  fillClaimed,
  LEASE_MS,
  openTestPosition,
  setDatabaseTime,
  testAttempt,
} from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { failureOf } from './testing/waiting.js';

describeOnBothStores('claims that make room', (open) => {
  let db: Database;
  let positionId: string;
  beforeEach(async () => {
    db = await open();
    ({ positionId } = await openTestPosition(db));
  });
  afterEach(() => db.close());

  const limit = (maxConcurrent: number, exitReserved = 0, emergencyExtra = 0) =>
    setSlotLimits(db, { maxConcurrent, exitReserved, emergencyExtra });
  const claim = () => claimNextOrder(db, 'test', LEASE_MS);
  const mustClaim = async () => {
    const order = await claim();
    if (!order) throw new Error('nothing to claim');
    return order;
  };
  const entry = async () => (await submitOrder(db, entryDraft())).order;
  const exit = (reason: string, emergency = false) => anotherExit(db, positionId, reason, { emergency });
  const commit = (order: Order) => db.transaction((tx) => commitAttempt(tx, order, testAttempt()));
  const read = (order: Order) => getOrder(db, { orderId: order.orderId });
  const reasons = async (order: Order) =>
    (await readMessages(db, order.orderId, 0n, 100)).flatMap((m) => (m.kind === 'status' ? [m.body.reason] : []));

  describe('P8 an entry with nothing committed yields', () => {
    it('goes back to its place without a lost attempt, and its run can write nothing more', async () => {
      await limit(1);
      const first = await entry();
      const later = await entry();
      const running = await mustClaim();
      const stop = await exit('stop_loss');

      expect((await mustClaim()).orderId).to.equal(stop.orderId);
      const back = await read(first);
      expect(back).to.include({ status: 'PENDING', reason: 'PREEMPTED', attemptCount: 0, holdsSlot: false });
      expect(back.leaseOwner).to.equal(null);
      expect(await reasons(first)).to.deep.equal(['ACCEPTED', 'CLAIMED', 'PREEMPTED']);
      expect((await failureOf(commit(running))).message).to.contain('has moved on');

      await fillClaimed(db, await read(stop), { lamports: 1n, tokens: 1n });
      const again = await mustClaim();
      expect(again.orderId, 'its seniority is untouched').to.equal(first.orderId);
      expect(again.orderId).to.not.equal(later.orderId);
      await fillClaimed(db, again, { lamports: 1n, tokens: 1n });
      expect((await read(first)).status).to.equal('FILLED');
    });

    it('is the one that began last', async () => {
      for (let i = 0; i < 3; i++) await entry();
      const entries = [await mustClaim(), await mustClaim(), await mustClaim()];
      await exit('take_profit_1');
      await mustClaim();
      const statuses = await Promise.all(entries.map(async (order) => (await read(order)).status));
      expect(statuses).to.deep.equal(['SUBMITTED', 'SUBMITTED', 'PENDING']);
    });

    it('wins the race when its attempt was committed first: then it is watched without a slot', async () => {
      await limit(1);
      await entry();
      const running = await mustClaim();
      await commit(running);
      const stop = await exit('stop_loss');
      expect((await mustClaim()).orderId).to.equal(stop.orderId);
      expect(await read(running)).to.include({ status: 'CONFIRMING', reason: 'SLOT_HANDED_OVER', holdsSlot: false });
    });

    it('never yields to another entry, and an exit at work never yields', async () => {
      await limit(1);
      await exit('take_profit_1');
      await mustClaim();
      await exit('stop_loss', true);
      await entry();
      expect(await claim()).to.equal(undefined);
    });
  });

  describe('P8 a sent order hands its slot over', () => {
    it('keeps its fence and lease, so that its run settles it', async () => {
      await limit(1);
      await entry();
      const running = await mustClaim();
      const { number } = await commit(running);
      await exit('stop_loss');
      await mustClaim();
      const [renewed] = await renewLeases(db, 'test', [running.orderId], LEASE_MS);
      expect(renewed).to.deep.equal({ orderId: running.orderId, holdsSlot: false });
      const failure = { reason: 'TRANSACTION_EXPIRED' as const, error: 'Expired.', retryDelayMs: 1_000 };
      const after = await settleFailure(db, running, await read(running), failure, { number, state: 'DEAD' });
      expect(after.status).to.equal('FAILED');
      const { processing, watching } = await readQueueStats(db);
      expect({ processing, watching }).to.deep.equal({ processing: 1, watching: 0 });
    });

    it('goes before an entry with nothing committed, which would lose its quote', async () => {
      await limit(2);
      await entry();
      await entry();
      const sent = await mustClaim();
      const unsent = await mustClaim();
      await commit(sent);
      await exit('manual');
      await mustClaim();
      expect((await read(sent)).holdsSlot).to.equal(false);
      expect((await read(unsent)).status).to.equal('SUBMITTED');
      const { processing, watching } = await readQueueStats(db);
      expect({ processing, watching }).to.deep.equal({ processing: 2, watching: 1 });
    });

    it('also when it is an exit, but only to a more urgent one', async () => {
      await limit(1);
      await exit('take_profit_1');
      const sent = await mustClaim();
      await commit(sent);
      await exit('take_profit_2');
      expect(await claim()).to.equal(undefined);
      const stop = await exit('stop_loss');
      expect((await mustClaim()).orderId).to.equal(stop.orderId);
      expect((await read(sent)).holdsSlot).to.equal(false);
    });

    it('comes without a slot when somebody takes it over', async () => {
      await limit(1);
      await setDatabaseTime(db, new Date());
      await entry();
      const sent = await mustClaim();
      await commit(sent);
      await exit('stop_loss');
      const stop = await mustClaim();
      await advanceDatabaseTime(db, LEASE_MS + 1);
      const taken = await takeOverOrders(db, 'heir', LEASE_MS, [], 10);
      expect(taken.map(({ orderId, holdsSlot }) => ({ orderId, holdsSlot }))).to.have.deep.members([
        { orderId: stop.orderId, holdsSlot: true },
        { orderId: sent.orderId, holdsSlot: false },
      ]);
      const head = await readMessages(db, sent.orderId, 0n, 100);
      expect(taken.find((each) => each.orderId === sent.orderId)?.headSequence).to.equal(head.at(-1)?.sequence);
    });
  });

  it('P8 frees the slot of any order whose confirmation takes too long, once', async () => {
    await limit(1);
    await setDatabaseTime(db, new Date());
    await exit('manual');
    const sent = await mustClaim();
    await commit(sent);
    await advanceDatabaseTime(db, 74_999);
    expect(await releaseOverdueSlots(db, 75_000)).to.have.lengthOf(0);
    await advanceDatabaseTime(db, 1);
    expect(await releaseOverdueSlots(db, 75_000)).to.have.lengthOf(1);
    expect(await releaseOverdueSlots(db, 75_000)).to.have.lengthOf(0);
    expect(await read(sent)).to.include({ status: 'CONFIRMING', reason: 'SLOT_TIMED_OUT', holdsSlot: false });
    const next = await entry();
    expect((await mustClaim()).orderId).to.equal(next.orderId);
  });

  describe('P8 reserved and extra slots', () => {
    it('keeps EXIT_RESERVED_SLOTS free of entries', async () => {
      await limit(3, 1);
      for (let i = 0; i < 3; i++) await entry();
      await mustClaim();
      await mustClaim();
      expect(await claim()).to.equal(undefined);
      const stop = await exit('stop_loss');
      expect((await mustClaim()).orderId).to.equal(stop.orderId);
      expect((await readQueueStats(db)).processing).to.equal(3);
    });

    it('lets an emergency exceed the maximum by EMERGENCY_EXTRA_SLOTS, and nothing else', async () => {
      await limit(1, 0, 1);
      await exit('stop_loss');
      const stop = await mustClaim();
      await entry();
      await exit('stop_loss');
      expect(await claim()).to.equal(undefined);
      const emergency = await exit('manual', true);
      expect((await mustClaim()).orderId).to.equal(emergency.orderId);
      await exit('manual', true);
      expect(await claim(), 'one extra slot only').to.equal(undefined);
      await fillClaimed(db, stop, { lamports: 1n, tokens: 1n });
      expect((await mustClaim()).emergency, 'the extra slot counts').to.equal(true);
    });
  });

  describe('P9 entries that call themselves emergencies', () => {
    const emergencyEntry = async () => (await submitOrder(db, entryDraft({ emergency: true }))).order;

    it('keep no emergency exit waiting: not those that wait longer, and not those that run', async () => {
      await limit(1);
      await emergencyEntry();
      await mustClaim();
      await emergencyEntry();
      const out = await exit('manual', true);
      expect((await mustClaim()).orderId).to.equal(out.orderId);
    });

    it('count as waiting entries, of which there may be so many and no more', async () => {
      await emergencyEntry();
      await entry();
      await exit('manual', true);
      expect(await countWaitingEntries(db, 10)).to.equal(2);
    });
  });

  describe('P9 the trading state', () => {
    it('EXITS_ONLY starts exits alone and still makes room for them', async () => {
      await limit(1);
      await entry();
      const running = await mustClaim();
      await setTradingState(db, { state: 'EXITS_ONLY', changedBy: 'test', changeReason: 'test' });
      const profit = await exit('take_profit_1');
      expect((await mustClaim()).orderId).to.equal(profit.orderId);
      expect((await read(running)).status).to.equal('PENDING');
      await fillClaimed(db, await read(profit), { lamports: 1n, tokens: 1n });
      expect(await claim()).to.equal(undefined);
    });

    it('HALTED starts emergency exits alone: not a stop-loss, and not an entry marked emergency', async () => {
      await setTradingState(db, { state: 'HALTED', changedBy: 'test', changeReason: 'test' });
      await exit('stop_loss');
      await submitOrder(db, entryDraft({ emergency: true }));
      expect(await claim()).to.equal(undefined);
      const emergency = await exit('manual', true);
      expect((await mustClaim()).orderId).to.equal(emergency.orderId);
    });
  });
});
