import { expect } from 'chai';
import { ExitlaneError } from '../core/errors.js';
import { commitAttempt, findOpenAttempt, listAttempts } from './attempts.js';
import { claimNextOrder } from './claim-next.js';
import { hasEndedLease, raiseFence, renewLeases, takeOverOrders } from './claims.js';
import type { Database } from './database.js';
import { readLogHeader, readMessages } from './messages.js';
import { moveOrder } from './order-transitions.js';
import { countWaitingEntries, getOrder, listOrders } from './orders.js';
import { getPosition } from './positions.js';
import { insertProposal } from './proposals.js';
import { readQueueStats } from './queue-stats.js';
import { setSlotLimits, setTradingState } from './scheduler-state.js';
import { settleFailure } from './settlement.js';
import { findRepeat, submitOrder } from './submit.js';
import {
  advanceDatabaseTime,
  anotherExit,
  entryDraft,
  exitDraft,
  fillClaimed,
  LEASE_MS,
  openTestPosition,
  setDatabaseTime,
} from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { cancelOrder, expireWaitingEntries, nextDueMs, requeueDueRetries } from './waiting-orders.js';

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ExitlaneError) return error.reason;
    throw error;
  }
  return 'no error';
}

const NO_ROUTE = { reason: 'NO_ROUTE' as const, error: 'No route.', retryDelayMs: 1_500 };

describeOnBothStores('the store', (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });
  afterEach(() => db.close());

  const claim = (owner = 'test') => claimNextOrder(db, owner, LEASE_MS);
  const mustClaim = async (owner = 'test') => {
    const order = await claim(owner);
    if (!order) throw new Error('nothing to claim');
    return order;
  };
  const texts = async (orderId: string) => (await readMessages(db, orderId, 0n, 1000)).map((m) => m.text);

  describe('S6 idempotent submission', () => {
    it('finds the order of a repeated request and refuses the id for another one', async () => {
      const submission = entryDraft();
      const first = await submitOrder(db, submission);
      const second = await submitOrder(db, submission);
      expect(first.duplicate).to.equal(false);
      expect(second.duplicate).to.equal(true);
      expect(second.order.orderId).to.equal(first.order.orderId);
      const { orderReqId } = submission.draft;
      expect(await reasonOf(findRepeat(db, orderReqId, 'another'))).to.equal('ORDER_REQ_ID_TAKEN');
    });

    it('makes one order out of many simultaneous repeats', async () => {
      const submission = entryDraft();
      const answers = await Promise.all(Array.from({ length: 8 }, () => submitOrder(db, submission)));
      expect(answers.filter((answer) => !answer.duplicate)).to.have.lengthOf(1);
      expect(new Set(answers.map((answer) => answer.order.orderId)).size).to.equal(1);
    });

    it('takes back the reservation of an exit whose id was taken', async () => {
      const { positionId } = await openTestPosition(db);
      const taken = await submitOrder(db, entryDraft());
      const exit = exitDraft(positionId, 'manual', { percent: 50 }, { orderReqId: taken.order.orderReqId });
      expect(await reasonOf(submitOrder(db, exit))).to.equal('ORDER_REQ_ID_TAKEN');
      expect((await getPosition(db, positionId)).reservedTokens).to.equal(0n);
    });
  });

  describe('P2 P3 claims take the best order', () => {
    it('claims emergency, exits by urgency, then entries by age', async () => {
      const { positionId } = await openTestPosition(db);
      await setSlotLimits(db, { maxConcurrent: 100, exitReserved: 0, emergencyExtra: 0 });
      const submitted: string[] = [];
      for (let i = 0; i < 5; i++) submitted.push((await submitOrder(db, entryDraft())).order.orderReqId);
      for (const reason of ['manual', 'take_profit_1', 'stop_loss', 'time_limit']) {
        const emergency = reason === 'time_limit';
        submitted.push((await anotherExit(db, positionId, reason, { emergency })).orderReqId);
      }
      const order: string[] = [];
      for (let next = await claim(); next; next = await claim()) order.push(next.orderReqId);
      const [e1, e2, e3, e4, e5, manual, profit, stop, emergency] = submitted;
      expect(order).to.deep.equal([emergency, stop, profit, manual, e1, e2, e3, e4, e5]);
    });

    it('keeps the seniority of a retried order', async () => {
      await setSlotLimits(db, { maxConcurrent: 1, exitReserved: 0, emergencyExtra: 0 });
      const old = (await submitOrder(db, entryDraft())).order;
      await submitOrder(db, entryDraft());
      await setDatabaseTime(db, new Date());
      const running = await mustClaim();
      expect(running.orderId).to.equal(old.orderId);
      await settleFailure(db, running, running, NO_ROUTE);
      await advanceDatabaseTime(db, 1_600);
      await requeueDueRetries(db, 10);
      expect((await mustClaim()).orderId).to.equal(old.orderId);
    });
  });

  describe('P4 the limit', () => {
    it('never gives more slots than the maximum, however many claim at once', async () => {
      for (let i = 0; i < 10; i++) await submitOrder(db, entryDraft());
      const claims = await Promise.all(Array.from({ length: 10 }, (_, i) => claim(`owner-${i}`)));
      expect(claims.filter((order) => order !== undefined)).to.have.lengthOf(3);
      expect((await readQueueStats(db)).processing).to.equal(3);
    });

    it('gives a slot back with the fill, the failure and the cancel', async () => {
      await setSlotLimits(db, { maxConcurrent: 1, exitReserved: 0, emergencyExtra: 0 });
      for (let i = 0; i < 4; i++) await submitOrder(db, entryDraft());
      const first = await mustClaim();
      expect(await claim()).to.equal(undefined);
      await fillClaimed(db, first, { lamports: 1n, tokens: 1n });
      const second = await mustClaim();
      await settleFailure(db, second, second, NO_ROUTE);
      const third = await mustClaim();
      await cancelOrder(db, third.orderId, 'Cancelled.');
      expect((await mustClaim()).orderId).to.not.equal(third.orderId);
    });
  });

  describe('P9 trading state', () => {
    it('lets only exits start under EXITS_ONLY and only emergency exits when HALTED', async () => {
      const { positionId } = await openTestPosition(db);
      await submitOrder(db, entryDraft({ emergency: true }));
      await anotherExit(db, positionId, 'manual');
      const state = (name: 'ACTIVE' | 'EXITS_ONLY' | 'HALTED') =>
        setTradingState(db, { state: name, changedBy: 'test', changeReason: 'test' });
      await state('HALTED');
      expect(await claim()).to.equal(undefined);
      const emergency = await anotherExit(db, positionId, 'manual', { emergency: true });
      expect((await mustClaim()).orderId).to.equal(emergency.orderId);
      await state('EXITS_ONLY');
      expect((await mustClaim()).exitReason).to.equal('manual');
      expect(await claim()).to.equal(undefined);
      await state('ACTIVE');
      expect((await mustClaim()).orderType).to.equal('ENTRY');
    });
  });

  describe('fences and leases', () => {
    it('refuse every write under an old fence', async () => {
      await submitOrder(db, entryDraft());
      const order = await mustClaim();
      const raised = await raiseFence(db, order, 'test', LEASE_MS);
      expect(raised?.fence).to.equal(order.fence + 1n);
      expect(await raiseFence(db, order, 'test', LEASE_MS)).to.equal(undefined);
      expect(await reasonOf(settleFailure(db, order, order, NO_ROUTE))).to.equal('STALE_FENCE');
      expect(await reasonOf(fillClaimed(db, order, { lamports: 1n, tokens: 1n }))).to.equal('STALE_FENCE');
      expect(await listAttempts(db, order.orderId)).to.have.lengthOf(0);
      expect((await getOrder(db, { orderId: order.orderId })).status).to.equal('SUBMITTED');
    });

    it('let another requestor take over once the lease has run out, not before', async () => {
      await setDatabaseTime(db, new Date());
      await submitOrder(db, entryDraft());
      const order = await mustClaim('dead');
      await advanceDatabaseTime(db, LEASE_MS - 1);
      expect(await takeOverOrders(db, 'heir', LEASE_MS, [], 10)).to.have.lengthOf(0);
      expect(await renewLeases(db, 'dead', [order.orderId], LEASE_MS)).to.have.lengthOf(1);
      await advanceDatabaseTime(db, LEASE_MS);
      expect(await hasEndedLease(db, [])).to.equal(true);
      const [taken] = await takeOverOrders(db, 'heir', LEASE_MS, [], 10);
      expect(taken?.orderId).to.equal(order.orderId);
      expect(taken?.fence).to.equal(order.fence + 1n);
      expect(await renewLeases(db, 'dead', [order.orderId], LEASE_MS)).to.have.lengthOf(0);
    });
  });

  describe('E7 attempts', () => {
    it('E9 decide the race between commit and cancel: one wins, the other changes nothing', async () => {
      await submitOrder(db, entryDraft());
      const order = await mustClaim();
      const attempt = {
        signature: 'race',
        rawTransaction: new Uint8Array(),
        blockhash: '',
        lastValidBlockHeight: 1n,
        quote: {},
        proposalId: 'p',
        expectedPrice: '1',
      };
      const [commit, cancel] = await Promise.allSettled([
        db.transaction((tx) => commitAttempt(tx, order, attempt)),
        cancelOrder(db, order.orderId, 'Cancelled.'),
      ]);
      expect([commit.status, cancel.status].sort()).to.deep.equal(['fulfilled', 'rejected']);
      const after = await getOrder(db, { orderId: order.orderId });
      const open = await findOpenAttempt(db, order.orderId);
      expect(after.status).to.equal(commit.status === 'fulfilled' ? 'CONFIRMING' : 'CANCELLED');
      expect(open !== undefined).to.equal(commit.status === 'fulfilled');
    });

    it('end their order themselves: a failure that names no attempt cannot end what an attempt left on its way', async () => {
      await submitOrder(db, entryDraft());
      const order = await mustClaim();
      const attempt = {
        signature: 'on its way',
        rawTransaction: new Uint8Array(),
        blockhash: '',
        lastValidBlockHeight: 1n,
        quote: {},
        proposalId: 'p',
        expectedPrice: '1',
      };
      await db.transaction((tx) => commitAttempt(tx, order, attempt));
      expect(await reasonOf(settleFailure(db, order, order, NO_ROUTE))).to.equal('STALE_FENCE');
      expect((await getOrder(db, { orderId: order.orderId })).status).to.equal('CONFIRMING');
    });

    it('of two orders are never the same transaction', async () => {
      const attempt = {
        signature: 'the same',
        rawTransaction: new Uint8Array(),
        blockhash: '',
        lastValidBlockHeight: 1n,
        quote: {},
        proposalId: 'p',
        expectedPrice: '1',
      };
      for (let i = 0; i < 2; i++) await submitOrder(db, entryDraft());
      const first = await mustClaim();
      const second = await mustClaim();
      await db.transaction((tx) => commitAttempt(tx, first, attempt));
      const again = db.transaction((tx) => commitAttempt(tx, second, attempt));
      expect(await reasonOf(again)).to.equal('TRANSACTION_TAKEN');
      expect((await getOrder(db, { orderId: second.orderId })).status).to.equal('SUBMITTED');
    });

    it('are never two unresolved ones of one order', async () => {
      await submitOrder(db, entryDraft());
      const order = await mustClaim();
      await fillClaimed(db, order, { lamports: 5n, tokens: 5n });
      expect(await reasonOf(fillClaimed(db, order, { lamports: 5n, tokens: 5n }))).to.equal('STALE_FENCE');
      expect((await listAttempts(db, order.orderId)).map((a) => a.state)).to.deep.equal(['LANDED']);
    });
  });

  describe('S2 the message log', () => {
    it('numbers each order from 1 without gaps, however many write at once', async () => {
      const { order } = await submitOrder(db, entryDraft());
      const offer = (i: number) => ({
        orderId: order.orderId,
        proposalId: `p${i}`,
        source: 'maker',
        lamports: 1n,
        tokens: 1n,
        price: '1',
        note: '',
        expiresAt: null,
      });
      await Promise.allSettled(
        Array.from({ length: 30 }, (_, i) =>
          db.transaction(async (tx) => {
            await insertProposal(tx, offer(i), 5);
            if (i % 3 === 0) throw new Error('rolled back');
          }),
        ),
      );
      const messages = await readMessages(db, order.orderId, 0n, 1000);
      expect(messages.map((m) => m.sequence)).to.deep.equal(Array.from({ length: 21 }, (_, i) => BigInt(i + 1)));
      expect((await readLogHeader(db, order.orderReqId))?.head).to.equal(21n);
    });

    it('ends with the terminal state, after the proposals that it ends', async () => {
      await submitOrder(db, entryDraft());
      const order = await mustClaim();
      const offer = {
        proposalId: 'late',
        source: 'maker',
        lamports: 1n,
        tokens: 1n,
        price: '1',
        note: '',
        expiresAt: null,
      };
      await db.transaction((tx) => insertProposal(tx, { ...offer, orderId: order.orderId }, 5));
      await fillClaimed(db, order, { lamports: 1n, tokens: 1n });
      expect(await texts(order.orderId)).to.deep.equal([
        'PENDING',
        'SUBMITTED',
        'late/New',
        'CONFIRMING',
        'late/Expired',
        'FILLED',
      ]);
    });
  });

  describe('E10 X1 settlement', () => {
    it('opens a position with an entry and closes it with the exits, to the last unit', async () => {
      const { positionId } = await openTestPosition(db, 99_999n);
      const opened = await getPosition(db, positionId);
      expect(opened).to.include({ status: 'OPEN', entryTokens: 99_999n, entryLamports: 1_000_000_000n });
      await submitOrder(db, exitDraft(positionId, 'take_profit_1', { percent: 33 }));
      expect(await getPosition(db, positionId)).to.include({ status: 'EXIT_PENDING', reservedTokens: 32_999n });
      await fillClaimed(db, await mustClaim(), { lamports: 400_000_000n, tokens: 32_999n });
      const partial = await getPosition(db, positionId);
      expect(partial).to.include({ status: 'PARTIAL_EXIT', soldTokens: 32_999n, reservedTokens: 0n });
      await submitOrder(db, exitDraft(positionId, 'stop_loss', { percent: 100 }));
      await fillClaimed(db, await mustClaim(), { lamports: 700_000_000n, tokens: 67_000n });
      const closed = await getPosition(db, positionId);
      expect(closed).to.include({ status: 'CLOSED', soldTokens: 99_999n, realizedPnlLamports: 100_000_000n });
      expect(closed.closedAt).to.be.instanceOf(Date);
    });

    it('refuses to sell more than is left, and frees the tokens of an exit that is cancelled', async () => {
      const { positionId } = await openTestPosition(db, 1_000n);
      const tooMuch = exitDraft(positionId, 'manual', { tokens: 1_001n });
      expect(await reasonOf(submitOrder(db, tooMuch))).to.equal('POSITION_TOO_SMALL');
      const { order } = await submitOrder(db, exitDraft(positionId, 'manual', { tokens: 600n }));
      await cancelOrder(db, order.orderId, 'Cancelled.');
      expect(await getPosition(db, positionId)).to.include({ status: 'OPEN', reservedTokens: 0n });
      const direct = db.query('UPDATE positions SET reserved_tokens = 1001 WHERE position_id = $1', [positionId]);
      await direct.then(
        () => expect.fail('the database took it'),
        (error: Error) => expect(error.message).to.include('positions_never_oversold'),
      );
    });
  });

  describe('E3 failures and retries', () => {
    it('fall due never, later or now', async () => {
      await setDatabaseTime(db, new Date());
      expect(await nextDueMs(db)).to.equal(undefined);
      await submitOrder(db, entryDraft());
      const running = await mustClaim();
      await settleFailure(db, running, running, NO_ROUTE);
      expect(await nextDueMs(db)).to.equal(1_500);
      await advanceDatabaseTime(db, 2_000);
      expect(await nextDueMs(db)).to.equal(0);
      await requeueDueRetries(db, 10);
      expect(await nextDueMs(db)).to.equal(undefined);
    });

    it('count, wait, come back when due, and end CANCELLED when used up', async () => {
      await setDatabaseTime(db, new Date());
      const { order } = await submitOrder(db, entryDraft({ maxAttempts: 2 }));
      const first = await mustClaim();
      const failed = await settleFailure(db, first, first, NO_ROUTE);
      expect(failed).to.include({ status: 'FAILED', attemptCount: 1, reason: 'NO_ROUTE', lastError: 'No route.' });
      expect(await nextDueMs(db)).to.equal(1_500);
      expect(await requeueDueRetries(db, 10)).to.have.lengthOf(0);
      await advanceDatabaseTime(db, 1_500);
      expect(await requeueDueRetries(db, 10)).to.have.lengthOf(1);
      const second = await mustClaim();
      const ended = await settleFailure(db, second, second, NO_ROUTE);
      expect(ended).to.include({ status: 'CANCELLED', attemptCount: 2, reason: 'ATTEMPTS_EXHAUSTED' });
      expect(await texts(order.orderId)).to.deep.equal([
        'PENDING',
        'SUBMITTED',
        'FAILED',
        'PENDING',
        'SUBMITTED',
        'CANCELLED',
      ]);
      expect((await readQueueStats(db)).processedTotal).to.equal(1);
    });

    const NOT_TRADABLE = {
      reason: 'TOKEN_NOT_TRADABLE' as const,
      error: 'Not traded.',
      retryDelayMs: 1,
      definitive: true,
    };

    it('a definitive failure ends an entry at once, with its own reason', async () => {
      const { order } = await submitOrder(db, entryDraft({ maxAttempts: 5 }));
      const running = await mustClaim();
      const ended = await settleFailure(db, running, running, NOT_TRADABLE);
      expect(ended).to.include({
        status: 'CANCELLED',
        attemptCount: 1,
        reason: 'TOKEN_NOT_TRADABLE',
        holdsSlot: false,
      });
      expect(ended).to.include({ lastError: 'Not traded.', nextRetryAt: null });
      expect(await texts(order.orderId)).to.deep.equal(['PENDING', 'SUBMITTED', 'CANCELLED']);
      expect((await readQueueStats(db)).processedTotal).to.equal(1);
    });

    it('X5 an exit is tried on after a definitive failure, keeps its tokens, and ends when its attempts are used up', async () => {
      const { positionId } = await openTestPosition(db, 1_000n);
      await submitOrder(db, exitDraft(positionId, 'stop_loss', { percent: 100 }, { maxAttempts: 2 }));
      await setDatabaseTime(db, new Date());
      const first = await mustClaim();
      const failed = await settleFailure(db, first, first, NOT_TRADABLE);
      expect(failed).to.include({ status: 'FAILED', attemptCount: 1, reason: 'TOKEN_NOT_TRADABLE' });
      expect(await getPosition(db, positionId)).to.include({ status: 'EXIT_PENDING', reservedTokens: 1_000n });
      await advanceDatabaseTime(db, 1);
      expect(await requeueDueRetries(db, 10)).to.have.lengthOf(1);
      const second = await mustClaim();
      const ended = await settleFailure(db, second, second, NOT_TRADABLE);
      expect(ended).to.include({ status: 'CANCELLED', attemptCount: 2, reason: 'ATTEMPTS_EXHAUSTED' });
      expect(await getPosition(db, positionId)).to.include({ reservedTokens: 0n });
    });
  });

  describe('P10 expiry', () => {
    it('ends an entry that still waits at its time, and never claims it', async () => {
      const now = new Date();
      await setDatabaseTime(db, now);
      const { order } = await submitOrder(db, entryDraft({ expiresAt: new Date(now.getTime() + 1_000) }));
      await advanceDatabaseTime(db, 1_000);
      expect(await claim()).to.equal(undefined);
      const [expired] = await expireWaitingEntries(db, 10);
      expect(expired).to.include({ orderId: order.orderId, status: 'CANCELLED', reason: 'EXPIRED' });
    });
  });

  describe('E1 transitions', () => {
    it('outside the table are refused by the write itself', async () => {
      const { order } = await submitOrder(db, entryDraft());
      const fill = db.transaction((tx) => moveOrder(tx, order, { to: 'FILLED', reason: 'FILLED', detail: '' }));
      expect(await reasonOf(fill)).to.equal('STALE_FENCE');
    });
  });

  describe('P6 numbers and lists', () => {
    it('count by priority in one look', async () => {
      const { positionId } = await openTestPosition(db);
      for (let i = 0; i < 5; i++) await submitOrder(db, entryDraft());
      await submitOrder(db, exitDraft(positionId, 'stop_loss', { tokens: 1n }));
      await mustClaim();
      const stats = await readQueueStats(db);
      expect(stats).to.include({ queued: 5, queuedEntries: 5, queuedExits: 0, processing: 1, processedTotal: 1 });
      expect(stats.running.map((order) => order.priority)).to.deep.equal([10]);
      expect(stats.levels.find((level) => level.priority === 100)?.queued).to.equal(5);
      expect(await countWaitingEntries(db, 3)).to.equal(3);
    });

    it('list newest first, page by page, filtered', async () => {
      const made: string[] = [];
      for (let i = 0; i < 5; i++) made.push((await submitOrder(db, entryDraft())).order.orderId);
      const first = await listOrders(db, { limit: 3 });
      const last = first.at(-1)?.orderId ?? '';
      const second = await listOrders(db, { limit: 3, beforeOrderId: last });
      expect([...first, ...second].map((order) => order.orderId)).to.deep.equal(made.reverse());
      expect(await listOrders(db, { limit: 3, statuses: ['FILLED'] })).to.have.lengthOf(0);
    });
  });
});
