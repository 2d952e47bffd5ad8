import type { Queryable } from '../../../shared/store/database.js';
import { MIGRATIONS_TABLE } from '../../../shared/store/migrate.js';

/** A table of ours, as the database has it. */
export interface Table {
  /** Quoted where it has to be. */
  readonly name: string;
  readonly columns: readonly string[];
  /** The columns for a statement. */
  readonly quoted: string;
}

/** Made by the migrations, not data of ours. */
const NOT_OURS = [MIGRATIONS_TABLE];

/** Every table of the schema at hand, by name; so what a later migration adds is in it. Computed columns are left out. */
export async function tablesOf(db: Queryable): Promise<Table[]> {
  const { rows } = await db.query<{ name: string; columns: string[]; quoted: string }>(
    `SELECT quote_ident(c.relname) AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns,
       string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS quoted
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($1)
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     GROUP BY c.relname ORDER BY c.relname`,
    [NOT_OURS],
  );
  return rows;
}
