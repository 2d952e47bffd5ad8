import { expect } from 'chai';
import { OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { ListOrdersRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { ExitPlan, type Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { call, openStream } from '../../../shared/grpc/client.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, expectViolation, filled, mint, orderOf, refusal, WAIT_MS } from './support.js';

type Plan = Parameters<typeof ExitPlan.create>[0];

describe('X9 X10 exit plans on the sandbox: the price moves, the exit happens', () => {
  let stack: Stack;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack({ market: { priceIntervalMs: 100 } });
  });
  after(() => stack?.close());

  const open = async (name: string, symbol: string, plan: Plan) => {
    await buy(stack, `opens-${name}`, { tokenAddress: mint(symbol), exitPlan: ExitPlan.create(plan) });
    return (await filled(stack, `opens-${name}`)).positionId;
  };
  const position = async (positionId: string): Promise<Position> => {
    const { position: found } = await call(stack.positions, 'getPosition', { positionId });
    if (!found) throw new Error('an answer without a position');
    return found;
  };
  const move = (symbol: string, multiply: string) => stack.control('price', { mint: mint(symbol), multiply });
  const exits = async (positionId: string) => {
    const request = ListOrdersRequest.create({ positionId, orderType: OrderType.EXIT });
    return (await call(stack.orders, 'listOrders', request)).orders;
  };
  const exitOf = (positionId: string, reason: string) =>
    eventually(`a ${reason} exit`, async () =>
      (await exits(positionId)).find((order) => order.exitReason === reason && order.status === OrderStatus.FILLED),
    );
  /** A price of after this call was accepted for the position. */
  const looked = async (positionId: string) => {
    const since = Date.now();
    await eventually('a look at the price', async () => {
      const { currentPrice, currentPriceAge } = await position(positionId);
      if (currentPrice === '' || !currentPriceAge) return false;
      const ageMs = Number(currentPriceAge.seconds) * 1_000 + currentPriceAge.nanos / 1e6;
      return Date.now() - ageMs > since;
    });
  };

  it('a stop-loss sells all, once, when the price has fallen far enough and not before', async () => {
    const positionId = await open('stop', 'BONK', { stopLossPercent: 10 });
    await move('BONK', '0.95');
    await looked(positionId);
    expect(await exits(positionId)).to.deep.equal([]);
    await move('BONK', '0.94');
    const stop = await exitOf(positionId, 'stop_loss');
    expect(stop).to.include({ orderReqId: `exit:${positionId}:stop_loss`, priority: 10 });
    const closed = await position(positionId);
    expect(closed.status).to.equal(PositionStatus.CLOSED);
    expect(Number(closed.finalPnl)).to.be.below(0);
    expect(await exits(positionId)).to.have.length(1);
  });

  it('take-profits sell their parts in turn, each once; what the position knows of its price is shown', async () => {
    const steps = [
      { gainPercent: 10, sellPercent: 50 },
      { gainPercent: 15, sellPercent: 50 },
    ];
    const positionId = await open('steps', 'WIF', { takeProfits: steps });
    await move('WIF', '1.16');
    await exitOf(positionId, 'take_profit_1');
    await exitOf(positionId, 'take_profit_2');
    await looked(positionId);
    const after = await position(positionId);
    expect(after.status).to.equal(PositionStatus.PARTIAL_EXIT);
    expect(await exits(positionId)).to.have.length(2);
    const share = Number(after.soldTokens) / Number(after.entryAmountTokens);
    expect(share, 'a half and half of the rest').to.be.closeTo(0.75, 0.0001);
    expect(Number(after.unrealizedPnl)).to.be.above(0);
    expect(after.exitBlocker).to.equal('');
  });

  it('a trailing stop follows the price up and sells when it falls from its best', async () => {
    const positionId = await open('trail', 'JUP', { trailingStopPercent: 5, trailingActivationPercent: 10 });
    await move('JUP', '0.94');
    await looked(positionId);
    expect(await exits(positionId), 'not active yet').to.deep.equal([]);
    await move('JUP', '1.19');
    await looked(positionId);
    await move('JUP', '0.93');
    await exitOf(positionId, 'trailing_stop');
    expect(Number((await position(positionId)).finalPnl), 'above the entry').to.be.above(0);
  });

  it('X11 a stop-loss hit while a take-profit is queued takes its place and sells all that is left, once', async () => {
    const plan = { stopLossPercent: 10, takeProfits: [{ gainPercent: 10, sellPercent: 50 }] };
    const positionId = await open('both', 'JTO', plan);
    await stack.control('faults', { fault: 'slow', on: 'quote', count: 1, ms: 20_000 });
    await move('JTO', '1.12');
    const profitId = `exit:${positionId}:take_profit_1`;
    await eventually('the take-profit', async () => (await exits(positionId)).length === 1);
    await move('JTO', '0.75');
    await exitOf(positionId, 'stop_loss');
    const profit = await orderOf(stack, profitId);
    expect([profit.status, profit.reason]).to.deep.equal([OrderStatus.CANCELLED, 'SUPERSEDED']);
    expect((await position(positionId)).status).to.equal(PositionStatus.CLOSED);
    expect(await exits(positionId)).to.have.length(2);
  });

  it('a time limit sells when the time is over', async () => {
    const positionId = await open('time', 'RAY', { timeLimit: { seconds: 1n, nanos: 0 } });
    const sold = await exitOf(positionId, 'time_limit');
    expect(sold.priority).to.equal(50);
  });

  it('SetExitPlan changes the plan of an open position, which then acts by it; bad plans are refused by field', async () => {
    const positionId = await open('plan', 'PYTH', {});
    await move('PYTH', '0.9');
    await looked(positionId);
    expect(await exits(positionId)).to.deep.equal([]);
    const bad = ExitPlan.create({ stopLossPercent: 120, takeProfits: [{ gainPercent: 0, sellPercent: 0 }] });
    const error = await refusal(call(stack.positions, 'setExitPlan', { positionId, exitPlan: bad }));
    expectViolation(error, 'exit_plan.stop_loss_percent', /below 100/);
    expectViolation(error, 'exit_plan.take_profits[0].sell_percent', /from 1 to 100/);
    const plan = ExitPlan.create({ stopLossPercent: 5 });
    const { position: changed } = await call(stack.positions, 'setExitPlan', { positionId, exitPlan: plan });
    expect(changed?.exitPlan?.stopLossPercent).to.equal(5);
    await exitOf(positionId, 'stop_loss');
  });

  it('X10 a price that is not there, or a jump that nobody confirms, fires nothing', async () => {
    const positionId = await open('jump', 'POPCAT', { stopLossPercent: 20 });
    await looked(positionId);
    await stack.control('faults', { fault: 'garbage', on: 'price', count: 5 });
    await looked(positionId);
    expect(await exits(positionId)).to.deep.equal([]);
    await move('POPCAT', '0.5');
    await exitOf(positionId, 'stop_loss');
  });

  it('WatchPositions tells every accepted price', async () => {
    const positionId = await open('watched', 'BONK', {});
    const request = { includeCurrent: true };
    const signal = AbortSignal.timeout(WAIT_MS);
    const prices = new Set<string>();
    for await (const { position: told } of openStream(stack.positions, 'watchPositions', request, { signal })) {
      if (told?.positionId !== positionId || told.currentPrice === '') continue;
      prices.add(told.currentPrice);
      if (prices.size === 3) break;
      await move('BONK', '1.001');
    }
    expect(prices.size).to.equal(3);
  });
});
