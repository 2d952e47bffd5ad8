import { sqlCheck } from '../check.js';

/** Positions against the orders that opened and sold them (X1, X3, X4, X8). Amounts are base units. */

const POSITIONS = 'SELECT count(*) AS n FROM slice';

export const positionsFromEntries = sqlCheck(
  'positions-from-entries',
  'every position was opened by one FILLED entry with the same amounts, and every FILLED entry opened one',
  {
    over: 'positions',
    rows: POSITIONS,
    violations: `SELECT p.position_id::text AS subject, CASE
         WHEN e.order_id IS NULL THEN format('its entry order %s does not exist', p.entry_order_id)
         ELSE format('%s %s (%s, position %s) filled %s lamports for %s of %s at %s; the position has %s for %s of %s at %s',
           e.order_type, e.order_req_id, e.status, e.position_id, e.filled_lamports, e.filled_tokens, e.mint, e.actual_price,
           p.entry_lamports, p.entry_tokens, p.mint, p.entry_price) END AS detail
       FROM slice p LEFT JOIN orders e ON e.order_id = p.entry_order_id
       WHERE e.order_id IS NULL OR e.order_type <> 'ENTRY' OR e.status <> 'FILLED'
         OR e.position_id IS DISTINCT FROM p.position_id OR e.is_simulated <> p.is_simulated OR e.mint <> p.mint
         OR e.filled_lamports IS DISTINCT FROM p.entry_lamports OR e.filled_tokens IS DISTINCT FROM p.entry_tokens
         OR e.actual_price IS DISTINCT FROM p.entry_price`,
  },
  {
    over: 'orders',
    rows: `SELECT count(*) AS n FROM slice WHERE order_type = 'ENTRY' AND status = 'FILLED'`,
    violations: `SELECT o.order_req_id AS subject, format('a FILLED entry with %s positions', count(p.position_id)) AS detail
       FROM slice o LEFT JOIN positions p ON p.entry_order_id = o.order_id
       WHERE o.order_type = 'ENTRY' AND o.status = 'FILLED'
       GROUP BY o.order_id, o.order_req_id HAVING count(p.position_id) <> 1`,
  },
);

/** What the FILLED exits of the positions at hand sold and brought. */
const SOLD = `sold AS (
  SELECT p.position_id, coalesce(sum(x.filled_tokens), 0) AS tokens, coalesce(sum(x.filled_lamports), 0) AS lamports
  FROM slice p LEFT JOIN orders x ON x.position_id = p.position_id AND x.order_type = 'EXIT' AND x.status = 'FILLED'
  GROUP BY p.position_id)`;

export const positionsSold = sqlCheck(
  'positions-sold',
  'sold_tokens is the sum of what its FILLED exits sold: each is booked exactly once',
  {
    over: 'positions',
    rows: POSITIONS,
    violations: `, ${SOLD}
       SELECT position_id::text AS subject, format('sold_tokens is %s, its exits sold %s', p.sold_tokens, sold.tokens) AS detail
       FROM slice p JOIN sold USING (position_id) WHERE p.sold_tokens <> sold.tokens`,
  },
);

export const positionsReserved = sqlCheck(
  'positions-reserved',
  'reserved_tokens is the sum of what its exits under way want to sell: nothing leaks, nothing is given back twice',
  {
    over: 'positions',
    rows: POSITIONS,
    violations: `, live AS (
       SELECT p.position_id, coalesce(sum(x.requested_tokens), 0) AS tokens
       FROM slice p LEFT JOIN orders x ON x.position_id = p.position_id AND x.order_type = 'EXIT'
         AND x.status IN ('PENDING', 'SUBMITTED', 'CONFIRMING', 'FAILED')
       GROUP BY p.position_id)
     SELECT position_id::text AS subject,
       format('reserved_tokens is %s, its exits under way want %s', p.reserved_tokens, live.tokens) AS detail
     FROM slice p JOIN live USING (position_id) WHERE p.reserved_tokens <> live.tokens`,
  },
);

export const positionsProfit = sqlCheck(
  'positions-profit',
  'realized profit is proceeds minus the cost of what was sold, exact to the lamport',
  {
    over: 'positions',
    rows: POSITIONS,
    violations: `, ${SOLD}, due AS (
       SELECT p.*, sold.lamports, sold.lamports - div(p.entry_lamports * sold.tokens, p.entry_tokens) AS profit
       FROM slice p JOIN sold USING (position_id))
     SELECT position_id::text AS subject, format('proceeds %s, profit %s; by its exits proceeds %s, profit %s',
         proceeds_lamports, realized_pnl_lamports, lamports, profit) AS detail
     FROM due WHERE proceeds_lamports <> lamports OR realized_pnl_lamports <> profit`,
  },
);

/** X4: at most 0.001 of a whole token left counts as nothing left. */
export const positionsStatus = sqlCheck(
  'positions-status',
  'a position is EXIT_PENDING while tokens are reserved, else CLOSED with at most dust left, PARTIAL_EXIT or OPEN',
  {
    over: 'positions',
    rows: POSITIONS,
    violations: `, due AS (
       SELECT p.*, entry_tokens - sold_tokens AS rest, CASE
           WHEN reserved_tokens > 0 THEN 'EXIT_PENDING'
           WHEN sold_tokens > 0 AND entry_tokens - sold_tokens <= div(power(10::numeric, decimals), 1000) THEN 'CLOSED'
           WHEN sold_tokens > 0 THEN 'PARTIAL_EXIT' ELSE 'OPEN' END AS expected
       FROM slice p)
     SELECT position_id::text AS subject,
       format('is %s with %s left, %s reserved, dust %s, closed at %s; should be %s', status, rest, reserved_tokens, dust_tokens,
         coalesce(closed_at::text, 'no time'), expected) AS detail
     FROM due WHERE status <> expected OR (closed_at IS NOT NULL) <> (status = 'CLOSED')
       OR dust_tokens <> CASE WHEN status = 'CLOSED' THEN rest ELSE 0 END`,
  },
);

/** X11. */
export const neverOversold = sqlCheck(
  'never-oversold',
  'sold and reserved tokens never exceed those bought, and no exit sells more than it reserved',
  {
    over: 'positions',
    rows: POSITIONS,
    violations: `SELECT position_id::text AS subject,
         format('bought %s, sold %s, reserved %s', entry_tokens, sold_tokens, reserved_tokens) AS detail
       FROM slice WHERE sold_tokens + reserved_tokens > entry_tokens OR sold_tokens < 0 OR reserved_tokens < 0`,
  },
  {
    over: 'orders',
    rows: `SELECT count(*) AS n FROM slice WHERE order_type = 'EXIT' AND status = 'FILLED'`,
    violations: `SELECT order_req_id AS subject, format('reserved %s and sold %s', requested_tokens, filled_tokens) AS detail
       FROM slice WHERE order_type = 'EXIT' AND status = 'FILLED' AND filled_tokens > requested_tokens`,
  },
);
