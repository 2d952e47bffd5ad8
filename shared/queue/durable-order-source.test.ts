import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { silentLogger } from '../core/logger.js';
import { commitAttempt } from '../store/attempts.js';
import type { Database } from '../store/database.js';
import { getOrder } from '../store/orders.js';
import { setSlotLimits } from '../store/scheduler-state.js';
import { submitOrder } from '../store/submit.js';
import { anotherExit, entryDraft, fillClaimed, openTestPosition, testAttempt } from '../store/testing/drafts.js';
import { describeOnBothStores } from '../store/testing/stores.js';
import { deferred, eventually } from '../store/testing/waiting.js';
import { DurableOrderSource } from './durable-order-source.js';
import type { OrderHolding } from './order-holding.js';
import { PriorityQueueManager } from './priority-queue-manager.js';
import { mapTaskSource } from './task-source.js';

const RENEW_MS = 1_000;

describeOnBothStores('P8 Q6 the durable source under the priority manager', (open) => {
  let db: Database;
  let positionId: string;
  const requestors: Requestor[] = [];
  beforeEach(async () => {
    db = await open();
    ({ positionId } = await openTestPosition(db));
    await setSlotLimits(db, { maxConcurrent: 1, exitReserved: 0, emergencyExtra: 0 });
  });
  afterEach(async () => {
    for (const requestor of requestors.splice(0)) await requestor.close();
    await db.close();
  });

  const start = async (owner: string) => {
    const requestor = await Requestor.start(db, owner);
    requestors.push(requestor);
    return requestor;
  };
  const entry = async () => (await submitOrder(db, entryDraft())).order;
  const exit = (reason: string) => anotherExit(db, positionId, reason);

  it('runs an exit although its only slot is taken, because the claim made room for it', async () => {
    const one = await start('one');
    const { orderId } = await entry();
    await one.runs(orderId);
    const stop = await exit('stop_loss');
    await one.runs(stop.orderId);
    expect((await getOrder(db, { orderId })).status).to.equal('PENDING');
  });

  it('learns from the heartbeat, without a word from the processor, that a run lost its order', async () => {
    const one = await start('one');
    const { orderId } = await entry();
    const run = await one.runs(orderId);
    await exit('stop_loss');
    await eventually('the exit to run', () => one.manager.getQueueStats().activeTasks === 2);
    expect(run.holding.lost.aborted).to.equal(false);
    await one.clock.advance(RENEW_MS);
    await eventually('the run to hear of it', () => run.holding.lost.aborted);
    expect(one.manager.getQueueStats().activeTasks).to.equal(1);
  });

  it('goes on without a slot when it was handed over', async () => {
    const one = await start('one');
    const { orderId } = await entry();
    const { holding } = await one.runs(orderId);
    await db.transaction((tx) => commitAttempt(tx, holding.order, testAttempt()));
    const stop = await exit('stop_loss');
    await one.runs(stop.orderId);
    await one.clock.advance(RENEW_MS);
    await eventually('the slot to be free here too', () => one.manager.getQueueStats().activeTasks === 1);
    expect(one.manager.getTask(orderId)?.state).to.equal('WATCHING');
    expect(holding.lost.aborted).to.equal(false);
  });

  it('takes every exit of a burst, one after the other, and no entry before them', async () => {
    const one = await start('one');
    await one.runs((await entry()).orderId);
    const first = await exit('manual');
    // It has the entry's slot before the others come, which would go before it.
    await one.runs(first.orderId);
    const exits = [first, await exit('take_profit_1'), await exit('stop_loss')];
    const later = await entry();
    for (const next of [exits[0], exits[2], exits[1]]) {
      if (!next) throw new Error('three exits');
      const run = await one.runs(next.orderId);
      await fillClaimed(db, run.holding.order, { lamports: 1n, tokens: 1n });
      run.end();
    }
    expect(one.started).to.not.include(later.orderId);
  });
});

interface Running {
  readonly holding: OrderHolding;
  end(): void;
}

/** What a requestor is without its gRPC: a manager over the orders, whose tasks end when the test says so. */
class Requestor {
  readonly clock = new ManualClock();
  readonly started: string[] = [];
  readonly manager: PriorityQueueManager;
  readonly #source: DurableOrderSource;
  readonly #running = new Map<string, Running>();

  private constructor(db: Database, owner: string) {
    const { clock } = this;
    const logger = silentLogger;
    this.#source = new DurableOrderSource({ db, owner, leaseMs: 4_000, renewMs: RENEW_MS, clock, logger });
    const source = mapTaskSource(this.#source, (holding: OrderHolding) => ({
      taskId: holding.order.orderId,
      orderReqId: holding.order.orderReqId,
      priority: holding.order.priority,
      task: ({ signal, releaseSlot }: { signal: AbortSignal; releaseSlot: () => boolean }) =>
        this.#run(holding, signal, releaseSlot),
    }));
    this.manager = new PriorityQueueManager({ maxConcurrentTasks: 1, source, clock, logger });
  }

  static async start(db: Database, owner: string): Promise<Requestor> {
    const requestor = new Requestor(db, owner);
    await requestor.#source.start();
    requestor.manager.start();
    return requestor;
  }

  runs(orderId: string): Promise<Running> {
    return eventually(`order ${orderId} to run`, () => this.#running.get(orderId));
  }

  async close(): Promise<void> {
    for (const { end } of this.#running.values()) end();
    await this.manager.stop();
    await this.#source.close();
  }

  async #run(holding: OrderHolding, signal: AbortSignal, releaseSlot: () => boolean): Promise<void> {
    const { orderId } = holding.order;
    const ended = deferred();
    this.started.push(orderId);
    this.#running.set(orderId, { holding, end: () => ended.resolve() });
    holding.onSlotFreed(releaseSlot);
    for (const each of [signal, holding.lost]) each.addEventListener('abort', () => ended.resolve());
    await ended.promise;
    this.#running.delete(orderId);
    this.#source.release(holding);
  }
}
