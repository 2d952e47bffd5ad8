import type { Order } from '../../order/order.js';
import type { SlotLimits, TradingState } from '../scheduler-state.js';

/** What the model knows of an order. */
export interface ModelOrder {
  readonly order: Order;
  status: 'PENDING' | 'SUBMITTED' | 'CONFIRMING' | 'FAILED' | 'ENDED';
  holdsSlot: boolean;
  /** Its number among all claims. */
  dispatched: number;
}

/** The rules of P1-P4, P8 and P9 once more, as plain code over plain objects: what the claim's SQL is compared with. */
export class ClaimModel {
  readonly orders: ModelOrder[] = [];
  limits: SlotLimits = { maxConcurrent: 3, exitReserved: 0, emergencyExtra: 0 };
  state: TradingState = 'ACTIVE';
  #dispatched = 0;

  add(order: Order): void {
    this.orders.push({ order, status: 'PENDING', holdsSlot: false, dispatched: 0 });
  }

  of(status: ModelOrder['status']): ModelOrder[] {
    return this.orders.filter((each) => each.status === status);
  }

  holders(): ModelOrder[] {
    return this.orders.filter((each) => each.holdsSlot);
  }

  /** The order that must start now, and the one that loses its slot for it. */
  claim(): { started?: ModelOrder; displaced?: ModelOrder } {
    const started = this.of('PENDING')
      .filter((each) => this.#mayStart(each.order))
      .sort(byUrgency)[0];
    if (!started) return {};
    const extra = started.order.emergency ? this.limits.emergencyExtra : 0;
    let displaced: ModelOrder | undefined;
    if (this.holders().length >= this.limits.maxConcurrent + extra) {
      displaced = this.#leastLoss(started.order);
      if (!displaced) return {};
      displaced.holdsSlot = false;
      if (displaced.status === 'SUBMITTED') displaced.status = 'PENDING';
    }
    started.status = 'SUBMITTED';
    started.holdsSlot = true;
    this.#dispatched += 1;
    started.dispatched = this.#dispatched;
    return displaced ? { started, displaced } : { started };
  }

  #mayStart({ orderType, emergency }: Order): boolean {
    if (this.state === 'HALTED') return orderType === 'EXIT' && emergency;
    if (orderType === 'EXIT') return true;
    const { maxConcurrent, exitReserved } = this.limits;
    const holders = this.holders();
    const entries = holders.filter((each) => each.order.orderType === 'ENTRY').length;
    return this.state === 'ACTIVE' && holders.length < maxConcurrent && entries < maxConcurrent - exitReserved;
  }

  #leastLoss({ priority, orderType }: Order): ModelOrder | undefined {
    return this.holders()
      .filter(({ order: each }) => {
        const isPressed = each.priority === priority && each.orderType === 'ENTRY' && orderType === 'EXIT';
        return each.priority > priority || isPressed;
      })
      .filter((each) => each.status === 'CONFIRMING' || each.order.orderType === 'ENTRY')
      .sort(
        (a, b) =>
          Number(b.status === 'CONFIRMING') - Number(a.status === 'CONFIRMING') ||
          b.order.priority - a.order.priority ||
          b.dispatched - a.dispatched,
      )[0];
  }
}

function byUrgency({ order: a }: ModelOrder, { order: b }: ModelOrder): number {
  return (
    a.priority - b.priority ||
    Number(a.orderType === 'ENTRY') - Number(b.orderType === 'ENTRY') ||
    a.createdAt.getTime() - b.createdAt.getTime() ||
    (a.orderId < b.orderId ? -1 : Number(a.orderId > b.orderId))
  );
}
