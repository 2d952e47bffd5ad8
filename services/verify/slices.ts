import type { Queryable } from '../../shared/store/database.js';

export type SlicedTable = 'orders' | 'positions';

/** Orders per statement: a few tens of thousands of messages, far below a second, and a few megabytes of attempts. */
const SLICE_ROWS = 5_000;

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * Cuts a table into ranges of its id, (after, upTo], so that no statement's time or answer grows with the whole table.
 */
export async function* slices(db: Queryable, table: SlicedTable): AsyncGenerator<[after: string, upTo: string]> {
  const key = table === 'orders' ? 'order_id' : 'position_id';
  for (let after = BEFORE_ALL; ; ) {
    const { rows } = await db.query<{ id: string }>(
      `SELECT id FROM (SELECT ${key} AS id FROM ${table} WHERE ${key} > $1 ORDER BY ${key} LIMIT ${SLICE_ROWS}) AS page
       ORDER BY id DESC LIMIT 1`,
      [after],
    );
    const upTo = rows[0]?.id;
    if (upTo === undefined) return;
    yield [after, upTo];
    after = upTo;
  }
}

/** Rows of a statement that reads FROM slice, slice after slice. */
export async function* rowsOf<Row extends object>(db: Queryable, table: SlicedTable, sql: string): AsyncGenerator<Row> {
  const key = table === 'orders' ? 'order_id' : 'position_id';
  for await (const bounds of slices(db, table)) {
    const slice = `WITH slice AS (SELECT * FROM ${table} WHERE ${key} > $1 AND ${key} <= $2)`;
    const { rows } = await db.query<Row>(`${slice} ${sql}`, bounds);
    yield* rows;
  }
}
