/**
 * Which order goes first. Lower numbers run first; between two orders of one level the older one does. The numbers leave
 * gaps and share their scale with `TaskPriority` of `shared/queue`, so that one manager serves both.
 */
export const OrderPriority = {
  EMERGENCY: 0,
  EXIT_STOP_LOSS: 10,
  EXIT_TRAILING: 20,
  EXIT_TAKE_PROFIT: 30,
  EXIT_MANUAL: 40,
  EXIT_OTHER: 50,
  ENTRY: 100,
} as const;

export type OrderPriority = (typeof OrderPriority)[keyof typeof OrderPriority];

/** ENTRY buys, EXIT sells. */
export type OrderType = 'ENTRY' | 'EXIT';

/** What of an order decides its priority. */
export interface PriorityFacts {
  readonly orderType: OrderType;
  /** Such as `stop_loss` or `take_profit_1`; means something for an EXIT only. */
  readonly exitReason?: string | undefined;
  /** Set by whoever must get out now; outranks everything, whatever the order is. */
  readonly emergency: boolean;
}

/** Looked through in this order: the first part found in the reason decides. */
const EXIT_LEVELS: ReadonlyArray<readonly [part: string, priority: OrderPriority]> = [
  ['stop_loss', OrderPriority.EXIT_STOP_LOSS],
  ['trailing', OrderPriority.EXIT_TRAILING],
  ['take_profit', OrderPriority.EXIT_TAKE_PROFIT],
  ['manual', OrderPriority.EXIT_MANUAL],
  ['emergency', OrderPriority.EXIT_MANUAL],
];

/**
 * The priority of an order. The emergency flag decides over all of it; the *reason* `emergency` without the flag is an
 * ordinary manual exit. Upper or lower case does not matter: a `STOP_LOSS` must not wait behind a take-profit.
 */
export function priorityOf(facts: PriorityFacts): OrderPriority {
  if (facts.emergency) return OrderPriority.EMERGENCY;
  if (facts.orderType === 'ENTRY') return OrderPriority.ENTRY;
  const reason = facts.exitReason?.toLowerCase() ?? '';
  for (const [part, priority] of EXIT_LEVELS) {
    if (reason.includes(part)) return priority;
  }
  return OrderPriority.EXIT_OTHER;
}

/** Such as `EXIT_STOP_LOSS`; the number itself when it is no level. */
export function priorityName(priority: number): string {
  const found = Object.entries(OrderPriority).find(([, level]) => level === priority);
  return found ? found[0] : String(priority);
}
