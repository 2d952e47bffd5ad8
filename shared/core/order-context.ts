import { AsyncLocalStorage } from 'node:async_hooks';

/** The order that background work is done for. */
export interface OrderFacts {
  readonly orderId: string;
  /** Of the call that made the order; names the work in the logs of every service. */
  readonly requestId: string;
}

const storage = new AsyncLocalStorage<OrderFacts>();

/** The order that this code runs for, where that is no longer the call that made it; undefined elsewhere. */
export function currentOrderFacts(): OrderFacts | undefined {
  return storage.getStore();
}

/** Runs `work` for an order: its log lines, and the calls it makes, carry the order's request id. */
export function runForOrder<T>(facts: OrderFacts, work: () => T): T {
  return storage.run(facts, work);
}
