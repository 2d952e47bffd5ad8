import { expect } from 'chai';
import { OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { WatchOrdersRequest, type WatchOrdersResponse } from '../../../proto/gen/exitlane/v1/order_service.js';
import { type QueueStats, TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { call, openStream } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, filled, mint, openPositions, sell, WAIT_MS } from './support.js';

describe('P6 watching all orders and the queue', () => {
  let stack: Stack;
  let position: string;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    [position = ''] = await openPositions(stack, ['watched']);
  });
  after(() => stack?.close());
  beforeEach(() => hold(TradingState.HALTED));
  afterEach(() => hold(TradingState.ACTIVE));

  function hold(state: TradingState) {
    return call(stack.queue, 'setTradingState', { state, changedBy: 'test', changeReason: 'to keep orders waiting' });
  }

  function watch(request: Parameters<typeof WatchOrdersRequest.create>[0] = {}): AsyncIterable<WatchOrdersResponse> {
    const signal = AbortSignal.timeout(WAIT_MS);
    const wish = WatchOrdersRequest.create({ includeCurrent: true, ...request });
    return openStream(stack.orders, 'watchOrders', wish, { signal });
  }

  it('WatchOrders tells what is there, says that this was all, then every order up to its end', async () => {
    await buy(stack, 'there-1');
    await buy(stack, 'there-2');
    const current: string[] = [];
    const ends: string[] = [];
    let complete = 0;
    for await (const { order, currentComplete } of watch()) {
      if (currentComplete) {
        complete += 1;
        expect(order).to.equal(undefined);
        expect(current).to.have.members(['there-1', 'there-2']);
        await buy(stack, 'later');
        await hold(TradingState.ACTIVE);
      } else if (order && complete === 0) {
        current.push(order.orderReqId);
        expect(order.status).to.equal(OrderStatus.PENDING);
      } else if (order?.isTerminal) {
        ends.push(order.orderReqId);
        expect(order.status).to.equal(OrderStatus.FILLED);
      }
      if (ends.length === 3) break;
    }
    expect(complete).to.equal(1);
    expect(ends).to.have.members(['there-1', 'there-2', 'later']);
  });

  it('WatchOrders tells only what it was asked for', async () => {
    await buy(stack, 'jup', { tokenAddress: mint('JUP') });
    const exit = await sell(stack, 'exit', position);
    const filters = [
      [{ orderType: OrderType.EXIT }, ['exit']],
      [{ orderType: OrderType.ENTRY }, ['jup']],
      [{ tokenAddress: mint('JUP') }, ['jup']],
      [{ positionId: exit.positionId }, ['exit']],
      [{ orderType: OrderType.EXIT, tokenAddress: mint('JUP') }, []],
    ] as const;
    for (const [filter, expected] of filters) {
      const current: string[] = [];
      for await (const { order, currentComplete } of watch(filter)) {
        if (currentComplete) break;
        if (order) current.push(order.orderReqId);
      }
      expect(current, JSON.stringify(filter)).to.deep.equal(expected);
    }
    const heard = new Set<string>();
    for await (const { order, currentComplete } of watch({ orderType: OrderType.EXIT })) {
      if (currentComplete) await hold(TradingState.ACTIVE);
      if (order) heard.add(order.orderReqId);
      if (order?.isTerminal) break;
    }
    expect([...heard]).to.deep.equal(['exit']);
    await filled(stack, 'jup');
  });

  it('WatchQueueStats tells the queue now, and after every change', async () => {
    const request = { minInterval: { seconds: 0n, nanos: 100_000_000 } };
    const signal = AbortSignal.timeout(WAIT_MS);
    const before: QueueStats[] = [];
    let processed: bigint | undefined;
    let step = 0;
    for await (const { stats } of openStream(stack.queue, 'watchQueueStats', request, { signal })) {
      if (!stats) throw new Error('a look without numbers');
      before.push(stats);
      if (step === 0) {
        processed = stats.processedTotal;
        expect(stats).to.include({ queued: 0n, processing: 0n, availableSlots: 3, tradingState: TradingState.HALTED });
        await buy(stack, 'counted-1');
        await buy(stack, 'counted-2');
        step = 1;
      } else if (step === 1 && stats.queued === 2n) {
        expect(stats).to.include({ queuedEntries: 2n, queuedExits: 0n });
        const entries = stats.priorities.find(({ name }) => name === 'ENTRY');
        expect(entries).to.include({ priority: 100, queued: 2n, processing: 0n });
        expect(entries?.oldestWaiting).not.to.equal(undefined);
        await hold(TradingState.ACTIVE);
        step = 2;
      } else if (step === 2 && stats.processedTotal === (processed ?? 0n) + 2n) {
        expect(stats).to.include({ queued: 0n, tradingState: TradingState.ACTIVE });
        expect(stats.processedSinceStart).to.equal(stats.processedTotal);
        expect(stats.arrivalsPerMinute).to.be.greaterThan(0);
        expect(stats.completionsPerMinute).to.be.greaterThan(0);
        expect(stats.averageWait).not.to.equal(undefined);
        break;
      }
    }
    expect(before.length).to.be.at.least(3);
    const times = before.map(({ takenAt }) => takenAt?.getTime() ?? 0);
    expect(times).to.deep.equal([...times].sort((one, two) => one - two));
  });
});
