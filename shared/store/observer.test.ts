import { expect } from 'chai';
import { currentCallFacts, LOCAL_CALLER, runInCall } from '../core/call-context.js';
import type { OrderMove } from '../order/order-move.js';
import { claimNextOrder } from './claim-next.js';
import type { Database } from './database.js';
import type { StoreWork } from './observer.js';
import { getOrder, insertOrder } from './orders.js';
import { settleFailure } from './settlement.js';
import { submitOrder } from './submit.js';
import { entryDraft, exitDraft, fillClaimed, LEASE_MS, openTestPosition } from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { cancelOrder } from './waiting-orders.js';

describeOnBothStores('E1 O2 what the store tells its observer', (open) => {
  let db: Database;
  let moves: OrderMove[];
  let work: StoreWork[];
  beforeEach(async () => {
    moves = [];
    work = [];
    db = await open({ ordersMoved: (some) => moves.push(...some), worked: (done) => work.push(done) });
  });
  afterEach(() => db.close());

  const told = () => moves.map(({ order, attempt, failure }) => [order.status, order.reason, attempt, failure]);

  it('every transition once, as it was committed', async () => {
    await submitOrder(db, entryDraft());
    const claimed = await claimNextOrder(db, 'test', LEASE_MS);
    if (!claimed) throw new Error('nothing to claim');
    await fillClaimed(db, claimed, { lamports: 1_000_000_000n, tokens: 5n });
    expect(told()).to.deep.equal([
      ['PENDING', 'ACCEPTED', undefined, undefined],
      ['SUBMITTED', 'CLAIMED', undefined, undefined],
      ['CONFIRMING', 'ATTEMPT_COMMITTED', 1, undefined],
      ['FILLED', 'FILLED', 1, undefined],
    ]);
  });

  it('why an execution failed, also where the attempts are used up', async () => {
    await submitOrder(db, entryDraft({ maxAttempts: 1 }));
    const claimed = await claimNextOrder(db, 'test', LEASE_MS);
    if (!claimed) throw new Error('nothing to claim');
    const failure = { reason: 'NO_ROUTE', error: 'There is no route.', retryDelayMs: 10 } as const;
    await settleFailure(db, claimed, claimed, failure);
    expect(told().at(-1)).to.deep.equal(['CANCELLED', 'ATTEMPTS_EXHAUSTED', undefined, 'NO_ROUTE']);
  });

  it('all orders that one transaction moved: an exit that takes the slot of an entry', async () => {
    const { positionId } = await openTestPosition(db);
    await db.query('UPDATE scheduler SET max_concurrent = 1');
    await submitOrder(db, entryDraft());
    await claimNextOrder(db, 'test', LEASE_MS);
    await submitOrder(db, exitDraft(positionId, 'stop_loss', { percent: 100 }));
    moves.length = 0;
    await claimNextOrder(db, 'test', LEASE_MS);
    expect(told()).to.have.deep.members([
      ['PENDING', 'PREEMPTED', undefined, undefined],
      ['SUBMITTED', 'CLAIMED', undefined, undefined],
    ]);
  });

  it('a person who cancels', async () => {
    const { order } = await submitOrder(db, entryDraft());
    await cancelOrder(db, order.orderId, 'Cancelled.');
    expect(told().at(-1)).to.deep.equal(['CANCELLED', 'CANCELLED_BY_CLIENT', undefined, undefined]);
  });

  it('nothing of what was rolled back', async () => {
    const { draft } = entryDraft();
    const broken = db.transaction(async (tx) => {
      await insertOrder(tx, { ...draft, requestedTokens: null });
      throw new Error('changed my mind');
    });
    await broken.catch(() => undefined);
    expect(moves).to.deep.equal([]);
    expect(work.at(-1)).to.include({ kind: 'transaction', failed: undefined });
  });

  it('how long work took, and whether the database failed it', async () => {
    await db.query('SELECT pg_sleep(0.02)');
    expect(work.at(-1)).to.include({ kind: 'query', failed: undefined });
    expect(work.at(-1)?.tookMs).to.be.above(15);
    await db.query('SELECT nothing FROM nowhere').catch(() => undefined);
    expect(work.at(-1)).to.include({ kind: 'query', failed: 'statement' });
    await claimNextOrder(db, 'test', LEASE_MS);
    expect(work.at(-1)).to.include({ kind: 'transaction', failed: undefined });
  });

  it('O1 what a hint wakes is part of no call, whoever led to it', async () => {
    const woken: unknown[] = [];
    const stop = db.onHint('queue', () => woken.push(currentCallFacts()));
    const facts = { method: 'S/M', requestId: 'r', peer: '', caller: LOCAL_CALLER };
    await runInCall(facts, async () => {
      const { order } = await submitOrder(db, entryDraft());
      expect(order.requestId).to.equal('r');
      expect(currentCallFacts()).to.include({ requestId: 'r' });
    });
    stop();
    expect(woken).to.deep.equal([undefined]);
  });

  it('how many connections there are', async () => {
    await db.query('SELECT 1');
    const { total = 0, idle = 0, waiting } = db.connections?.() ?? {};
    expect(total).to.be.above(0);
    expect(idle).to.equal(total);
    expect(waiting).to.equal(0);
  });
});

describeOnBothStores('E1 O2 an observer that throws', (open) => {
  const fails = () => {
    throw new Error('no space left on device');
  };

  it('changes nothing of what is committed, answered and refused', async () => {
    const db = await open({ ordersMoved: fails, worked: fails });
    try {
      const hints: string[] = [];
      db.onHint('order', fails);
      db.onHint('order', (key) => hints.push(key));
      const submission = entryDraft();
      const { order, duplicate } = await submitOrder(db, submission);
      expect(duplicate).to.equal(false);
      expect((await submitOrder(db, submission)).duplicate).to.equal(true);
      const claimed = await claimNextOrder(db, 'test', LEASE_MS);
      if (!claimed) throw new Error('nothing to claim');
      expect(claimed.orderId).to.equal(order.orderId);
      await fillClaimed(db, claimed, { lamports: 1_000_000_000n, tokens: 5n });
      expect(await getOrder(db, { orderId: order.orderId })).to.include({ status: 'FILLED' });
      expect(hints).to.include(order.orderId);
      const refused = await db.query('SELECT nothing FROM nowhere').catch((error: Error) => error);
      expect(refused).to.be.instanceOf(Error).with.property('message').that.contains('nowhere');
      const undone = await db.transaction(() => Promise.reject(new Error('changed my mind'))).catch((e: Error) => e);
      expect(undone).to.have.property('message', 'changed my mind');
    } finally {
      await db.close();
    }
  });
});
