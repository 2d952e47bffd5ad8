import type { OrderStatus } from './order.js';

/**
 * The one table of an order's states (E1). Everything that is not listed here is refused.
 *
 *   accepted -> PENDING -> SUBMITTED -> CONFIRMING -> FILLED
 *                 ^  |         |  |         |  |
 *                 |  |         |  +-> FAILED <-+      nothing of the attempt is or will be on chain
 *                 |  |         |        |  |
 *                 +--|---------+        |  |          pre-empted before an attempt: back to its place
 *                 +--|------------------+  |          due for a retry
 *                    +-> CANCELLED <-------+          by a person, expired, or attempts used up
 *
 * A state may follow itself: a new reason is news (CONFIRMING with reason UNKNOWN, for instance).
 */
const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: ['PENDING', 'SUBMITTED', 'CANCELLED'],
  SUBMITTED: ['SUBMITTED', 'PENDING', 'CONFIRMING', 'FAILED', 'CANCELLED'],
  CONFIRMING: ['CONFIRMING', 'FILLED', 'FAILED', 'CANCELLED'],
  FAILED: ['PENDING', 'CANCELLED'],
  FILLED: [],
  CANCELLED: [],
};

export function mayFollow(from: OrderStatus, to: OrderStatus): boolean {
  return NEXT[from].includes(to);
}

/** States from which `to` can be reached, for the WHERE clause of the conditional write. */
export function statesBefore(to: OrderStatus): OrderStatus[] {
  return (Object.keys(NEXT) as OrderStatus[]).filter((from) => mayFollow(from, to));
}
