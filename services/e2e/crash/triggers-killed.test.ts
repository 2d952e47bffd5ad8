import { expect } from 'chai';
import { type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { seededRandom } from '../../../shared/core/random.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { mintOf } from '../../sandbox/mints.js';
import { Stack, showLogsOf } from './stack.js';
import { expectAllFilledOnce } from './truth.js';

const SYMBOLS = ['BONK', 'WIF', 'JUP'];
const TRIGGERS = ['take_profit_1', 'take_profit_2', 'take_profit_3', 'stop_loss'];
const PLAN = {
  stopLossPercent: 40,
  takeProfits: [10, 20, 30].map((gainPercent) => ({ gainPercent, sellPercent: 30 })),
};
/** Each by 4 %: past the last take-profit. */
const STEPS_UP = 10;
/** From there past the stop-loss, each below what counts as a jump. */
const STEPS_DOWN = 6;
const KILLS = 4;

describe('X9 the requestor is killed again and again while prices move', function () {
  this.slow(60_000);
  let stack: Stack | undefined;
  afterEach(async function () {
    showLogsOf(this, stack);
    await stack?.close();
  });

  it('every trigger fires exactly once, with two requestors watching', async function () {
    this.timeout(180_000);
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
    const random = seededRandom(seed);
    process.stdout.write(`      seed ${seed}\n`);
    stack = await Stack.start({
      requestors: 2,
      processorEnv: { PRICE_INTERVAL_MS: '100' },
      requestorEnv: { DEFAULT_EXIT_PLAN: JSON.stringify(PLAN) },
    });
    const { bot, venue, requestor, secondRequestor } = stack;
    await secondRequestor.start();
    await venue.stillPrices();
    const opened = await Promise.all(
      SYMBOLS.map(async (symbol) => {
        await bot.buy(`opens-${symbol}`, symbol, '0.5');
        return bot.follow(`opens-${symbol}`).until(OrderStatus.FILLED);
      }),
    );
    const { orders } = bot;
    const filled = (...reasons: string[]) =>
      eventually(`${reasons.join(', ')} of every position`, () => allFilled(orders.bind(bot), reasons), 60_000);
    const killAt = new Set(Array.from({ length: KILLS }, () => Math.floor(random.next() * (STEPS_UP + STEPS_DOWN))));
    const moveAndKill = async (step: number, multiply: string) => {
      for (const symbol of SYMBOLS) await venue.movePrice(mintOf(symbol).address, multiply);
      await new Promise((resolve) => setTimeout(resolve, 100 + random.next() * 400));
      if (!killAt.has(step)) return;
      await requestor.kill();
      await requestor.start();
    };
    for (let step = 0; step < STEPS_UP; step++) await moveAndKill(step, '1.04');
    await filled('take_profit_1', 'take_profit_2', 'take_profit_3');
    for (let step = 0; step < STEPS_DOWN; step++) await moveAndKill(STEPS_UP + step, '0.85');
    const exits = await filled('stop_loss');
    for (const { positionId } of opened) {
      const mine = exits.filter((order) => order.positionId === positionId);
      expect(mine.map(({ orderReqId }) => orderReqId).sort()).to.deep.equal(
        TRIGGERS.map((trigger) => `exit:${positionId}:${trigger}`).sort(),
      );
    }
    await expectAllFilledOnce(stack, [
      ...SYMBOLS.map((symbol) => `opens-${symbol}`),
      ...exits.map((o) => o.orderReqId),
    ]);
  });
});

/** All exits, once every position has filled ones with these reasons. */
async function allFilled(orders: () => Promise<Order[]>, reasons: readonly string[]): Promise<Order[] | false> {
  const exits = (await orders()).filter((order) => order.orderType === OrderType.EXIT);
  const filled = exits.filter(
    ({ exitReason, status }) => reasons.includes(exitReason) && status === OrderStatus.FILLED,
  );
  return filled.length === SYMBOLS.length * reasons.length && exits;
}
