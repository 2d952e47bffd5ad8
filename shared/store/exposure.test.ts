import { expect } from 'chai';
import { unrealizedPnl } from '../position/valuation.js';
import { claimNextOrder } from './claim-next.js';
import { saveCurrentPrices } from './current-prices.js';
import type { Database } from './database.js';
import { readExposure } from './exposure.js';
import { readPnl } from './pnl.js';
import { getPosition } from './positions.js';
import { submitOrder } from './submit.js';
import { BONK, entryDraft, exitDraft, fillClaimed, LEASE_MS, openTestPosition } from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { cancelOrder } from './waiting-orders.js';

const SOL = 1_000_000_000n;
const WIF = 'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm';

describeOnBothStores('what is at stake and what it brings', (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });
  afterEach(() => db.close());

  const price = (value: string) =>
    saveCurrentPrices(db, new Map([[BONK, { value, observedAt: new Date(), source: 'test' }]]));
  const sell = async (positionId: string, percent: number, lamports: bigint) => {
    await submitOrder(db, exitDraft(positionId, 'manual', { percent }));
    const claimed = await claimNextOrder(db, 'test', LEASE_MS);
    if (!claimed) throw new Error('nothing to claim');
    await fillClaimed(db, claimed, { lamports, tokens: claimed.requestedTokens ?? 0n });
  };

  it('X13 counts the cost of what is held and the entries on their way, by token and in all; simulated ones not', async () => {
    const { positionId } = await openTestPosition(db);
    await sell(positionId, 25, SOL);
    const waiting = (await submitOrder(db, entryDraft({ requestedLamports: 2n * SOL }))).order;
    await submitOrder(db, entryDraft({ requestedLamports: 3n * SOL, mint: WIF }));
    await submitOrder(db, entryDraft({ requestedLamports: 50n * SOL, isSimulated: true }));
    expect(await readExposure(db, BONK)).to.deep.equal({
      positions: 3,
      tokenLamports: 2_750_000_000n,
      totalLamports: 5_750_000_000n,
      promisedLamports: 5n * SOL,
    });
    await cancelOrder(db, waiting.orderId, 'Cancelled.');
    await sell(positionId, 100, SOL);
    expect(await readExposure(db, BONK)).to.deep.equal({
      positions: 1,
      tokenLamports: 0n,
      totalLamports: 3n * SOL,
      promisedLamports: 3n * SOL,
    });
  });

  it('X8 sums realised profit, and what is held at the last accepted price to the lamport; fees apart', async () => {
    const { positionId } = await openTestPosition(db, 100_000_001n);
    expect(await readPnl(db)).to.include({
      openPositions: 1,
      withoutPrice: 1,
      unrealizedLamports: 0n,
      feeLamports: 5_000n,
    });
    await sell(positionId, 33, 400_000_000n);
    await price('0.000912345678901234');
    const position = await getPosition(db, positionId);
    const held = unrealizedPnl(position, position.decimals, '0.000912345678901234');
    expect(await readPnl(db)).to.deep.equal({
      realizedLamports: position.realizedPnlLamports,
      unrealizedLamports: held,
      feeLamports: 10_000n,
      openPositions: 1,
      closedPositions: 0,
      withoutPrice: 0,
    });
    await sell(positionId, 100, 600_000_001n);
    expect(await readPnl(db)).to.include({ realizedLamports: 1n, unrealizedLamports: 0n, closedPositions: 1 });
    expect(await readPnl(db, new Date(Date.now() + 60_000))).to.include({ realizedLamports: 0n, closedPositions: 0 });
  });

  it('X10 never replaces a price by an older one, nor touches closed positions', async () => {
    const { positionId } = await openTestPosition(db);
    await price('0.001');
    const old = { value: '0.002', observedAt: new Date(Date.now() - 60_000), source: 'test' };
    await saveCurrentPrices(db, new Map([[BONK, old]]));
    expect((await getPosition(db, positionId)).currentPrice).to.equal('0.001');
    await sell(positionId, 100, SOL);
    await price('0.003');
    expect((await getPosition(db, positionId)).currentPrice).to.equal('0.001');
  });
});
