import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { call } from '../../../shared/grpc/client.js';
import { type Busy, makeBusy } from './busy.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, filled, messagesOf, openPositions, orderOf, refusal, sell, statusIn } from './support.js';

describe('P1 P2 P3 P5 what waits, and what goes first', () => {
  let stack: Stack;
  let busy: Busy;
  let stops: string;
  let takes: string;
  let manual: string;
  let other: string;

  let round = 0;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    busy = await makeBusy(stack);
  });
  // A stop-loss sells all of its position (X4): each test has positions of its own.
  beforeEach(async () => {
    round += 1;
    [stops = '', takes = '', manual = '', other = ''] = await openPositions(
      stack,
      ['a', 'b', 'c', 'd'].map((name) => `${name}-${round}`),
    );
  });
  afterEach(() => busy?.release());
  after(() => stack?.close());

  /** The ids in the order in which they took their slots, once all of them are filled. */
  async function inOrderOfDispatch(ids: readonly string[]): Promise<string[]> {
    const orders = await Promise.all(ids.map((id) => filled(stack, id)));
    orders.sort((one, two) => Number(one.dispatchSequence - two.dispatchSequence));
    return orders.map(({ orderReqId }) => orderReqId);
  }

  it('P2 of 5 entries and 3 exits the exits run first, stop-loss before take-profit, then the entries by age', async () => {
    await busy.block();
    await buy(stack, 'p2-entry-1');
    await buy(stack, 'p2-entry-2');
    await sell(stack, 'p2-manual', manual, { exitReason: 'manual' });
    await buy(stack, 'p2-entry-3');
    await sell(stack, 'p2-take-profit', takes, { exitReason: 'take_profit_1' });
    await buy(stack, 'p2-entry-4');
    await sell(stack, 'p2-stop-loss', stops, { exitReason: 'stop_loss' });
    await buy(stack, 'p2-entry-5');
    const { stats } = await call(stack.queue, 'getQueueStats', {});
    expect(stats).to.include({ queued: 8n, queuedEntries: 5n, queuedExits: 3n, processing: 3n, availableSlots: 0 });
    await busy.release();
    const expected = ['p2-stop-loss', 'p2-take-profit', 'p2-manual'];
    for (const number of [1, 2, 3, 4, 5]) expected.push(`p2-entry-${number}`);
    expect(await inOrderOfDispatch([...expected].sort())).to.deep.equal(expected);
  });

  it('P3 an emergency runs before everything else, other exits included', async () => {
    await busy.block();
    await buy(stack, 'p3-entry');
    await sell(stack, 'p3-stop-loss', stops, { exitReason: 'stop_loss' });
    await sell(stack, 'p3-time-limit', takes, { exitReason: 'time_limit' });
    await sell(stack, 'p3-trailing', manual, { exitReason: 'trailing_stop' });
    const order = await sell(stack, 'p3-emergency', other, { exitReason: 'time_limit', emergency: true });
    expect(order).to.include({ priority: 0, emergency: true, status: OrderStatus.PENDING });
    await busy.release();
    const expected = ['p3-emergency', 'p3-stop-loss', 'p3-trailing', 'p3-time-limit', 'p3-entry'];
    expect(await inOrderOfDispatch([...expected].sort())).to.deep.equal(expected);
  });

  it('P1 an exit with reason emergency is an emergency', async () => {
    await busy.block();
    const stop = await sell(stack, 'p1-stop-loss', takes, { exitReason: 'stop_loss' });
    expect(stop).to.include({ priority: 10, emergency: false });
    const emergency = await sell(stack, 'p1-emergency', stops, { exitReason: 'emergency' });
    expect(emergency).to.include({ priority: 0, emergency: true });
    await busy.release();
    expect(await inOrderOfDispatch(['p1-stop-loss', 'p1-emergency'])).to.deep.equal(['p1-emergency', 'p1-stop-loss']);
  });

  it('P5 E9 a waiting order is cancelled at once, never runs, and gives back what it had reserved', async () => {
    const [blocker = ''] = await busy.block();
    await buy(stack, 'p5-entry');
    await sell(stack, 'p5-exit', stops, { percent: 100 });
    for (const id of ['p5-entry', 'p5-exit']) {
      const wish = { id: { $case: 'orderReqId' as const, value: id }, cancelReason: 'changed my mind' };
      const { order } = await call(stack.orders, 'cancelOrder', wish);
      expect(order).to.include({ status: OrderStatus.CANCELLED, reason: 'CANCELLED_BY_CLIENT', isTerminal: true });
      const messages = await messagesOf(stack, id);
      expect(messages.map(({ text }) => text)).to.deep.equal(['PENDING', 'CANCELLED']);
      const last = messages[1] && statusIn(messages[1]);
      expect(last).to.include({ detail: 'Cancelled: changed my mind', isTerminal: true });
    }
    const { position } = await call(stack.positions, 'getPosition', { positionId: stops });
    expect(position?.reservedTokens).to.equal('0');

    const running = { id: { $case: 'orderReqId' as const, value: blocker }, cancelReason: '' };
    const error = await refusal(call(stack.orders, 'cancelOrder', running));
    expect(error).to.include({ status: 'FAILED_PRECONDITION', reason: 'ORDER_NOT_CANCELLABLE' });
    expect(error.metadata.status).to.equal('CONFIRMING');

    await busy.release();
    await filled(stack, blocker);
    const again = await refusal(call(stack.orders, 'cancelOrder', running));
    expect(again.metadata.status).to.equal('FILLED');
    expect((await orderOf(stack, 'p5-entry')).dispatchSequence).to.equal(0n);
  });
});
