import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import type { Clock } from '../../../shared/core/clock.js';
import { call } from '../../../shared/grpc/client.js';
import type { Clients } from '../clients.js';
import { messagesOf } from '../follow.js';
import { BUSY, EMERGENCY, LINE, type PlannedOrder, POSITIONS, SLOTS } from './plan.js';
import { requestFor } from './request.js';
import { Tracked } from './tracked.js';
import type { Venue } from './venue.js';
import { judge, type Verdict } from './verdict.js';
import type { DemoView } from './view.js';

export interface ScenarioParts {
  readonly clients: Clients;
  readonly venue: Venue;
  /** Begins the order_req_id of every order: another performance on the same stack needs another one. */
  readonly prefix: string;
  readonly view: DemoView;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Outcome {
  readonly verdict: Verdict;
  /** The orders that waited together, as they ended. */
  readonly line: readonly Tracked[];
}

/** Plays the demo; one instance, one performance. */
export async function play(parts: ScenarioParts): Promise<Outcome> {
  return new Scenario(parts).play();
}

/**
 * The demo as a story, told through the public API alone. Nothing in it waits for a while and hopes: blocks are held while the
 * slots are full, trading is halted while the line forms, and both go on only when the requestor says that every order waits.
 */
class Scenario {
  readonly #parts: ScenarioParts;
  /** Aborts when following an order fails, so that nobody waits for a message that will not come. */
  readonly #broken = new AbortController();
  readonly #signal: AbortSignal;
  readonly #positions = new Map<string, string>();
  /** Number of the last claim before the line's: places are counted from there. */
  #claimsBefore = Number.POSITIVE_INFINITY;

  constructor(parts: ScenarioParts) {
    this.#parts = parts;
    this.#signal = AbortSignal.any([parts.signal, this.#broken.signal]);
  }

  async play(): Promise<Outcome> {
    const { view, venue } = this.#parts;
    view.chapter(`${POSITIONS.length} entries open positions to exit from later`);
    const opened = await this.#submit(POSITIONS);
    await this.#all(opened, OrderStatus.FILLED);
    for (const row of opened) this.#positions.set(row.plan.token, (await this.#look(row)).positionId);

    view.chapter(`${BUSY.length} entries take all ${SLOTS} slots and are sent: the sandbox makes no blocks`);
    await venue.hold();
    const busy = await this.#submit(BUSY);
    await this.#all(busy, OrderStatus.CONFIRMING);
    await this.#expectQueue(0);
    for (const row of busy) await this.#look(row);
    this.#claimsBefore = Math.max(...busy.map(({ order }) => Number(order?.dispatchSequence ?? 0n)));

    await this.#setState(TradingState.HALTED, 'to let a line form');
    view.chapter('Trading is HALTED: 5 entries and 3 exits are submitted, entries first, and wait');
    const line = await this.#submit(LINE);
    await this.#all(line, OrderStatus.PENDING);
    await this.#expectQueue(LINE.length);

    view.chapter('An emergency exit: nothing holds it up. It takes the slot of an entry that is only being watched');
    const [emergency] = await this.#submit([EMERGENCY]);
    if (!emergency) throw new Error('the demo has an emergency exit');
    await this.#all([emergency], OrderStatus.CONFIRMING);
    line.push(emergency);

    view.chapter(`Trading is ACTIVE again, blocks go on: the ${LINE.length} that wait start, the most urgent first`, [
      ...busy,
      ...line,
    ]);
    await this.#setState(TradingState.ACTIVE, 'the line stands');
    await venue.release();
    await this.#all([...busy, ...line], OrderStatus.FILLED, OrderStatus.CANCELLED);
    for (const row of line) await this.#look(row);
    view.done();
    return { line, verdict: judge(line.map(startedOf)) };
  }

  /** One after the other, so that the order of acceptance is known; each is followed from its first message. */
  async #submit(plans: readonly PlannedOrder[]): Promise<Tracked[]> {
    const rows = plans.map((plan) => new Tracked(plan, `${this.#parts.prefix}-${plan.name.replaceAll(' ', '-')}`));
    this.#parts.view.show(rows);
    for (const row of rows) {
      const request = requestFor(row, this.#positions);
      const { order } = await call(this.#parts.clients.orders, 'submitOrder', request, { signal: this.#signal });
      row.order = order;
      void this.#follow(row);
    }
    return rows;
  }

  async #follow(row: Tracked): Promise<void> {
    try {
      const { orderReqId } = row;
      for await (const message of messagesOf(this.#parts, { orderReqId, signal: this.#signal })) {
        row.apply(message);
        if (row.status === OrderStatus.SUBMITTED && row.rank === undefined) await this.#look(row);
        this.#parts.view.event(row, message);
      }
    } catch (error) {
      this.#broken.abort(error);
    }
  }

  async #setState(state: TradingState, changeReason: string): Promise<void> {
    const request = { state, changedBy: 'demo', changeReason };
    await call(this.#parts.clients.queue, 'setTradingState', request, { signal: this.#signal });
  }

  async #all(rows: readonly Tracked[], ...statuses: OrderStatus[]): Promise<void> {
    await unlessAborted(this.#signal, Promise.all(rows.map((row) => row.reaches(...statuses))));
  }

  async #look(row: Tracked) {
    const id = { $case: 'orderReqId' as const, value: row.orderReqId };
    const { order } = await call(this.#parts.clients.orders, 'getOrder', { id }, { signal: this.#signal });
    if (!order) throw new Error(`the requestor does not know order ${row.orderReqId}`);
    row.order = order;
    const claim = Number(order.dispatchSequence);
    if (claim > this.#claimsBefore) row.rank = claim - this.#claimsBefore;
    return order;
  }

  /** The requestor's own count: every slot taken, and so many waiting. */
  async #expectQueue(waiting: number): Promise<void> {
    const { stats } = await call(this.#parts.clients.queue, 'getQueueStats', {}, { signal: this.#signal });
    if (stats?.availableSlots === 0 && stats.queued === BigInt(waiting)) return;
    throw new Error(
      `expected all slots taken and ${waiting} orders waiting, but ${stats?.availableSlots} slots are free and ${stats?.queued} orders wait`,
    );
  }
}

function startedOf({ plan, status, order }: Tracked) {
  return {
    name: plan.name,
    filled: status === OrderStatus.FILLED,
    priority: order?.priority ?? 0,
    dispatchSequence: order?.dispatchSequence ?? 0n,
  };
}

async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
