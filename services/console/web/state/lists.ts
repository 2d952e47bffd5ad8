import type { AlertView, OrderView, PositionView, SeverityName } from '../../model/view.js';
import type { Listed } from './store.js';

/** Sorted once per change, however many components ask. */
function memo<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new WeakMap<Key, Value>();
  return (key) => {
    const found = made.get(key);
    if (found !== undefined) return found;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

/** Ids are UUIDs version 7: they sort by the time they were made. */
function newestFirst(one: string, other: string): number {
  return one < other ? 1 : one > other ? -1 : 0;
}

export const newestOrders = memo((orders: Listed<OrderView>): readonly OrderView[] =>
  [...orders.byId.values()].sort((one, other) => newestFirst(one.orderId, other.orderId)),
);

export const liveOrders = memo(
  (orders: Listed<OrderView>): number => [...orders.byId.values()].filter(({ isTerminal }) => !isTerminal).length,
);

/** Open ones first, each part newest first. */
export const sortedPositions = memo((positions: Listed<PositionView>): readonly PositionView[] =>
  [...positions.byId.values()].sort(
    (one, other) =>
      Number(one.status === 'CLOSED') - Number(other.status === 'CLOSED') ||
      newestFirst(one.positionId, other.positionId),
  ),
);

const STATE_ORDER: Readonly<Record<AlertView['state'], number>> = { OPEN: 0, ACKNOWLEDGED: 1, RESOLVED: 2, UNKNOWN: 0 };
const SEVERITY_ORDER: Readonly<Record<SeverityName, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2, UNKNOWN: 1 };

/** Open ones first, in each part the worst first, then the newest. */
export const sortedAlerts = memo((alerts: Listed<AlertView>): readonly AlertView[] =>
  [...alerts.byId.values()].sort(
    (one, other) =>
      STATE_ORDER[one.state] - STATE_ORDER[other.state] ||
      (one.state === 'RESOLVED' ? 0 : SEVERITY_ORDER[one.severity] - SEVERITY_ORDER[other.severity]) ||
      newestFirst(one.alertId, other.alertId),
  ),
);
