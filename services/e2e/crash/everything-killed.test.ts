import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { runningAtOnce } from './slot-watch.js';
import { Stack, showLogsOf } from './stack.js';
import { expectWholeStream } from './stream-truth.js';
import { expectAllFilledOnce } from './truth.js';

const SLOTS = 3;
const SYMBOLS = ['BONK', 'WIF', 'JUP', 'JTO', 'RAY', 'PYTH'];

describe('E7 E8 E10 P4 S1 every service is killed with orders waiting and running', function () {
  this.slow(30_000);
  let stack: Stack | undefined;
  afterEach(async function () {
    showLogsOf(this, stack);
    await stack?.close();
  });

  it('runs what waited and ends what ran, each filled once, and every lamport is accounted for', async () => {
    stack = await Stack.start();
    const { bot, venue, sandbox, processor, requestor } = stack;
    await bot.buy('held', 'POPCAT', '0.5');
    const held = await bot.follow('held').until(OrderStatus.FILLED);

    await venue.pause();
    const entries = SYMBOLS.map((symbol, index) => ({
      orderReqId: `entry-${symbol}`,
      symbol,
      amount: `0.${index + 1}`,
    }));
    for (const { orderReqId, symbol, amount } of entries) await bot.buy(orderReqId, symbol, amount);
    await bot.untilCount(OrderStatus.CONFIRMING, SLOTS);
    // Without it the exit would not wait, but take the slot of a sent entry (P8).
    await bot.setTradingState(TradingState.HALTED);
    await bot.sell('exit', held.positionId, 'stop_loss');
    await bot.untilCount(OrderStatus.PENDING, entries.length - SLOTS + 1);
    const followers = [...entries.map(({ orderReqId }) => orderReqId), 'exit'].map((id) => bot.follow(id));
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.PENDING)));

    await Promise.all([requestor.kill(), processor.kill(), sandbox.kill()]);
    await Promise.all([sandbox.start(), processor.start(), requestor.start()]);
    await bot.setTradingState(TradingState.ACTIVE);

    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    for (const follower of followers) await expectWholeStream(bot, follower);
    const orders = await expectAllFilledOnce(stack, ['held', ...followers.map(({ orderReqId }) => orderReqId)]);
    expect(runningAtOnce(followers.map(({ messages }) => messages))).to.equal(SLOTS);
    const waited = orders.filter(({ dispatchSequence }) => dispatchSequence > 1n + BigInt(SLOTS));
    waited.sort((a, b) => Number(a.dispatchSequence - b.dispatchSequence));
    expect(waited[0]?.orderReqId, 'the first order out of the queue after the restart').to.equal('exit');
  });
});
