import { expect } from 'chai';
import pg from 'pg';
import type { OrderMessage } from '../../../proto/gen/exitlane/v1/message.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { freesSlot } from '../../../shared/order/message.js';
import { eventually } from '../../../shared/store/testing/waiting.js';

/** The right to run an order, as the database has it. */
export interface Claimed {
  readonly orderReqId: string;
  readonly fence: bigint;
  /** The requestor that holds the lease; null while the order does not run. */
  readonly owner: string | null;
  readonly holdsSlot: boolean;
}

/** Time between looks, in milliseconds. */
const LOOK_MS = 20;

/** Looks at slots and fences all the time, from outside, and remembers every rule that was broken. */
export class SlotWatch {
  /** P4: most orders in a slot at once that were ever seen. */
  heldMost = 0;
  readonly #client: pg.Client;
  readonly #fences = new Map<string, bigint>();
  readonly #broken: string[] = [];
  #stopped = false;
  #watching: Promise<void> = Promise.resolve();

  private constructor(databaseUrl: string) {
    this.#client = new pg.Client({ connectionString: databaseUrl, application_name: 'watch' });
  }

  static async start(databaseUrl: string): Promise<SlotWatch> {
    const watch = new SlotWatch(databaseUrl);
    await watch.#client.connect();
    watch.#watching = watch.#watch();
    return watch;
  }

  /** Every order that was ever claimed, as it stands now. */
  async claims(): Promise<Claimed[]> {
    const { rows } = await this.#client.query<Row>(
      'SELECT order_req_id, fence, lease_owner, holds_slot FROM orders WHERE fence > 0 ORDER BY order_id',
    );
    return rows.map((row) => ({
      orderReqId: row.order_req_id,
      fence: BigInt(row.fence),
      owner: row.lease_owner,
      holdsSlot: row.holds_slot,
    }));
  }

  /** Waits until all of these running orders belong to somebody else than they did. */
  async untilTakenOver(before: readonly Claimed[]): Promise<Claimed[]> {
    return eventually(`${before.length} orders to be taken over`, async () => {
      const now = await this.claims();
      const found = before.flatMap((old) => now.filter((each) => each.orderReqId === old.orderReqId));
      return found.every((each, index) => each.owner !== null && each.owner !== before[index]?.owner) && found;
    });
  }

  /** Ends the watch, and fails if an order's fence ever went back or more orders than `slots` ran at once. */
  async expectClean(slots: number): Promise<void> {
    await this.stop();
    expect(this.#broken, 'fences that went back').to.deep.equal([]);
    expect(this.heldMost, 'orders in slots at once').to.be.within(1, slots);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#watching;
    await this.#client.end();
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      const claims = await this.claims();
      this.heldMost = Math.max(this.heldMost, claims.filter(({ holdsSlot }) => holdsSlot).length);
      for (const { orderReqId, fence } of claims) {
        const before = this.#fences.get(orderReqId) ?? 0n;
        if (fence < before) this.#broken.push(`${orderReqId}: ${before} became ${fence}`);
        this.#fences.set(orderReqId, fence);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

interface Row {
  order_req_id: string;
  fence: string;
  lease_owner: string | null;
  holds_slot: boolean;
}

const RUNNING: ReadonlySet<OrderStatus> = new Set([OrderStatus.SUBMITTED, OrderStatus.CONFIRMING]);

/** P4, from the messages alone: the most orders that held a slot at one moment. One that is watched without it holds none. */
export function runningAtOnce(queues: readonly (readonly OrderMessage[])[]): number {
  const steps: { at: number; by: number }[] = [];
  for (const messages of queues) {
    let running = false;
    for (const { content, createdAt } of messages) {
      if (content?.$case !== 'status') continue;
      const { status, reason } = content.value;
      const holds: boolean = status === OrderStatus.SUBMITTED || (RUNNING.has(status) && running && !freesSlot(reason));
      if (holds === running) continue;
      running = !running;
      steps.push({ at: createdAt?.getTime() ?? Number.NaN, by: running ? 1 : -1 });
    }
  }
  // What ended in the same millisecond made room first.
  steps.sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  return steps.reduce((most, { by }) => {
    now += by;
    return Math.max(most, now);
  }, 0);
}
