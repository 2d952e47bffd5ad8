import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import type { QueueStats } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { openStream } from '../../../shared/grpc/client.js';
import { type Busy, makeBusy, SLOTS } from './busy.js';
import { type Stack, startStack } from './stack.js';
import { buy, filled, messagesOf, openPositions, sell, statusIn, WAIT_MS } from './support.js';

interface Held {
  readonly id: string;
  readonly fromMs: number;
  readonly toMs: number;
}

describe('P4 10 waiting orders: at most 3 run at once, each freed slot takes the best', () => {
  const entries = [1, 2, 3, 4, 5, 6, 7].map((number) => `entry-${number}`);
  const exits = ['stop_loss', 'trailing_stop', 'take_profit_2'];
  let stack: Stack;
  let busy: Busy;
  let blockers: string[];
  let told: QueueStats[];

  before(async () => {
    stack = await startStack();
    busy = await makeBusy(stack);
    const positions = await openPositions(stack, exits);
    const stop = new AbortController();
    blockers = await busy.block();
    const watching = watch(stop.signal);
    for (const id of entries) await buy(stack, id);
    for (const [index, exitReason] of [...exits.entries()].reverse()) {
      await sell(stack, exitReason, positions[index] ?? '', { exitReason });
    }
    await busy.release();
    await Promise.all([...blockers, ...entries, ...exits].map((id) => filled(stack, id)));
    stop.abort();
    told = await watching;
  });
  after(() => stack.close());

  async function watch(signal: AbortSignal): Promise<QueueStats[]> {
    const seen: QueueStats[] = [];
    const request = { minInterval: undefined };
    const patience = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
    try {
      for await (const { stats } of openStream(stack.queue, 'watchQueueStats', request, { signal: patience })) {
        if (stats) seen.push(stats);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return seen;
  }

  /** From taking the slot to the end, as the order's own log tells it. */
  async function heldBy(id: string): Promise<Held> {
    const messages = await messagesOf(stack, id);
    const from = messages.filter((message) => statusIn(message)?.status === OrderStatus.SUBMITTED);
    expect(from, `${id} took a slot`).to.have.length(1);
    const fromMs = from[0]?.createdAt?.getTime() ?? Number.NaN;
    return { id, fromMs, toMs: messages.at(-1)?.createdAt?.getTime() ?? Number.NaN };
  }

  it('never more than 3 of them stand between SUBMITTED and their end', async () => {
    const held = await Promise.all([...blockers, ...entries, ...exits].map(heldBy));
    for (const { id, fromMs } of held) {
      const together = held.filter((each) => each.fromMs <= fromMs && fromMs < each.toMs).map((each) => each.id);
      expect(together.length, `${together.join(', ')} when ${id} started`).to.be.within(1, SLOTS);
    }
  });

  it('and all 3 are used while anything waits', async () => {
    const held = (await Promise.all([...entries, ...exits].map(heldBy))).sort((one, two) => one.fromMs - two.fromMs);
    for (const [index, { id, fromMs }] of held.entries()) {
      const before = held.slice(0, Math.max(0, index - SLOTS + 1));
      const stillRunning = before.filter((each) => each.toMs > fromMs);
      expect(stillRunning.length, `older ones still running when ${id} started`).to.be.lessThan(SLOTS);
    }
    expect(Math.max(...told.map(({ running }) => running.length))).to.equal(SLOTS);
  });

  it('the slots were taken in the order of priority and age', async () => {
    const orders = await Promise.all([...entries, ...exits].map((id) => filled(stack, id)));
    orders.sort((one, two) => Number(one.dispatchSequence - two.dispatchSequence));
    expect(orders.map(({ orderReqId }) => orderReqId)).to.deep.equal([...exits, ...entries]);
  });

  it('P6 every look at the queue adds up', () => {
    expect(told.length).to.be.greaterThan(1);
    for (const stats of told) {
      expect(stats.maxConcurrentOrders).to.equal(SLOTS);
      expect(Number(stats.processing)).to.be.at.most(SLOTS);
      expect(stats.running).to.have.length(Number(stats.processing));
      expect(stats.availableSlots).to.equal(SLOTS - Number(stats.processing));
      expect(stats.queued).to.equal(stats.queuedEntries + stats.queuedExits);
      expect(stats.priorities.reduce((sum, { queued }) => sum + queued, 0n)).to.equal(stats.queued);
      expect(stats.priorities.reduce((sum, { processing }) => sum + processing, 0n)).to.equal(stats.processing);
      expect(stats.priorities.map(({ priority }) => priority)).to.deep.equal([0, 10, 20, 30, 40, 50, 100]);
    }
  });
});
