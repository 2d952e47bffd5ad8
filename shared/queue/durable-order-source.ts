import type { Clock, Timer } from '../core/clock.js';
import { failpoint } from '../core/failpoints.js';
import type { Logger } from '../core/logger.js';
import type { Order } from '../order/order.js';
import {
  claimNextOrder,
  endAllLeases,
  endLeasesOf,
  hasEndedLease,
  renewLeases,
  takeOverOrders,
} from '../store/claims.js';
import type { Database } from '../store/database.js';
import { countWaiting } from '../store/orders.js';
import type { TaskSource } from './task-source.js';

export interface DurableOrderSourceOptions {
  readonly db: Database;
  /** Name of this requestor in the leases; unique per process. */
  readonly owner: string;
  /** How long a claim holds without being renewed. */
  readonly leaseMs: number;
  /** How often leases are renewed and the leases of others are looked at. */
  readonly renewMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The orders of the database as a source for `PriorityQueueManager` (Q6). A claim is one transaction that also sets lease and
 * fence; wake-ups are the store's hints. Orders whose owner died come first: they already hold a slot, and an attempt of
 * theirs may be on the wire.
 */
export class DurableOrderSource implements TaskSource<Order> {
  readonly #options: DurableOrderSourceOptions;
  readonly #listeners = new Set<() => void>();
  /** Orders claimed here and not ended yet: their leases are renewed, nobody else's. */
  readonly #claimed = new Set<string>();
  #stopHints: (() => void) | undefined;
  #timer: Timer | undefined;
  #takeOver = true;
  #beat: Promise<void> = Promise.resolve();

  constructor(options: DurableOrderSourceOptions) {
    this.#options = options;
  }

  /** Starts listening and renewing. Call before the manager starts. */
  async start(): Promise<void> {
    const { db } = this.#options;
    if (db.kind === 'pglite') await endAllLeases(db);
    this.#stopHints = db.onHint('queue', () => this.#wake());
    this.#arm();
  }

  async claim(): Promise<Order | undefined> {
    failpoint('requestor.claim.before');
    const order = await this.#claim();
    if (order) failpoint('requestor.claim.after');
    if (order) this.#claimed.add(order.orderId);
    return order;
  }

  /** The order's run here is over; its lease is not renewed any more. */
  release(orderId: string): void {
    this.#claimed.delete(orderId);
  }

  async #claim(): Promise<Order | undefined> {
    const { db, owner, leaseMs, logger } = this.#options;
    if (this.#takeOver) {
      const [taken] = await takeOverOrders(db, owner, leaseMs, [...this.#claimed], 1);
      if (taken) {
        logger.warn(
          { orderId: taken.orderId, orderReqId: taken.orderReqId, status: taken.status },
          'took over an order whose requestor is gone',
        );
        return taken;
      }
      this.#takeOver = false;
    }
    return claimNextOrder(db, owner, leaseMs);
  }

  size(): Promise<number> {
    return countWaiting(this.#options.db);
  }

  onWake(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops renewing and lets others take over at once what still runs here. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopHints?.();
    this.#stopHints = undefined;
    await this.#beat;
    await endLeasesOf(this.#options.db, this.#options.owner);
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
  }

  #arm(): void {
    this.#timer = this.#options.clock.setTimer(() => {
      this.#beat = this.#renewAndLook().finally(() => {
        if (this.#timer) this.#arm();
      });
    }, this.#options.renewMs);
  }

  /** The heartbeat: keeps own leases, notices dead owners, and makes up for hints that were lost. */
  async #renewAndLook(): Promise<void> {
    const { db, owner, leaseMs, logger } = this.#options;
    try {
      await renewLeases(db, owner, [...this.#claimed], leaseMs);
      if (await hasEndedLease(db, [...this.#claimed])) this.#takeOver = true;
      this.#wake();
    } catch (error) {
      logger.warn({ err: error }, 'could not renew leases; trying again');
    }
  }
}
