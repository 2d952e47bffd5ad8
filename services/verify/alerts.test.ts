import { resolvePositionAlerts } from '../../shared/store/alerts.js';
import { change, describePlants } from './testing/plant.js';

describePlants('verify: defects of alerts', [
  {
    title: 'an exit that was given up in silence (X5)',
    caughtBy: ['failed-exits-alerted'],
    saying: /with ATTEMPTS_EXHAUSTED, and no alert tells it/,
    bend: async (db) => {
      await change(db, 'DELETE FROM alert_outbox');
      await change(db, 'DELETE FROM alerts');
    },
  },
  {
    title: 'an exit whose failure only an older alert could tell (X5)',
    caughtBy: ['failed-exits-alerted'],
    saying: /no alert tells it/,
    bend: (db, { alertId }) =>
      change(
        db,
        `UPDATE alerts SET created_at = created_at - interval '1 hour', last_raised_at = last_raised_at - interval '1 hour'
         WHERE alert_id = $1`,
        [alertId],
      ),
  },
  {
    title: 'a failed exit that is a warning only (X12)',
    caughtBy: ['failed-exits-alerted'],
    saying: /no alert tells it/,
    bend: (db, { alertId }) => change(db, `UPDATE alerts SET severity = 'WARNING' WHERE alert_id = $1`, [alertId]),
  },
  {
    title: 'an alert that bars the wrong token (X12)',
    caughtBy: ['alerts-agree'],
    saying: /exit_failed_critical about order .* token other/,
    bend: (db, { alertId }) => change(db, `UPDATE alerts SET mint = 'other' WHERE alert_id = $1`, [alertId]),
  },
  {
    title: "an alert about another position's order",
    caughtBy: ['alerts-agree', 'failed-exits-alerted'],
    saying: /exit_failed_critical about order/,
    bend: (db, { alertId, partial }) =>
      change(db, 'UPDATE alerts SET position_id = $2 WHERE alert_id = $1', [alertId, partial]),
  },
  {
    title: 'two alerts about one fact (X12)',
    caughtBy: ['alerts-agree'],
    saying: /2 alerts that are not resolved are about exit_failed_critical:/,
    bend: async (db, { alertId }) => {
      await db.query('DROP INDEX alerts_one_per_fact');
      await change(
        db,
        `INSERT INTO alerts SELECT (jsonb_populate_record(a, '{"alert_id": "00000000-0000-7000-8000-000000000001"}')).*
         FROM alerts a WHERE alert_id = $1`,
        [alertId],
      );
    },
  },
  {
    title: 'an alert that was resolved before it was raised',
    caughtBy: ['alerts-agree'],
    saying: /is RESOLVED; raised .*, acknowledged .*, resolved/,
    bend: (db, { alertId }) =>
      change(
        db,
        `UPDATE alerts SET status = 'RESOLVED', resolved_by = 'x', resolved_at = created_at - interval '1 second' WHERE alert_id = $1`,
        [alertId],
      ),
  },
  {
    title: 'a closed position whose token stays barred (X12)',
    caughtBy: ['closed-positions-are-quiet', 'failed-exits-alerted'],
    saying: /is CLOSED, yet alert .* \(exit_failed_critical\) is ACKNOWLEDGED/,
    bend: (db, { alertId, closed }) =>
      change(
        db,
        `UPDATE alerts SET position_id = $2,
           order_id = (SELECT order_id FROM orders WHERE position_id = $2 AND exit_reason = 'stop_loss') WHERE alert_id = $1`,
        [alertId, closed],
      ),
  },
  {
    title: 'news of something that did not happen',
    caughtBy: ['alert-news'],
    saying: /RESOLVED is told to webhook, but the alert is ACKNOWLEDGED/,
    bend: (db, { alertId }) =>
      change(
        db,
        `INSERT INTO alert_outbox (delivery_id, alert_id, event, sender, created_at, due_at)
         VALUES (gen_random_uuid(), $1, 'RESOLVED', 'webhook', now(), now())`,
        [alertId],
      ),
  },
  {
    title: 'news out of order',
    caughtBy: ['alert-news'],
    saying: /ACKNOWLEDGED was told to webhook at .*, RAISED at/,
    live: async ({ history, alertId, leaving }) => {
      await history.db.transaction((tx) =>
        resolvePositionAlerts(tx, leaving, ['exit_failed_critical'], { by: 'exitlane', note: '' }),
      );
      await change(
        history.db,
        `UPDATE alert_outbox SET done_at = done_at + interval '1 hour' WHERE alert_id = $1 AND event = 'RAISED'`,
        [alertId],
      );
    },
  },
]);
