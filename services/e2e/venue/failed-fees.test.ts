import { expect } from 'chai';
import { AttemptState, type Order, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { formatAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { type Desk, expectFilledOnce, openDesk } from './desk.js';

/** Of an entry only the fill's fee goes to the order and its position; what its failed attempts cost stands at them. */
describe('E10 X8 the fee of an entry that landed with an error', () => {
  let desk: Desk;
  before(async () => {
    // Each send moves the price: the same bytes must not be sent twice, however slow the machine is.
    const venue = { resendIntervalMs: 30_000 };
    desk = await openDesk({ retryPolicy: { firstDelayMs: 20, maxDelayMs: 50 }, venue });
  });
  after(() => desk.close());

  /** The price jumps after this many sends, so that each of them lands and slips. */
  async function slip(count: number): Promise<void> {
    await desk.venue.arm({ fault: 'price_jump', mint: 'WIF', multiply: '1.5', after: 'sendTransaction', count });
  }

  /** Fees of the order's attempts by the API, and of the same transactions by the chain. */
  function feesOf({ attempts }: Order) {
    const chain = new Map(desk.venue.ledger().map(({ signature, fee }) => [signature, fee]));
    return {
      told: attempts.map(({ feeSol }) => feeSol),
      taken: attempts.map(({ txSignature }) => formatAmount(BigInt(chain.get(txSignature) ?? 0), SOL_DECIMALS)),
    };
  }

  it('stands at each attempt, and not on the fill', async () => {
    await slip(2);
    await desk.buy('slips-twice');
    await desk.story('slips-twice');
    const order = await expectFilledOnce(desk, 'slips-twice', 2);
    expect(order.attempts.map(({ state }) => state)).to.deep.equal([
      AttemptState.LANDED_FAILED,
      AttemptState.LANDED_FAILED,
      AttemptState.LANDED,
    ]);
    const { told, taken } = feesOf(order);
    expect(told).to.deep.equal(taken);
    for (const fee of told) expect(Number(fee)).to.be.above(0);
    expect(order.feeSol).to.equal(told.at(-1));
  });

  it('stands at the attempts of an entry that is given up, which has no fee of its own', async () => {
    await slip(2);
    await desk.buy('gives-up', { maxAttempts: 2 });
    await desk.story('gives-up');
    const order = await desk.order('gives-up');
    expect(order).to.include({ status: OrderStatus.CANCELLED, feeSol: '', positionId: '' });
    const { told, taken } = feesOf(order);
    expect(told).to.have.length(2);
    expect(told).to.deep.equal(taken);
  });

  it('is seen by the checker, which misses no lamport of the wallet', async () => {
    const { ok, checks } = await desk.verified();
    expect(checks.filter(({ violations }) => violations.length > 0)).to.deep.equal([]);
    expect(ok).to.equal(true);
    const rows = Object.fromEntries(checks.map(({ name, rows: looked }) => [name, looked]));
    expect(rows).to.include({ 'attempt-fees': 5, 'wallet-lamports': 5, 'given-up': 2 });
  });
});
