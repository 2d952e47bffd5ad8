import { sqlCheck } from '../check.js';

/** Alerts (X5, X12): none is missing, none outlives what it tells, and their news happened. */

/** Written with the end of the exit, so not before it; a later failure of the same position may be told by the same alert. */
export const failedExitsAlerted = sqlCheck(
  'failed-exits-alerted',
  'every exit that used up its attempts raised a critical alert about its position',
  {
    over: 'orders',
    rows: `SELECT count(*) AS n FROM slice WHERE order_type = 'EXIT' AND reason = 'ATTEMPTS_EXHAUSTED'`,
    violations: `SELECT order_req_id AS subject, format('ended %s with ATTEMPTS_EXHAUSTED, and no alert tells it', updated_at) AS detail
       FROM slice o WHERE order_type = 'EXIT' AND reason = 'ATTEMPTS_EXHAUSTED' AND NOT EXISTS (
         SELECT 1 FROM alerts a WHERE a.alert_type = 'exit_failed_critical' AND a.severity = 'CRITICAL'
           AND a.position_id = o.position_id AND a.last_raised_at >= o.updated_at)`,
  },
);

export const alertsAgree = sqlCheck(
  'alerts-agree',
  'an alert is about one thing: its order, position and token belong together; one fact has one alert; states have their times',
  {
    rows: 'SELECT count(*) AS n FROM alerts',
    violations: `SELECT a.alert_id::text AS subject, format('%s about order %s of position %s and token %s, position %s of token %s, token %s',
         a.alert_type, o.order_req_id, o.position_id, o.mint, a.position_id, p.mint, a.mint) AS detail
       FROM alerts a LEFT JOIN orders o USING (order_id) LEFT JOIN positions p ON p.position_id = a.position_id
       WHERE (a.order_id IS NOT NULL AND o.order_id IS NULL) OR (a.position_id IS NOT NULL AND p.position_id IS NULL)
         OR o.mint <> a.mint OR p.mint <> a.mint OR o.position_id <> a.position_id
         OR (a.mint IS NULL AND coalesce(a.order_id, a.position_id) IS NOT NULL)`,
  },
  {
    rows: 'SELECT 0 AS n',
    violations: `SELECT min(alert_id::text) AS subject, format('%s alerts that are not resolved are about %s', count(*), dedup_key) AS detail
       FROM alerts WHERE status <> 'RESOLVED' GROUP BY dedup_key HAVING count(*) > 1`,
  },
  {
    rows: 'SELECT 0 AS n',
    violations: `SELECT alert_id::text AS subject, format('is %s; raised %s, acknowledged %s, resolved %s', status, created_at,
         coalesce(acknowledged_at::text, 'never'), coalesce(resolved_at::text, 'never')) AS detail
       FROM alerts WHERE (status = 'RESOLVED') <> (resolved_at IS NOT NULL)
         OR (status = 'ACKNOWLEDGED' AND acknowledged_at IS NULL) OR (status = 'OPEN' AND acknowledged_at IS NOT NULL)
         OR acknowledged_at < created_at OR resolved_at < coalesce(acknowledged_at, created_at)`,
  },
);

/** A token would stay barred from entries for nothing. */
export const closedPositionsAreQuiet = sqlCheck(
  'closed-positions-are-quiet',
  'no alert about getting out of a position outlives the position',
  {
    over: 'positions',
    rows: `SELECT count(*) AS n FROM slice WHERE status = 'CLOSED'`,
    violations: `SELECT p.position_id::text AS subject, format('is CLOSED, yet alert %s (%s) is %s', a.alert_id, a.alert_type, a.status) AS detail
       FROM slice p JOIN alerts a USING (position_id)
       WHERE p.status = 'CLOSED' AND a.status <> 'RESOLVED'
         AND a.alert_type IN ('exit_failed_critical', 'exit_blocked', 'price_unavailable')`,
  },
);

export const alertNews = sqlCheck(
  'alert-news',
  'news of an alert tells what happened to it, and reaches each receiver in the order it happened',
  {
    rows: 'SELECT count(*) AS n FROM alert_outbox',
    violations: `SELECT alert_id::text AS subject, format('%s is told to %s, but the alert is %s', event,
         CASE sender WHEN '' THEN 'all' ELSE sender END, status) AS detail
       FROM alert_outbox JOIN alerts USING (alert_id)
       WHERE (event = 'ACKNOWLEDGED' AND acknowledged_at IS NULL) OR (event = 'RESOLVED' AND resolved_at IS NULL)`,
  },
  {
    rows: 'SELECT 0 AS n',
    violations: `SELECT a.alert_id::text AS subject, format('%s was told to %s at %s, %s at %s', a.event, a.sender,
         a.done_at, b.event, coalesce(b.done_at::text, 'no time')) AS detail
       FROM alert_outbox a JOIN alert_outbox b ON b.alert_id = a.alert_id AND b.sender = a.sender
       WHERE a.done_at IS NOT NULL AND (b.done_at IS NULL OR b.done_at > a.done_at)
         AND (b.event = 'RAISED' AND a.event <> 'RAISED' OR b.event = 'ACKNOWLEDGED' AND a.event = 'RESOLVED')`,
  },
);
