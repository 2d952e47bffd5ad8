import { expect } from 'chai';
import { AttemptState, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import type { QueueStats } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { call, openStream } from '../../../shared/grpc/client.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { type Busy, makeBusy, SLOTS } from './busy.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, filled, messagesOf, openPositions, orderOf, sell, statusIn, WAIT_MS } from './support.js';

interface Held {
  readonly id: string;
  readonly fromMs: number;
  readonly toMs: number;
}

describe('P4 10 waiting orders: at most 3 run at once, each freed slot takes the best', () => {
  const entries = [1, 2, 3, 4, 5, 6, 7].map((number) => `entry-${number}`);
  const exits = ['stop_loss', 'trailing_stop', 'take_profit_2'];
  const waves = [exits, entries.slice(0, 3), entries.slice(3, 6), entries.slice(6)];
  const ran: QueueStats[] = [];
  let stack: Stack;
  let busy: Busy;
  let blockers: string[];
  let told: QueueStats[];

  before(async function () {
    this.timeout(START_MS);
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
    // Block by block: what runs is on its way and can end only when the test makes the blocks that confirm it.
    await onTheirWay(blockers);
    for (const wave of waves) {
      await stack.control('advance', { blocks: 3 });
      await onTheirWay(wave);
      ran.push(await queueNow());
    }
    await busy.release();
    await Promise.all([...blockers, ...entries, ...exits].map((id) => filled(stack, id)));
    stop.abort();
    told = await watching;
  });
  after(() => stack?.close());

  /** Waits until each has a transaction that the venue was given. */
  async function onTheirWay(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await eventually(`${id} to be sent`, async () => {
        const { attempts } = await orderOf(stack, id);
        return attempts.some(({ state }) => state === AttemptState.SENT);
      });
    }
  }

  async function queueNow(): Promise<QueueStats> {
    const { stats } = await call(stack.queue, 'getQueueStats', {});
    if (!stats) throw new Error('a look without numbers');
    return stats;
  }

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

  it('each slot that became free was taken at once, by the best of what waited', () => {
    const running = ran.map((stats) => stats.running.map(({ orderReqId }) => orderReqId));
    expect(running).to.deep.equal(waves);
    expect(ran.map(({ queued }) => Number(queued))).to.deep.equal([7, 4, 1, 0]);
    expect(ran.map(({ availableSlots }) => availableSlots)).to.deep.equal([0, 0, 0, 2]);
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
