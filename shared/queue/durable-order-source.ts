import type { Clock, Timer } from '../core/clock.js';
import { failpoint } from '../core/failpoints.js';
import { SLOT_CONFIRMING_MS_MAX } from '../core/limits.js';
import type { Logger } from '../core/logger.js';
import { claimNextOrder } from '../store/claim-next.js';
import {
  type ClaimedOrder,
  endAllLeases,
  endLeasesOf,
  hasEndedLease,
  renewLeases,
  takeOverOrders,
} from '../store/claims.js';
import type { Database } from '../store/database.js';
import { EXIT_WAITS, SLOT_FREED } from '../store/order-transitions.js';
import { countWaiting } from '../store/orders.js';
import { releaseOverdueSlots } from '../store/overdue-slots.js';
import { OrderHolding } from './order-holding.js';
import type { TaskSource, WakeListener } from './task-source.js';

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

/** The empty key says that hints were lost. */
const URGENT_HINTS: ReadonlySet<string> = new Set([EXIT_WAITS, SLOT_FREED, '']);

/**
 * The orders of the database as a source for `PriorityQueueManager` (Q6). A claim is one transaction that also sets lease and
 * fence; wake-ups are the store's hints, urgent ones when a claim may bring something although every slot
 * is taken here: an exit waits, for which it makes room (P8), or a slot was given back whose task is still ending. Orders whose
 * owner died come first: an attempt of theirs may be on the wire.
 */
export class DurableOrderSource implements TaskSource<OrderHolding> {
  readonly #options: DurableOrderSourceOptions;
  readonly #listeners = new Set<WakeListener>();
  /** Claimed here and not ended yet: their leases are renewed, nobody else's. */
  readonly #held = new Map<string, OrderHolding>();
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
    this.#stopHints = db.onHint('queue', (key) => this.#wake(URGENT_HINTS.has(key)));
    this.#arm();
  }

  async claim(): Promise<OrderHolding | undefined> {
    failpoint('requestor.claim.before');
    const order = await this.#claim();
    if (!order) return undefined;
    failpoint('requestor.claim.after');
    const holding = new OrderHolding(order);
    this.#held.set(order.orderId, holding);
    // Behind one exit there may be another, for which room can be made as well.
    if (order.orderType === 'EXIT') this.#wake(true);
    return holding;
  }

  /** The order's run here is over; its lease is not renewed any more. */
  release(holding: OrderHolding): void {
    const { orderId } = holding.order;
    if (this.#held.get(orderId) === holding) this.#held.delete(orderId);
  }

  async #claim(): Promise<ClaimedOrder | undefined> {
    const { db, owner, leaseMs, logger } = this.#options;
    if (this.#takeOver) {
      const [taken] = await takeOverOrders(db, owner, leaseMs, [...this.#held.keys()], 1);
      if (taken) {
        logger.warn(
          { orderId: taken.orderId, orderReqId: taken.orderReqId, status: taken.status },
          'took over an order whose requestor is gone',
        );
        this.#wake(true);
        return taken;
      }
      this.#takeOver = false;
    }
    return claimNextOrder(db, owner, leaseMs);
  }

  size(): Promise<number> {
    return countWaiting(this.#options.db);
  }

  onWake(listener: WakeListener): () => void {
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

  #wake(urgent: boolean): void {
    for (const listener of this.#listeners) listener(urgent);
  }

  #arm(): void {
    this.#timer = this.#options.clock.setTimer(() => {
      this.#beat = this.#renewAndLook().finally(() => {
        if (this.#timer) this.#arm();
      });
    }, this.#options.renewMs);
  }

  /** The heartbeat: keeps own leases, notices dead owners and frozen processors, and makes up for hints that were lost. */
  async #renewAndLook(): Promise<void> {
    const { db, logger } = this.#options;
    try {
      await this.#renew();
      if (await hasEndedLease(db, [...this.#held.keys()])) this.#takeOver = true;
      for (const { orderId, orderReqId } of await releaseOverdueSlots(db, SLOT_CONFIRMING_MS_MAX)) {
        logger.warn({ orderId, orderReqId }, 'an order held its slot past the confirmation time; the slot is free now');
      }
      this.#wake(true);
    } catch (error) {
      logger.warn({ err: error }, 'could not renew leases; trying again');
    }
  }

  /** What it hears of the orders held here makes up for a stream that does not tell it: its processor may be frozen. */
  async #renew(): Promise<void> {
    const { db, owner, leaseMs } = this.#options;
    const held = [...this.#held.entries()];
    const orderIds = held.map(([orderId]) => orderId);
    const renewed = new Map((await renewLeases(db, owner, orderIds, leaseMs)).map((each) => [each.orderId, each]));
    for (const [orderId, holding] of held) {
      const found = renewed.get(orderId);
      if (!found) holding.noteLost();
      else if (!found.holdsSlot) holding.noteSlotFreed();
    }
  }
}
