import { expect } from 'chai';
import {
  CallError,
  connectExitlane,
  type ExitlaneClient,
  OrderStatus,
  type Retry,
  TradingState,
} from '../../../shared/client/index.js';
import { eventually, failureOf } from '../../../shared/store/testing/waiting.js';
import { START_MS, type Stack, startParts } from '../api/stack.js';
import { mint } from '../api/support.js';
import { AnswerThief } from './answer-thief.js';

const WAIT_MS = 30_000;

describe('S6 E7 the client repeats what is safe to repeat, and nothing trades twice', () => {
  let stack: Stack;
  let thief: AnswerThief;
  let client: ExitlaneClient;
  /** To see what became of it all, past the thief. */
  let onlooker: ExitlaneClient;
  const retries: Retry[] = [];

  before(async function () {
    this.timeout(START_MS);
    stack = await startParts({ requestor: { maxQueuedEntries: 1 } });
    thief = await AnswerThief.before(stack.requestorAddress);
    const processor = stack.processorAddress;
    const onRetry = (retry: Retry) => retries.push(retry);
    client = connectExitlane({ requestor: thief.address, processor, deadlineMs: WAIT_MS, onRetry });
    onlooker = connectExitlane({ requestor: stack.requestorAddress, processor, deadlineMs: WAIT_MS });
  });
  after(async () => {
    client?.close();
    onlooker?.close();
    await thief?.close();
    await stack?.close();
  });
  beforeEach(async () => {
    thief.stop();
    // What breaks first is the connection of the test before; this call takes it.
    await client.queue.tradingState();
    retries.length = 0;
  });

  const entry = (orderReqId: string) => ({ orderReqId, tokenAddress: mint('WIF'), amountSol: '0.1' });
  async function ordersOf(wanted: (orderReqId: string) => boolean): Promise<number> {
    let count = 0;
    for await (const { orderReqId } of onlooker.orders.all()) if (wanted(orderReqId)) count += 1;
    return count;
  }
  async function bought(orderReqId: string): Promise<string> {
    await onlooker.orders.buy(entry(orderReqId));
    const order = await onlooker.waitForEnd(orderReqId, { deadlineMs: WAIT_MS });
    expect(order.status, order.lastError).to.equal(OrderStatus.FILLED);
    return order.positionId;
  }

  it('asks again when the answer of SubmitOrder is lost: the same order', async () => {
    thief.cutNext(2);
    const { order, duplicate } = await client.orders.buy(entry('lost'));
    expect({ taken: thief.taken, duplicate }).to.deep.equal({ taken: 2, duplicate: true });
    expect(retries.map(({ method, attempt }) => `${method} ${attempt}`)).to.deep.equal([
      'submitOrder 1',
      'submitOrder 2',
    ]);
    expect(order.orderReqId).to.equal('lost');
    const ended = await client.waitForEnd('lost', { deadlineMs: WAIT_MS });
    expect(ended.status).to.equal(OrderStatus.FILLED);
    expect(await ordersOf((id) => id === 'lost')).to.equal(1);
  });

  it('asks again with an id that it made up itself, too', async () => {
    const before = await ordersOf(() => true);
    thief.cutNext(1);
    const { duplicate, orderReqId } = await client.orders.buy({ tokenAddress: mint('WIF'), amountSol: '0.2' });
    expect(duplicate).to.equal(true);
    await client.waitForEnd(orderReqId, { deadlineMs: WAIT_MS });
    expect(await ordersOf(() => true)).to.equal(before + 1);
  });

  it('asks again when the answer of ExitPosition is lost: one exit, no token sold twice', async () => {
    const positionId = await bought('to-leave');
    thief.cutNext(1);
    const { orderReqId, duplicate } = await client.exitPosition(positionId, { percent: 40 });
    expect(duplicate).to.equal(true);
    await client.waitForEnd(orderReqId, { deadlineMs: WAIT_MS });
    const { orders } = await onlooker.orders.list({ positionId });
    expect(orders.filter(({ exitReason }) => exitReason !== '')).to.have.lengthOf(1);
    const { soldTokens, entryAmountTokens } = await onlooker.positions.get(positionId);
    expect(Number(soldTokens) / Number(entryAmountTokens)).to.be.closeTo(0.4, 1e-4);
  });

  it('sets the trading state once, and says that it does not know', async () => {
    const wanted = { changedBy: 'tester', changeReason: 'lost answer' };
    const takenBefore = thief.taken;
    thief.cutNext(1);
    const error = await failureOf(client.queue.setTradingState({ ...wanted, state: TradingState.EXITS_ONLY }));
    expect(error).to.include({ name: 'CallError', attempts: 1, outcomeUnknown: true });
    expect(retries).to.deep.equal([]);
    expect(thief.taken).to.equal(takenBefore + 1);
    expect((await client.queue.tradingState()).state).to.equal(TradingState.EXITS_ONLY);
    const { entries } = await onlooker.system.audit({ action: 'SetTradingState' });
    expect(entries).to.have.lengthOf(1);
    await client.queue.setTradingState({ ...wanted, state: TradingState.ACTIVE });
  });

  it('keeps one deadline over all tries, and the next request with the id finds the order', async () => {
    thief.swallowAll();
    const from = performance.now();
    const error = await failureOf(client.orders.buy(entry('silence'), { deadlineMs: 2_500 }));
    const tookMs = performance.now() - from;
    expect(error).to.be.instanceOf(CallError).and.include({ status: 'DEADLINE_EXCEEDED', outcomeUnknown: true });
    expect((error as CallError).metadata).to.include({ order_req_id: 'silence' });
    expect((error as CallError).attempts).to.be.within(2, 3);
    expect(tookMs).to.be.within(2_000, 4_500);
    expect(thief.taken).to.be.above(0);
    thief.stop();
    expect((await client.orders.buy(entry('silence'))).duplicate).to.equal(true);
    await client.waitForEnd('silence', { deadlineMs: WAIT_MS });
    expect(await ordersOf((id) => id === 'silence')).to.equal(1);
  });

  it('comes back when a refusal says that it may, and not when that is too late', async () => {
    const set = (state: TradingState) =>
      onlooker.queue.setTradingState({ state, changedBy: 'tester', changeReason: 'to keep an entry waiting' });
    await set(TradingState.HALTED);
    await onlooker.orders.buy(entry('fills-the-queue'));
    const late = await failureOf(client.orders.buy(entry('patient'), { deadlineMs: 500 }));
    expect(late).to.include({ reason: 'QUEUE_FULL', status: 'RESOURCE_EXHAUSTED', attempts: 1, outcomeUnknown: false });
    expect((late as CallError).retryDelayMs).to.be.above(500);

    const asked = client.orders.buy(entry('patient'));
    await eventually('a refusal that is waited out', () => retries.length > 0);
    await set(TradingState.ACTIVE);
    expect((await asked).duplicate).to.equal(false);
    expect(retries[0]?.delayMs).to.be.at.least(1_000);
    const ended = await client.waitForEnd('patient', { deadlineMs: WAIT_MS });
    expect(ended.status).to.equal(OrderStatus.FILLED);
  });

  it('ends at once when its signal aborts, whatever it waits for', async () => {
    const takenBefore = thief.taken;
    thief.swallowAll();
    const stop = new AbortController();
    const asked = client.orders.get({ orderReqId: 'lost' }, { signal: stop.signal });
    await eventually('a stolen answer', () => thief.taken > takenBefore);
    stop.abort(new Error('enough'));
    expect((await failureOf(asked)).message).to.equal('enough');
  });
});
