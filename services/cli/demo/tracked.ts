import type { OrderMessage } from '../../../proto/gen/exitlane/v1/message.js';
import { type Order, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { statusName } from '../render/format.js';
import type { PlannedOrder } from './plan.js';

interface Waiter {
  readonly statuses: readonly OrderStatus[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What the demo shows of one order, told by the messages of its stream. */
export class Tracked {
  status: OrderStatus = OrderStatus.UNSPECIFIED;
  /** SOL per token of the last quote; empty before. */
  quoted = '';
  /** Price of the fill; empty before. */
  filled = '';
  signature = '';
  slippageBps: number | undefined;
  reason = '';
  /** Place in which it started among the orders that waited together, from 1. */
  rank: number | undefined;
  /** As the requestor showed it last. */
  order: Order | undefined;
  readonly #waiters: Waiter[] = [];

  constructor(
    readonly plan: PlannedOrder,
    readonly orderReqId: string,
  ) {}

  get isTerminal(): boolean {
    return this.status === OrderStatus.FILLED || this.status === OrderStatus.CANCELLED;
  }

  /** Takes in the next message of the order. */
  apply({ content }: OrderMessage): void {
    if (content?.$case === 'proposal') this.quoted = content.value.price;
    if (content?.$case !== 'status') return;
    const { status, reason, txSignature, actualPrice, expectedPrice, slippageBps } = content.value;
    this.status = status;
    this.reason = reason;
    this.signature = txSignature || this.signature;
    this.filled = actualPrice || this.filled;
    if (actualPrice !== '') this.quoted = expectedPrice || this.quoted;
    this.slippageBps = slippageBps ?? this.slippageBps;
    this.#tell();
  }

  /** Resolves when the order gets to one of these; rejects when it ends somewhere else. */
  reaches(...statuses: readonly OrderStatus[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ statuses, resolve, reject });
      this.#tell();
    });
  }

  #tell(): void {
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.statuses.includes(this.status)) waiter.resolve();
      else if (this.isTerminal)
        waiter.reject(new Error(`order "${this.plan.name}" ended as ${statusName(this.status)} (${this.reason})`));
      else this.#waiters.push(waiter);
    }
  }
}
