import { sqlCheck } from '../check.js';

/** Slots, claims, priorities and totals (P1, P4, P6). */

export const slotsAndLeases = sqlCheck(
  'slots-and-leases',
  'only a SUBMITTED or CONFIRMING order holds a slot or a lease',
  {
    over: 'orders',
    rows: 'SELECT count(*) AS n FROM slice',
    violations: `SELECT order_req_id AS subject, format('is %s; slot: %s, lease: %s until %s', status, holds_slot::text,
         coalesce(lease_owner, 'nobody'), coalesce(lease_until::text, 'no time')) AS detail
       FROM slice WHERE status NOT IN ('SUBMITTED', 'CONFIRMING')
         AND (holds_slot OR lease_owner IS NOT NULL OR lease_until IS NOT NULL)`,
  },
);

export const slotsWithinLimit = sqlCheck('slots-within-limit', 'no more slots are taken than there are', {
  rows: 'SELECT count(*) AS n FROM orders WHERE holds_slot',
  violations: `SELECT 'scheduler' AS subject,
       format('%s of %s slots are taken, %s of them by emergency exits, which may have %s more', taken, max_concurrent,
         taken - ordinary, emergency_extra) AS detail
     FROM scheduler, (SELECT count(*) AS taken, count(*) FILTER (WHERE NOT emergency) AS ordinary FROM orders WHERE holds_slot) AS slots
     WHERE taken > max_concurrent + emergency_extra OR ordinary > max_concurrent`,
});

/** The checker's own copy of P1. */
const PRIORITY = `CASE
  WHEN emergency THEN 0
  WHEN order_type = 'ENTRY' THEN 100
  WHEN position('stop_loss' IN lower(exit_reason)) > 0 THEN 10
  WHEN position('trailing' IN lower(exit_reason)) > 0 THEN 20
  WHEN position('take_profit' IN lower(exit_reason)) > 0 THEN 30
  WHEN position('manual' IN lower(exit_reason)) > 0 THEN 40
  WHEN position('emergency' IN lower(exit_reason)) > 0 THEN 40
  ELSE 50 END`;

export const priorities = sqlCheck('priorities', "an order's priority follows from type, reason and emergency flag", {
  over: 'orders',
  rows: 'SELECT count(*) AS n FROM slice',
  violations: `SELECT order_req_id AS subject, format('%s %s, emergency: %s: priority is %s and should be %s',
       order_type, exit_reason, emergency::text, priority, ${PRIORITY}) AS detail
     FROM slice WHERE priority <> ${PRIORITY}`,
});

export const dispatchSequence = sqlCheck(
  'dispatch-sequence',
  'every claim has a number of its own, and every order with an attempt was claimed',
  {
    rows: 'SELECT count(*) AS n FROM orders WHERE dispatch_sequence > 0',
    violations: `SELECT min(order_req_id) AS subject,
         format('%s orders have claim number %s, of %s claims in all', count(*), dispatch_sequence, max(dispatched)) AS detail
       FROM orders, scheduler WHERE dispatch_sequence > 0
       GROUP BY dispatch_sequence HAVING count(*) > 1 OR dispatch_sequence > max(dispatched)`,
  },
  {
    over: 'orders',
    rows: 'SELECT 0 AS n',
    violations: `SELECT order_req_id AS subject, 'has an attempt, but was never claimed' AS detail
       FROM slice o WHERE dispatch_sequence < 1 AND EXISTS (SELECT 1 FROM attempts a WHERE a.order_id = o.order_id)`,
  },
);

/** O6: finished orders that moved no money may have been removed. */
export const endedTotal = sqlCheck(
  'ended-total',
  'the total of ended orders is their number, those removed since included',
  {
    rows: `SELECT count(*) AS n FROM orders WHERE status IN ('FILLED', 'CANCELLED')`,
    violations: `SELECT 'order_totals' AS subject,
       format('says %s, but %s orders have ended and %s were removed', ended, n, orders_removed) AS detail
     FROM order_totals, retention, (SELECT count(*) AS n FROM orders WHERE status IN ('FILLED', 'CANCELLED')) AS counted
     WHERE ended <> n + orders_removed`,
  },
);
