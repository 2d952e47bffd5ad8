import { expect } from 'chai';
import { newId } from '../core/ids.js';
import type { Order } from '../order/order.js';
import { commitAttempt } from './attempts.js';
import { claimNextOrder } from './claim-next.js';
import type { Database } from './database.js';
import { getOrder, listOrders } from './orders.js';
import { freeReqId } from './own-req-ids.js';
import { getPosition } from './positions.js';
import { setSlotLimits } from './scheduler-state.js';
import { settleFailure, settleFill } from './settlement.js';
import { submitOrder } from './submit.js';
import { entryDraft, exitDraft, LEASE_MS, openTestPosition, testAttempt } from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { cancelOrder } from './waiting-orders.js';

const BOUGHT = 1_000_000n;
const NO_ROUTE = { reason: 'NO_ROUTE' as const, error: 'No route.', retryDelayMs: 1_000 };

describeOnBothStores("X9 X11 Exitlane's own ids in a database where clients' orders have some", (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
    await setSlotLimits(db, { maxConcurrent: 10, exitReserved: 0, emergencyExtra: 0 });
  });
  afterEach(() => db.close());

  /** A client's order, as it was accepted before such ids were refused; it does not run. */
  const take = async (orderReqId: string) => {
    const { order } = await submitOrder(db, entryDraft({ orderReqId }));
    return cancelOrder(db, order.orderId, 'Cancelled.');
  };
  const send = async () => {
    const claimed = await claimNextOrder(db, 'test', LEASE_MS);
    if (!claimed) throw new Error('nothing to claim');
    return (await db.transaction((tx) => commitAttempt(tx, claimed, testAttempt()))).order;
  };
  const die = (order: Order) => settleFailure(db, order, order, NO_ROUTE, { number: 1, state: 'DEAD' });
  const fill = (order: Order) => {
    const tokens = order.requestedTokens ?? 0n;
    const sold = { lamports: tokens, tokens, feeLamports: 5_000n, rentLamports: 0n, price: '0.000001' };
    return settleFill(db, order, order, { number: 1, slot: 9n }, sold);
  };
  /** A sent exit of 30 % and a stop-loss that sells the rest: should the first die, its tokens follow under an id of ours. */
  const sentBesideStop = async () => {
    const { positionId } = await openTestPosition(db, BOUGHT);
    await submitOrder(db, exitDraft(positionId, 'take_profit_1', { percent: 30 }));
    const sent = await send();
    await submitOrder(db, exitDraft(positionId, 'stop_loss', { percent: 100 }));
    return { positionId, sent };
  };

  it('X11 the tokens of a dead exit follow under the next id when an order has theirs, and all is sold once', async () => {
    const { positionId, sent } = await sentBesideStop();
    const taken = await take(`follow:${sent.orderId}`);
    expect(await die(sent)).to.include({ status: 'CANCELLED', reason: 'SUPERSEDED' });
    const follower = await getOrder(db, { orderReqId: `follow:${sent.orderId}.2` });
    expect(follower).to.include({ status: 'PENDING', exitReason: 'stop_loss', positionId, requestedTokens: 300_000n });
    expect((await getPosition(db, positionId)).reservedTokens).to.equal(BOUGHT);
    await fill(await send());
    await fill(await send());
    expect(await getPosition(db, positionId)).to.include({ status: 'CLOSED', soldTokens: BOUGHT, reservedTokens: 0n });
    expect(await getOrder(db, { orderId: taken.orderId })).to.include({ orderType: 'ENTRY', status: 'CANCELLED' });
  });

  it("X11 and when a client's wish has it, whose order is still made under its own id", async () => {
    const { sent } = await sentBesideStop();
    const other = await openTestPositionBeside();
    await submitOrder(db, exitDraft(other, 'manual', { percent: 100 }, { orderReqId: 'others' }));
    const others = await send();
    const wish = { orderReqId: `follow:${sent.orderId}`, payloadHash: 'wish' };
    expect((await submitOrder(db, exitDraft(other, 'stop_loss', { percent: 100 }, wish))).follows).to.equal(true);
    await die(sent);
    expect((await getOrder(db, { orderReqId: `follow:${sent.orderId}.2` })).positionId).to.equal(sent.positionId);
    await die(others);
    expect(await getOrder(db, { orderReqId: wish.orderReqId })).to.include({ positionId: other, payloadHash: 'wish' });
  });

  /** A position opened while exits of another one wait. */
  async function openTestPositionBeside(): Promise<string> {
    await db.query(`UPDATE orders SET status = 'FAILED', next_retry_at = 'infinity' WHERE status = 'PENDING'`);
    const { positionId } = await openTestPosition(db, BOUGHT);
    await db.query(`UPDATE orders SET status = 'PENDING', next_retry_at = NULL WHERE next_retry_at = 'infinity'`);
    await db.query(`UPDATE orders SET priority = 100 WHERE status = 'PENDING'`);
    return positionId;
  }

  it('X11 two exits of a position that die at once have a follower each, whatever ids are taken', async () => {
    const { positionId } = await openTestPosition(db, BOUGHT);
    await submitOrder(db, exitDraft(positionId, 'time_limit', { percent: 30 }));
    const first = await send();
    await submitOrder(db, exitDraft(positionId, 'manual', { percent: 50 }));
    const second = await send();
    await submitOrder(db, exitDraft(positionId, 'stop_loss', { percent: 100 }));
    const rest = await send();
    for (const { orderId } of [first, second]) {
      await take(`follow:${orderId}`);
      await take(`follow:${orderId}.3`);
    }
    const racing = [first, second].map(({ orderId }) =>
      submitOrder(db, entryDraft({ orderReqId: `follow:${orderId}.2` })),
    );
    await Promise.all([...racing, die(first), die(second)]);
    const exits = await listOrders(db, { positionId, statuses: ['PENDING'], orderType: 'EXIT', limit: 10 });
    const tokens = exits.map(({ requestedTokens }) => requestedTokens ?? 0n);
    expect(exits).to.have.length(2);
    expect(tokens.reduce((sum, each) => sum + each, rest.requestedTokens ?? 0n)).to.equal(BOUGHT);
    for (const { orderReqId } of exits) expect(orderReqId).to.match(/^follow:[0-9a-f-]{36}\.[24]$/);
  });

  it('X11 an id is free in the end, however many are taken', async () => {
    const wanted = `follow:${newId()}`;
    expect(await freeReqId(db, wanted)).to.equal(wanted);
    await take(wanted);
    for (let n = 2; n <= 40; n++) {
      const free = await freeReqId(db, wanted);
      if (free !== `${wanted}.${n}`) break;
      await take(free);
    }
    const free = await freeReqId(db, wanted);
    expect(free).to.match(/^follow:[0-9a-f-]{36}\.[0-9a-f-]{36}$/);
    expect(await freeReqId(db, wanted)).to.not.equal(free);
  });
});
