import { ALERT_EVENTS, type Alert, type AlertEvent } from '../alert/alert.js';
import { newId } from '../core/ids.js';
import { findAlertsByIds } from './alerts.js';
import type { Database, Queryable } from './database.js';

/**
 * News of alerts on their way to senders (X12).
 *
 *   raise, acknowledge, resolve --(their transaction)--> one row for nobody
 *     -> handed out: one row per sender that wants it
 *       -> claimed -> SENT, or failed and due again, or GIVEN_UP
 *
 * A claim moves `due_at` to its own end: nobody else takes the row before, and it is free again if the claimer dies. `attempts`
 * grows with every claim and is the claim's right: what an outdated claim writes changes nothing. What happened to one alert
 * reaches one sender in the order it happened.
 */

export interface Delivery {
  /** The same for every try: receivers recognise a repeat by it. */
  readonly deliveryId: string;
  readonly alertId: string;
  readonly event: AlertEvent;
  readonly sender: string;
  /** To be delivered without a sound. */
  readonly silent: boolean;
  readonly attempts: number;
  readonly lastError: string;
  readonly createdAt: Date;
  readonly outcome: 'WAITING' | 'SENT' | 'GIVEN_UP';
}

interface DeliveryRow {
  delivery_id: string;
  alert_id: string;
  event: AlertEvent;
  sender: string;
  silent: boolean;
  attempts: number;
  last_error: string;
  created_at: Date;
  outcome: Delivery['outcome'];
}

function deliveryOf(row: DeliveryRow): Delivery {
  return {
    deliveryId: row.delivery_id,
    alertId: row.alert_id,
    event: row.event,
    sender: row.sender,
    silent: row.silent,
    attempts: row.attempts,
    lastError: row.last_error,
    createdAt: row.created_at,
    outcome: row.outcome,
  };
}

export interface Recipient {
  readonly sender: string;
  readonly silent: boolean;
}

/** Makes a delivery for every recipient of each piece of news, at most `limit` pieces; how many pieces there were. */
export async function handOutNews(
  db: Database,
  recipients: (alertType: string, event: AlertEvent) => readonly Recipient[],
  limit: number,
): Promise<number> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ delivery_id: string; alert_id: string; event: AlertEvent; alert_type: string }>(
      `DELETE FROM alert_outbox o USING alerts a
       WHERE a.alert_id = o.alert_id AND o.delivery_id IN (
         SELECT delivery_id FROM alert_outbox WHERE sender = '' AND done_at IS NULL
         ORDER BY delivery_id LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING o.delivery_id, o.alert_id, o.event, a.alert_type`,
      [limit],
    );
    // What is deleted comes back in any order; ids of deliveries tell the order in which things happened.
    rows.sort((one, other) => (one.delivery_id < other.delivery_id ? -1 : 1));
    for (const { alert_id: alertId, event, alert_type: alertType } of rows) {
      for (const { sender, silent } of recipients(alertType, event)) {
        await tx.query(
          `INSERT INTO alert_outbox (delivery_id, alert_id, event, sender, silent, created_at, due_at)
           SELECT $1, $2, $3, $4, $5, t, t FROM (SELECT exitlane_now() AS t) AS clock`,
          [newId(), alertId, event, sender, silent],
        );
      }
      tx.hint('alert', alertId);
    }
    return rows.length;
  });
}

const rankOf = (event: string) => `array_position(ARRAY['${ALERT_EVENTS.join("', '")}'], ${event})`;

/** Not sent yet, for one of the senders $1, and nothing that happened to the alert before is still on its way there. */
const NEXT = `d.done_at IS NULL AND d.sender = ANY($1) AND NOT EXISTS (
  SELECT 1 FROM alert_outbox e WHERE e.alert_id = d.alert_id AND e.sender IN ('', d.sender) AND e.done_at IS NULL
    AND ${rankOf('e.event')} < ${rankOf('d.event')})`;

export interface ClaimedDelivery {
  readonly delivery: Delivery;
  readonly alert: Alert;
}

/** Takes what is due for these senders, oldest first, for `leaseMs`; its owner tells the outcome before that. */
export async function claimDeliveries(
  db: Database,
  { senders, leaseMs, limit }: { senders: readonly string[]; leaseMs: number; limit: number },
): Promise<ClaimedDelivery[]> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<DeliveryRow>(
      `UPDATE alert_outbox SET attempts = attempts + 1, due_at = exitlane_now() + interval '1 millisecond' * $2::int
       WHERE delivery_id IN (
         SELECT d.delivery_id FROM alert_outbox d WHERE ${NEXT} AND d.due_at <= exitlane_now()
         ORDER BY d.due_at, d.delivery_id LIMIT $3 FOR UPDATE SKIP LOCKED)
       RETURNING *`,
      [senders, leaseMs, limit],
    );
    const deliveries = rows.map(deliveryOf);
    const alerts = await findAlertsByIds(tx, [...new Set(deliveries.map(({ alertId }) => alertId))]);
    return deliveries.flatMap((delivery) => {
      const alert = alerts.find(({ alertId }) => alertId === delivery.alertId);
      return alert ? [{ delivery, alert }] : [];
    });
  });
}

type ClaimOf = Pick<Delivery, 'deliveryId' | 'attempts'>;

/** The receiver took it. False: the claim had ended and somebody else has it now. */
export async function noteDelivered(db: Database, { deliveryId, attempts }: ClaimOf): Promise<boolean> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ alert_id: string }>(
      `UPDATE alert_outbox SET outcome = 'SENT', done_at = exitlane_now(), last_error = ''
       WHERE delivery_id = $1 AND attempts = $2 AND done_at IS NULL RETURNING alert_id`,
      [deliveryId, attempts],
    );
    for (const row of rows) tx.hint('alert', row.alert_id);
    return rows.length > 0;
  });
}

/** It did not work; due again after `retryDelayMs`, or with undefined never. False as for {@link noteDelivered}. */
export async function noteNotDelivered(
  db: Database,
  { deliveryId, attempts }: ClaimOf,
  { error, retryDelayMs }: { error: string; retryDelayMs: number | undefined },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ alert_id: string }>(
      `UPDATE alert_outbox SET last_error = $3, due_at = exitlane_now() + interval '1 millisecond' * coalesce($4::int, 0),
         outcome = CASE WHEN $4::int IS NULL THEN 'GIVEN_UP' ELSE outcome END,
         done_at = CASE WHEN $4::int IS NULL THEN exitlane_now() END
       WHERE delivery_id = $1 AND attempts = $2 AND done_at IS NULL RETURNING alert_id`,
      [deliveryId, attempts, error, retryDelayMs === undefined ? null : Math.ceil(retryDelayMs)],
    );
    for (const row of rows) tx.hint('alert', row.alert_id);
    return rows.length > 0;
  });
}

/** Deliveries that nobody could make for this long - their sender is not configured any more - end. Returns how many. */
export async function giveUpOldDeliveries(db: Queryable, olderThanMs: number): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE alert_outbox SET outcome = 'GIVEN_UP', done_at = exitlane_now(),
       last_error = 'not sent in time; is its sender still configured? ' || last_error
     WHERE done_at IS NULL AND sender <> '' AND created_at <= exitlane_now() - interval '1 millisecond' * $1::bigint`,
    [olderThanMs],
  );
  return rowCount;
}

/** Milliseconds until there is something to hand out or to send, 0 if there is; undefined when nothing waits. */
export async function nextDeliveryMs(db: Queryable, senders: readonly string[]): Promise<number | undefined> {
  const { rows } = await db.query<{ ms: string | null }>(
    `SELECT extract(epoch FROM min(d.due_at) - exitlane_now()) * 1000 AS ms FROM alert_outbox d
     WHERE (d.sender = '' AND d.done_at IS NULL) OR (${NEXT})`,
    [senders],
  );
  const ms = rows[0]?.ms;
  return ms === null || ms === undefined ? undefined : Math.max(0, Number(ms));
}

/** What became of the news of these alerts, in the order it happened. */
export async function listDeliveries(db: Queryable, alertIds: readonly string[]): Promise<Delivery[]> {
  if (alertIds.length === 0) return [];
  const { rows } = await db.query<DeliveryRow>(
    `SELECT * FROM alert_outbox WHERE alert_id = ANY($1::uuid[]) AND sender <> '' ORDER BY delivery_id`,
    [alertIds],
  );
  return rows.map(deliveryOf);
}
