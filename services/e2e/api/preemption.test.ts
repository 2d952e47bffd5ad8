import { expect } from 'chai';
import { type Order, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { call } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, filled, messagesOf, openPositions, orderOf, reached, sell, statusIn } from './support.js';

const ENTRIES = ['entry-1', 'entry-2', 'entry-3'];

describe('P8 entries hold every slot and a stop-loss comes', () => {
  let stack: Stack;
  let position: string;
  beforeEach(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    [position = ''] = await openPositions(stack, ['held']);
  });
  afterEach(() => stack?.close());

  const reasonsOf = async (id: string) =>
    (await messagesOf(stack, id)).flatMap((message) => statusIn(message)?.reason ?? []);

  it('while they ask for quotes: it starts at once in the place of the last, which fills later', async function () {
    this.slow(30_000);
    await stack.control('faults', { fault: 'slow', on: 'quote', count: ENTRIES.length, ms: 8_000 });
    for (const id of ENTRIES) {
      await buy(stack, id);
      await reached(stack, id, OrderStatus.SUBMITTED);
    }
    await sell(stack, 'stop', position, { exitReason: 'stop_loss', percent: 100 });
    await filled(stack, 'stop');

    const entries = await Promise.all(ENTRIES.map((id) => orderOf(stack, id)));
    const [first, second, third] = entries as [Order, Order, Order];
    expect([first.status, second.status]).to.deep.equal([OrderStatus.SUBMITTED, OrderStatus.SUBMITTED]);
    const stop = await orderOf(stack, 'stop');
    const again = await filled(stack, 'entry-3');
    expect(again.attemptCount, 'no attempt is lost').to.equal(0);
    expect(again.createdAt, 'its place in the queue').to.deep.equal(third.createdAt);
    expect(again.dispatchSequence > stop.dispatchSequence, 'it was claimed again after the stop-loss').to.equal(true);
    expect(await reasonsOf('entry-3')).to.deep.equal([
      'ACCEPTED',
      'CLAIMED',
      'PREEMPTED',
      'CLAIMED',
      'ATTEMPT_COMMITTED',
      'FILLED',
    ]);
    for (const id of ENTRIES) expect((await filled(stack, id)).attempts).to.have.length(1);
  });

  it('while all are sent and none is confirmed: it starts at once, and the entry is watched on without a slot', async () => {
    await stack.control('pause');
    for (const id of ENTRIES) {
      await buy(stack, id);
      await reached(stack, id, OrderStatus.CONFIRMING);
    }
    await sell(stack, 'stop', position, { exitReason: 'stop_loss', percent: 100 });
    await reached(stack, 'stop', OrderStatus.CONFIRMING);

    const { stats } = await call(stack.queue, 'getQueueStats', {});
    expect(stats?.running.map(({ orderReqId }) => orderReqId)).to.deep.equal(['entry-1', 'entry-2', 'stop']);
    expect(stats?.watching).to.equal(1n);
    expect((await orderOf(stack, 'entry-3')).reason).to.equal('SLOT_HANDED_OVER');

    await stack.control('resume');
    for (const id of [...ENTRIES, 'stop']) await filled(stack, id);
    expect(await reasonsOf('entry-3')).to.deep.equal([
      'ACCEPTED',
      'CLAIMED',
      'ATTEMPT_COMMITTED',
      'SLOT_HANDED_OVER',
      'FILLED',
    ]);
  });
});
