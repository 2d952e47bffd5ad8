import { expect } from 'chai';
import { PricePurpose } from '../../../proto/gen/exitlane/v1/market_service.js';
import { type Order, OrderSide, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { ProcessSignalRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { TradingMode } from '../../../proto/gen/exitlane/v1/system_service.js';
import { call } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startParts, startStack } from './stack.js';
import {
  buy,
  exitRequest,
  expectViolation,
  filled,
  messagesOf,
  mint,
  openPositions,
  refusal,
  sell,
  statusIn,
  submit,
} from './support.js';

/** What an order tells, without the ids of its proposals. */
async function story(stack: Stack, orderReqId: string): Promise<string[]> {
  return (await messagesOf(stack, orderReqId)).map(({ text }) => text.slice(text.lastIndexOf('/') + 1));
}

const WALK = ['PENDING', 'SUBMITTED', 'New', 'Accepted', 'CONFIRMING', 'FILLED'];

describe('E4 a simulated order on a stack that trades', () => {
  let stack: Stack;
  let entry: Order;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    await Promise.all([
      buy(stack, 'paper', { isSimulated: true, amountSol: '0.5', expectedPrice: '0.004' }),
      buy(stack, 'real'),
    ]);
    entry = await filled(stack, 'paper');
  });
  after(() => stack?.close());

  it('is filled at its expected price without a transaction', async () => {
    expect(entry.isSimulated).to.equal(true);
    expect(entry.txSignature).to.match(/^sim_/);
    expect(entry).to.include({
      actualPrice: '0.004',
      amountSol: '0.5',
      amountTokens: '125',
      slippageBps: 0,
      feeSol: '0',
    });
    const { tokens } = await call(stack.market, 'getWallet', {});
    const real = await filled(stack, 'real');
    expect(tokens.find(({ tokenAddress }) => tokenAddress === mint('WIF'))?.amount).to.equal(real.amountTokens);
  });

  it('walks the same states in the same order as a real one', async () => {
    expect(await story(stack, 'paper')).to.deep.equal(WALK);
    expect(await story(stack, 'real')).to.deep.equal(WALK);
  });

  it('opens a simulated position, which a real exit cannot sell for real', async () => {
    const { position } = await call(stack.positions, 'getPosition', { positionId: entry.positionId });
    expect(position).to.include({ isSimulated: true, entryPrice: '0.004', entryAmountTokens: '125' });
    const exit = await sell(stack, 'paper-exit', entry.positionId, { percent: 40, expectedPrice: '0.005' });
    expect(exit.isSimulated).to.equal(true);
    const sold = await filled(stack, 'paper-exit');
    expect(sold).to.include({ side: OrderSide.SELL, amountTokens: '50', amountSol: '0.25', actualPrice: '0.005' });
    expect(sold.txSignature).to.match(/^sim_/);
    expect(await story(stack, 'paper-exit')).to.deep.equal(WALK);
    const { position: after } = await call(stack.positions, 'getPosition', { positionId: entry.positionId });
    expect(after).to.include({ soldTokens: '50', availableTokens: '75', realizedPnl: '0.05' });
  });

  it('a simulated exit of a real position is refused', async () => {
    const { positionId } = await filled(stack, 'real');
    const error = await refusal(submit(stack, exitRequest('fake-exit', positionId, { isSimulated: true })));
    expectViolation(error, 'is_simulated', /is real; a simulated exit would not sell it/);
  });

  it('without an expected price it is filled at the market price', async () => {
    await buy(stack, 'priceless', { isSimulated: true });
    const { price } = await call(stack.market, 'getPrice', { tokenAddress: mint('WIF'), purpose: PricePurpose.SCAN });
    expect((await filled(stack, 'priceless')).actualPrice).to.equal(price?.price);
  });
});

describe('E5 a processor on the mock executor', () => {
  let stack: Stack;
  before(async function () {
    this.timeout(START_MS);
    stack = await startParts({ processor: { seed: 7 } });
  });
  after(() => stack?.close());

  it('fills at the expected price with 25 to 75 basis points against the trader, signature mock_tx_', async () => {
    await buy(stack, 'mocked', { amountSol: '1', expectedPrice: '0.004' });
    const order = await filled(stack, 'mocked');
    expect(order.txSignature).to.match(/^mock_tx_/);
    expect(order.isSimulated, 'nothing of it is on a chain').to.equal(true);
    expect(order.slippageBps).to.be.within(25, 75);
    expect(Number(order.actualPrice)).to.be.within(0.004 * 1.0025, 0.004 * 1.0075);
    expect(await story(stack, 'mocked')).to.deep.equal(WALK);
    const messages = await messagesOf(stack, 'mocked');
    expect(messages.map((message) => statusIn(message)?.attempt ?? 0)).to.deep.equal([0, 0, 0, 0, 1, 1]);
  });

  it('sells below the expected price', async () => {
    const [position = ''] = await openPositions(stack, ['to-sell'], { expectedPrice: '0.004' });
    await sell(stack, 'mocked-exit', position, { percent: 100, expectedPrice: '0.004' });
    const order = await filled(stack, 'mocked-exit');
    expect(order.txSignature).to.match(/^mock_tx_/);
    expect(order.slippageBps).to.be.within(25, 75);
    expect(Number(order.actualPrice)).to.be.within(0.004 * 0.9925, 0.004 * 0.9975);
  });

  it('X13 takes signals: without a wallet there is no reserve to keep', async () => {
    const signal = { orderReqId: 'paper-signal', tokenAddress: mint('WIF'), amountSol: '0.5' };
    const { order } = await call(stack.orders, 'processSignal', ProcessSignalRequest.create(signal));
    expect(order?.status).to.equal(OrderStatus.PENDING);
    expect((await filled(stack, 'paper-signal')).isSimulated).to.equal(true);
  });

  it('says that it only simulates, and has no wallet', async () => {
    expect((await call(stack.processorSystem, 'getStatus', {})).mode).to.equal(TradingMode.SIMULATION);
    expect(await call(stack.market, 'getWallet', {})).to.include({ address: '', keySource: 'none' });
  });
});
