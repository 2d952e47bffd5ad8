import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startParts } from './stack.js';
import { buy, entryRequest, filled, openPositions, refusal, sell, submit } from './support.js';

const LIMIT = 3;

describe('P9 a full queue refuses entries and takes exits', () => {
  let stack: Stack;
  let positions: string[];

  before(async function () {
    this.timeout(START_MS);
    stack = await startParts({ requestor: { maxQueuedEntries: LIMIT } });
    positions = await openPositions(stack, ['one', 'two']);
  });
  after(() => stack?.close());
  afterEach(() => hold(TradingState.ACTIVE));

  function hold(state: TradingState) {
    return call(stack.queue, 'setTradingState', { state, changedBy: 'test', changeReason: 'to keep orders waiting' });
  }

  async function waitingEntries(): Promise<number> {
    const { stats } = await call(stack.queue, 'getQueueStats', {});
    return Number(stats?.queuedEntries);
  }

  it('RESOURCE_EXHAUSTED with a retry delay for the entry beyond the limit; exits, repeats and what follows are served', async () => {
    await hold(TradingState.HALTED);
    const ids = Array.from({ length: LIMIT }, (_, index) => `waits-${index}`);
    for (const id of ids) await buy(stack, id);
    const error = await refusal(submit(stack, entryRequest('one-too-many')));
    expect(error).to.include({ status: 'RESOURCE_EXHAUSTED', reason: 'QUEUE_FULL' });
    expect(error.retryDelayMs).to.be.within(1, 60_000);
    expect(error.metadata.limit).to.equal(String(LIMIT));
    expect(error.message).to.contain('try again later');

    expect((await sell(stack, 'exit', positions[0] ?? '')).status).to.equal(OrderStatus.PENDING);
    const emergency = await sell(stack, 'emergency', positions[1] ?? '', { emergency: true });
    expect(emergency.priority).to.equal(0);
    await filled(stack, 'emergency');
    expect((await submit(stack, entryRequest(ids[0] ?? ''))).duplicate).to.equal(true);
    expect(await waitingEntries()).to.equal(LIMIT);

    await hold(TradingState.ACTIVE);
    for (const id of ['exit', ...ids]) await filled(stack, id);
    await buy(stack, 'one-too-many');
    await filled(stack, 'one-too-many');
  });

  it('the limit holds for entries that come all at once', async () => {
    await hold(TradingState.HALTED);
    const ids = Array.from({ length: 20 }, (_, index) => `crowd-${index}`);
    const outcomes = await Promise.allSettled(ids.map((id) => buy(stack, id)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    for (const error of refused) {
      expect(error).to.be.instanceOf(CallError);
      expect(error).to.include({ status: 'RESOURCE_EXHAUSTED' });
    }
    expect(await waitingEntries()).to.be.within(1, LIMIT);
  });
});
