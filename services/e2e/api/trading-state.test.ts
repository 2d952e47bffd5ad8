import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { call } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, filled, messagesOf, openPositions, orderOf, sell } from './support.js';

describe('P9 the trading state', () => {
  let stack: Stack;
  let first: string;
  let second: string;
  let third: string;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    [first = '', second = '', third = ''] = await openPositions(stack, ['first', 'second', 'third']);
  });
  after(() => stack?.close());
  afterEach(() => change(TradingState.ACTIVE, 'all is well'));

  function change(state: TradingState, changeReason: string) {
    return call(stack.queue, 'setTradingState', { state, changedBy: 'operator', changeReason });
  }

  /** It has not run, and has not been touched. */
  async function stillWaits(orderReqId: string): Promise<void> {
    expect(await orderOf(stack, orderReqId)).to.include({ status: OrderStatus.PENDING, dispatchSequence: 0n });
    const messages = await messagesOf(stack, orderReqId, 0n, () => true);
    expect(messages.map(({ text }) => text)).to.deep.equal(['PENDING']);
  }

  it('is ACTIVE at first and remembers who changed it and why', async () => {
    expect((await call(stack.queue, 'getTradingState', {})).state).to.equal(TradingState.ACTIVE);
    const changed = await change(TradingState.EXITS_ONLY, 'news at eight');
    expect(changed.state).to.equal(TradingState.EXITS_ONLY);
    expect(await call(stack.queue, 'getTradingState', {})).to.deep.equal({
      state: TradingState.EXITS_ONLY,
      changedBy: 'operator',
      changeReason: 'news at eight',
      changedAt: changed.changedAt,
    });
    const { stats } = await call(stack.queue, 'getQueueStats', {});
    expect(stats?.tradingState).to.equal(TradingState.EXITS_ONLY);
  });

  it('EXITS_ONLY holds an entry while an exit runs; ACTIVE lets it go at once', async () => {
    await change(TradingState.EXITS_ONLY, 'a bad day');
    await buy(stack, 'held-entry');
    await sell(stack, 'free-exit', first);
    await filled(stack, 'free-exit');
    await stillWaits('held-entry');
    await change(TradingState.ACTIVE, 'better now');
    await filled(stack, 'held-entry');
  });

  it('HALTED holds entries and exits, an emergency exit runs', async () => {
    await change(TradingState.HALTED, 'a very bad day');
    await buy(stack, 'halted-entry');
    await sell(stack, 'halted-exit', second, { exitReason: 'stop_loss' });
    await sell(stack, 'emergency', third, { exitReason: 'manual', emergency: true });
    await filled(stack, 'emergency');
    await stillWaits('halted-entry');
    await stillWaits('halted-exit');
    await change(TradingState.EXITS_ONLY, 'let the exits out');
    await filled(stack, 'halted-exit');
    await stillWaits('halted-entry');
    await change(TradingState.ACTIVE, 'all is well');
    await filled(stack, 'halted-entry');
  });

  it('HALTED holds an entry even if it calls itself an emergency', async () => {
    await change(TradingState.HALTED, 'no buying');
    await buy(stack, 'urgent-entry', { emergency: true });
    await sell(stack, 'emergency-2', third, { emergency: true });
    await filled(stack, 'emergency-2');
    await stillWaits('urgent-entry');
    await change(TradingState.ACTIVE, 'buying again');
    await filled(stack, 'urgent-entry');
  });
});
