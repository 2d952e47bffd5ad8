import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * How urgent the order at work is (P1), for the critical calls made on its behalf: the clients know the level of a call, but not
 * for whom it is. It follows the code that runs for an order by itself; work for many orders at once, such as the watcher's, takes
 * up each order's own where it acts for it.
 */
const atWork = new AsyncLocalStorage<Urgency | undefined>();

/** Asked whenever it matters: the priority of an order at work may change. */
export type Urgency = () => number;

/** Runs `work` on behalf of an order. */
export function withUrgency<T>(urgency: Urgency | undefined, work: () => T): T {
  return atWork.run(urgency, work);
}

/** That of the order the running code works for; undefined: for none, or for all. */
export function currentUrgency(): Urgency | undefined {
  return atWork.getStore();
}
