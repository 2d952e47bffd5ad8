import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { mintOf } from '../../sandbox/mints.js';
import { type Desk, expectFilledOnce, FILLED_AT_ONCE, openDesk, pathOf, QUEUED } from './desk.js';

const WIF = mintOf('WIF').address;
const CLAIMED = 'SUBMITTED CLAIMED';

describe('E3 X5 what the user sees when no later try could fare better', () => {
  let desk: Desk;
  before(async () => {
    desk = await openDesk({ retryPolicy: { firstDelayMs: 100, maxDelayMs: 400 } });
  });
  after(() => desk.close());

  it('an entry into a token that is not tradable ends at once, and says why', async () => {
    await desk.venue.arm({ fault: 'not_tradable', mint: 'WIF' });
    await desk.buy('entry');
    const story = await desk.story('entry');
    expect(pathOf(story)).to.deep.equal([QUEUED, CLAIMED, 'CANCELLED TOKEN_NOT_TRADABLE']);
    const ended = story.at(-1);
    expect(ended).to.include({
      attemptCount: 1,
      attempt: 0,
      txSignature: '',
      isTerminal: true,
      nextRetryAt: undefined,
    });
    expect(ended?.detail).to.match(
      /is not tradable\. Jupiter does not trade this token\. No later try can fare better: the entry ends after attempt 1 of 5\.$/,
    );
    const order = await desk.order('entry');
    expect(order).to.include({ status: OrderStatus.CANCELLED, reason: 'TOKEN_NOT_TRADABLE', canRetry: true });
    expect(order.lastError).to.match(/Jupiter does not trade this token\.$/);
    expect(order.attempts).to.deep.equal([]);
  });

  it('an exit goes on: the token becomes tradable again, and it gets out', async () => {
    await desk.buy('held');
    await desk.story('held');
    const { positionId } = await desk.order('held');
    await desk.venue.arm({ fault: 'not_tradable', mint: 'WIF', count: 3 });
    await desk.sell('exit', positionId, 'stop_loss');
    const failed = [CLAIMED, 'FAILED TOKEN_NOT_TRADABLE', 'PENDING RETRY_DUE'];
    const path = pathOf(await desk.story('exit'));
    expect(path).to.deep.equal([QUEUED, ...failed, ...failed, ...failed, ...FILLED_AT_ONCE.slice(1)]);
    await expectFilledOnce(desk, 'exit', 3);
  });

  it('an entry that the wallet cannot pay is tried again: the next exit brings funds', async () => {
    const { wallet } = await desk.venue.state();
    const { lamports } = await desk.venue.holdings(wallet);
    const sol = (part: bigint) => String((lamports * part) / 100n / 1_000_000_000n);
    await desk.buy('much', { tokenAddress: WIF, amountSol: sol(60n), maxSlippageBps: 5_000 });
    await desk.story('much');
    const { positionId } = await desk.order('much');
    await desk.buy('short', { amountSol: sol(55n), maxSlippageBps: 5_000, maxAttempts: 20 });
    const told = await desk.story('short', ({ status }) => status === OrderStatus.FAILED);
    expect(pathOf(told).at(-1)).to.equal('FAILED INSUFFICIENT_FUNDS');
    await desk.sell('brings', positionId, 'take_profit_1');
    expect(pathOf(await desk.story('short')).at(-1)).to.equal('FILLED FILLED');
    expect((await desk.order('brings')).status).to.equal(OrderStatus.FILLED);
  });

  it('the checker agrees with every end', async () => {
    const { checks } = await desk.verified();
    expect(checks.filter(({ violations }) => violations.length > 0)).to.deep.equal([]);
    expect(checks.find(({ name }) => name === 'given-up')?.rows).to.equal(3);
  });
});
