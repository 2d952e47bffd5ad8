import { newId } from '../core/ids.js';
import type { Queryable } from './database.js';

/**
 * Ids of orders that Exitlane makes itself. Clients may not choose such ids (`isOwnReqId`), but a database may hold orders of before
 * that rule: what has the wanted id is never taken for the exit without looking, and never keeps it from being made.
 */

/** Ids that are asked for in one query; a database in which all of them are taken was filled on purpose. */
const NUMBERED_MAX = 32;

/** `wanted`, or if an order or wish has that the first free one of `wanted.2`, `wanted.3` and so on. */
export async function freeReqId(tx: Queryable, wanted: string): Promise<string> {
  const numbered = Array.from({ length: NUMBERED_MAX - 1 }, (_, index) => `${wanted}.${index + 2}`);
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM unnest($1::text[]) WITH ORDINALITY AS wanted (id, n)
     WHERE NOT EXISTS (SELECT 1 FROM orders WHERE order_req_id = id)
       AND NOT EXISTS (SELECT 1 FROM exit_wishes WHERE order_req_id = id)
     ORDER BY n LIMIT 1`,
    [[wanted, ...numbered]],
  );
  return rows[0]?.id ?? `${wanted}.${newId()}`;
}

export interface TriggeredExit {
  readonly positionId: string;
  /** As wanted; the order may have it with a number behind. */
  readonly orderReqId: string;
  /** No request of a client can have the same one. */
  readonly payloadHash: string;
}

/**
 * Whether the exit of a trigger exists, as an order or as a wish that follows a sent one. With the position locked the answer stays
 * true until the commit. It does not depend on which ids are free by now: an order that was in the way may have been removed since.
 */
export async function hasTriggeredExit(tx: Queryable, exit: TriggeredExit): Promise<boolean> {
  const { rows } = await tx.query(
    `SELECT 1 FROM orders o WHERE o.position_id = $1 AND o.order_type = 'EXIT' AND o.payload_hash = $2
       AND (o.order_req_id = $3 OR starts_with(o.order_req_id, $3 || '.'))
     UNION ALL
     SELECT 1 FROM exit_wishes w JOIN orders o USING (order_id) WHERE o.position_id = $1 AND w.payload_hash = $2
       AND (w.order_req_id = $3 OR starts_with(w.order_req_id, $3 || '.'))
     LIMIT 1`,
    [exit.positionId, exit.payloadHash, exit.orderReqId],
  );
  return rows.length > 0;
}
