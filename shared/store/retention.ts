import type { Database, Transaction } from './database.js';

/**
 * O6: what is finished is removed after a time, in small transactions that touch nothing a claim needs. Each holds the one row of
 * `retention`, so that of several processes one works; a process that finds it held does nothing.
 */

/** A finished order, in the order in which they ended. */
export interface EndedOrder {
  /** Text of a timestamp: a Date would cut microseconds off. */
  readonly endedAt: string;
  readonly orderId: string;
}

export const BEFORE_ALL: EndedOrder = { endedAt: '-infinity', orderId: '00000000-0000-0000-0000-000000000000' };

/** What one transaction did. */
export interface Pruned {
  /** Messages or orders removed. */
  readonly removed: number;
  /** Nothing is left to do now, or another process does it. */
  readonly done: boolean;
}

/**
 * Removes the messages of at most `limit` orders that ended more than `days` days ago, but for the last of each: it tells how the
 * order ended, and a reader whose cursor is too old is told where to go on. Proposals that were not accepted go with them.
 */
export function pruneMessages(db: Database, days: number, limit: number): Promise<Pruned> {
  return db.transaction((tx) => pruneMessagesIn(tx, days, limit));
}

/** Read once per statement: compared directly, a volatile function is no bound of the index but asked again for every kept order. */
function longAgo(days: string): string {
  return `(SELECT exitlane_now()) - make_interval(days => ${days})`;
}

export async function pruneMessagesIn(tx: Transaction, days: number, limit: number): Promise<Pruned> {
  if (!(await takeTurn(tx))) return { removed: 0, done: true };
  const { rows } = await tx.query<{ orders: string; removed: string }>(
    `WITH page AS (
         SELECT order_id, updated_at FROM orders
         WHERE status IN ('FILLED', 'CANCELLED') AND updated_at < ${longAgo('$1')}
           AND (updated_at, order_id) > ((SELECT messages_until FROM retention), (SELECT messages_order_id FROM retention))
         ORDER BY updated_at, order_id LIMIT $2
       ), cut AS (
         UPDATE order_sequences s SET earliest = s.head FROM page WHERE s.order_id = page.order_id AND s.earliest < s.head
         RETURNING s.order_id, s.head
       ), gone AS (
         DELETE FROM order_messages m USING cut WHERE m.order_id = cut.order_id AND m.sequence < cut.head RETURNING 1
       ), offers AS (
         DELETE FROM proposals p USING page WHERE p.order_id = page.order_id AND p.state <> 'ACCEPTED'
       ), last AS (
         SELECT updated_at, order_id FROM page ORDER BY updated_at DESC, order_id DESC LIMIT 1
       ), noted AS (
         UPDATE retention SET messages_until = last.updated_at, messages_order_id = last.order_id,
           messages_removed = messages_removed + (SELECT count(*) FROM gone)
         FROM last
       )
       SELECT (SELECT count(*) FROM page) AS orders, (SELECT count(*) FROM gone) AS removed`,
    [days, limit],
  );
  return { removed: Number(rows[0]?.removed ?? 0), done: Number(rows[0]?.orders ?? 0) < limit };
}

/**
 * Looks at the next `limit` orders that ended more than `days` days ago, and removes those that moved no money, with attempts,
 * proposals and messages: cancelled, nothing of them landed, no alert tells of them, and no open position waits for them. Returns
 * where to go on.
 */
export function removeOrders(db: Database, days: number, after: EndedOrder, limit: number): Promise<Looked> {
  return db.transaction((tx) => removeOrdersIn(tx, days, after, limit));
}

/** What was removed, and where to go on. */
type Looked = Pruned & { readonly last: EndedOrder };

export async function removeOrdersIn(tx: Transaction, days: number, after: EndedOrder, limit: number): Promise<Looked> {
  if (!(await takeTurn(tx))) return { removed: 0, done: true, last: after };
  const { rows } = await tx.query<{ order_id: string; ended_at: string; removable: boolean }>(
    `SELECT o.order_id, o.updated_at::text AS ended_at,
         o.status = 'CANCELLED'
           AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.order_id = o.order_id AND a.state <> 'DEAD')
           AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.order_id = o.order_id)
           AND NOT EXISTS (SELECT 1 FROM positions p WHERE p.position_id = o.position_id
             AND (p.status <> 'CLOSED' OR p.last_exit_order_id = o.order_id)) AS removable
       FROM orders o
       WHERE o.status IN ('FILLED', 'CANCELLED') AND o.updated_at < ${longAgo('$1')}
         AND (o.updated_at, o.order_id) > ($2::timestamptz, $3::uuid)
       ORDER BY o.updated_at, o.order_id LIMIT $4`,
    [days, after.endedAt, after.orderId, limit],
  );
  const ids = rows.filter(({ removable }) => removable).map((row) => row.order_id);
  if (ids.length > 0) await removeAll(tx, ids);
  const last = rows.at(-1);
  return {
    removed: ids.length,
    done: rows.length < limit,
    last: last ? { endedAt: last.ended_at, orderId: last.order_id } : after,
  };
}

/** Everything that hangs on an order, before the order. */
const TABLES = [
  'order_messages',
  'order_sequences',
  'proposals',
  'attempts',
  'exit_follows',
  'exit_wishes',
  'orders',
] as const;

async function removeAll(tx: Transaction, orderIds: readonly string[]): Promise<void> {
  for (const table of TABLES) await tx.query(`DELETE FROM ${table} WHERE order_id = ANY ($1)`, [orderIds]);
  await tx.query('UPDATE retention SET orders_removed = orders_removed + $1', [orderIds.length]);
}

/** False: another process is at it. */
async function takeTurn(tx: Transaction): Promise<boolean> {
  const { rowCount } = await tx.query(
    'UPDATE retention SET ran_at = exitlane_now() WHERE id = (SELECT id FROM retention FOR UPDATE SKIP LOCKED)',
  );
  return rowCount > 0;
}
