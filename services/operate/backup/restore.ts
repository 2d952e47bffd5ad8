import { ExitlaneError } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import { type Database, openDatabase, type Queryable, type Transaction } from '../../../shared/store/database.js';
import { appliedVersion, MIGRATIONS_TABLE, newestVersion, type SchemaTarget } from '../../../shared/store/migrate.js';
import { type StoodStill, standStill } from '../../../shared/store/restored-orders.js';
import type { Place } from '../place.js';
import type { Header, TableLine } from './format.js';
import { INSERT_BYTES_MAX } from './limits.js';
import { checkBackup, readBackup } from './read.js';
import { type Table, tablesOf } from './tables.js';

export interface RestoreOptions {
  readonly file: string;
  readonly place: Place;
  /** Leaves the trading state as it was; default: HALTED, until somebody has looked. */
  readonly keepTradingState: boolean;
  readonly logger: Logger;
}

export interface RestoreReport {
  readonly header: Header;
  readonly rows: Readonly<Record<string, number>>;
  /** Of the message log from now on. */
  readonly epoch: string;
  readonly schemaVersion: number;
  /** Orders that had not ended: what became of them since is not in the backup. */
  readonly unfinishedOrders: number;
  readonly tradingState: string;
  /** What was done to orders that would have traded although HALTED; undefined: the trading state was kept. */
  readonly stoodStill: StoodStill | undefined;
}

/**
 * Loads a backup into a database that holds nothing, in one transaction, and brings its schema up to date. The message log gets a new
 * epoch, so that whoever follows it starts anew instead of missing what was lost. The file is read twice: the first time, before
 * anything is touched, to see that it is sound.
 *
 * @throws ExitlaneError CONFIG_INVALID (the file, or a database that is not empty), SCHEMA_TOO_NEW, DATABASE_UNAVAILABLE
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { file } = options;
  const { header, tables } = await checkBackup(file);
  await refuseNewerSchema(file, header);
  await using(options, 'as-is', (db) => refuseStrange(db, tables));
  const loaded = await using(options, header.schemaVersion, (db) => db.transaction((tx) => load(tx, options, header)));
  // What newer migrations do to data, they do to this data; orders are moved by this version's rules, so on its schema.
  return using(options, 'latest', async (db) => {
    const ended = await db.transaction((tx) => settleDown(tx, options, header));
    return { header, ...loaded, ...ended, schemaVersion: db.schemaVersion };
  });
}

async function settleDown(tx: Transaction, { keepTradingState }: RestoreOptions, { takenAt }: Header) {
  const stoodStill = keepTradingState ? undefined : await standStill(tx, takenAt);
  const state = await tx.query<{ trading_state: string; unfinished: string }>(
    `SELECT trading_state, (SELECT count(*) FROM orders WHERE status NOT IN ('FILLED', 'CANCELLED')) AS unfinished
     FROM scheduler`,
  );
  const { trading_state: tradingState = '', unfinished = '0' } = state.rows[0] ?? {};
  return { stoodStill, unfinishedOrders: Number(unfinished), tradingState };
}

async function using<T>(
  { place, logger }: RestoreOptions,
  schema: SchemaTarget,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const db = await openDatabase({ ...place, logger, schema, longStatements: true });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

/** Tables of others would be emptied. */
async function refuseStrange(db: Database, ours: readonly string[]): Promise<void> {
  const strange = (await tablesOf(db)).filter(({ name }) => db.schemaVersion === 0 || !ours.includes(name));
  if (strange.length > 0) throw notEmpty(`it has tables of others (${strange.map(({ name }) => name).join(', ')})`);
}

async function refuseNewerSchema(file: string, { schemaVersion, program }: Header): Promise<void> {
  const known = await newestVersion();
  if (schemaVersion <= known) return;
  throw new ExitlaneError(
    'SCHEMA_TOO_NEW',
    `${file} has schema version ${schemaVersion}, written by Exitlane ${program}; this program knows up to ${known}: restore it with that version or a newer one`,
    { metadata: { databaseVersion: String(schemaVersion), knownVersion: String(known) } },
  );
}

/** The only tables that have a row before anybody has worked with the database: one, put in by its migration. */
const SEEDED = ['audit_head', 'log_epoch', 'order_totals', 'retention', 'scheduler'];

/** With every table locked: nobody puts anything in between this look and the load. */
async function refuseUsed(tx: Transaction, tables: readonly Table[], { schemaVersion }: Header): Promise<void> {
  const used: string[] = [];
  for (const { name } of tables) {
    const { rowCount } = await tx.query(`SELECT 1 FROM ${name} LIMIT 2`);
    if (rowCount > (SEEDED.includes(name) ? 1 : 0)) used.push(name);
  }
  if (used.length > 0) throw notEmpty(`it holds ${used.join(', ')}`);
  // Its data migrations have run already, on no data.
  const version = await appliedVersion(tx);
  if (version > schemaVersion) throw notEmpty(`it has schema version ${version} already, the backup ${schemaVersion}`);
}

function notEmpty(why: string): ExitlaneError {
  const advice = 'restore into a database that was just created; this one was not changed';
  return new ExitlaneError('CONFIG_INVALID', `the database is not empty: ${why}: ${advice}`);
}

async function load(tx: Transaction, { file, keepTradingState }: RestoreOptions, header: Header) {
  await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  const tables = await tablesOf(tx);
  await tx.query(`LOCK TABLE ${[...tables.map(({ name }) => name), MIGRATIONS_TABLE].join(', ')}`);
  await refuseUsed(tx, tables, header);
  const keys = await foreignKeys(tx);
  for (const { name } of tables) await tx.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
  for (const key of keys)
    await tx.query(`ALTER TABLE ${key.table} ALTER CONSTRAINT ${key.name} DEFERRABLE INITIALLY DEFERRED`);
  // What the migrations put in; the backup has these rows too.
  for (const { name } of tables) await tx.query(`DELETE FROM ${name}`);
  const rows = await loadRows(tx, file, tables);
  await tx.query('SET CONSTRAINTS ALL IMMEDIATE');
  for (const key of keys) await tx.query(`ALTER TABLE ${key.table} ALTER CONSTRAINT ${key.name} NOT DEFERRABLE`);
  for (const { name } of tables) await tx.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`);
  await moveSequences(tx);
  const epoch = await tx.query<{ epoch: string }>('UPDATE log_epoch SET epoch = gen_random_uuid() RETURNING epoch');
  if (!keepTradingState) await halt(tx, header, tables);
  return { rows, epoch: epoch.rows[0]?.epoch ?? '' };
}

/**
 * Orders that waited when the backup was taken may have traded since: nothing starts by itself before somebody has compared the wallet
 * with the books.
 */
async function halt(tx: Transaction, { takenAt }: Header, tables: readonly Table[]): Promise<void> {
  // No call did it, so no entry of the audit log tells of it.
  const named = tables.some(({ name, columns }) => name === 'scheduler' && columns.includes('request_id'));
  await tx.query(
    `UPDATE scheduler SET trading_state = 'HALTED', changed_by = 'exitlane restore', changed_at = exitlane_now(),
       change_reason = $1${named ? ", request_id = ''" : ''}`,
    [`restored from a backup taken at ${takenAt}: compare the wallet with the positions before trading goes on`],
  );
}

async function loadRows(tx: Transaction, file: string, tables: readonly Table[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let table: TableLine | undefined;
  let rows: string[] = [];
  let bytes = 0;
  const flush = async () => {
    if (table && rows.length > 0) await insert(tx, tables, table, rows);
    rows = [];
    bytes = 0;
  };
  for await (const line of readBackup(file)) {
    if (line.kind === 'row') {
      rows.push(line.row);
      bytes += line.row.length;
      if (table) counts[table.table] = (counts[table.table] ?? 0) + 1;
      if (bytes >= INSERT_BYTES_MAX) await flush();
    } else if (line.kind === 'table') {
      await flush();
      table = line.table;
      counts[table.table] = 0;
    }
  }
  await flush();
  return counts;
}

async function insert(
  tx: Transaction,
  tables: readonly Table[],
  { table, columns }: TableLine,
  rows: readonly string[],
) {
  const known = tables.find(({ name }) => name === table);
  const strange = known === undefined ? 'table' : columns.find((column) => !known.columns.includes(column));
  if (known === undefined || strange !== undefined) {
    throw new ExitlaneError(
      'CONFIG_INVALID',
      `the backup has ${table} (${strange}), which its schema version does not`,
    );
  }
  await tx.query(
    `INSERT INTO ${known.name} (${known.quoted}) OVERRIDING SYSTEM VALUE
     SELECT ${known.quoted} FROM json_populate_recordset(NULL::${known.name}, $1::json)`,
    [`[${rows.join(',')}]`],
  );
}

async function foreignKeys(db: Queryable): Promise<{ table: string; name: string }[]> {
  const { rows } = await db.query<{ table: string; name: string }>(
    `SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name FROM pg_constraint
     WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND NOT condeferrable`,
  );
  return rows;
}

/** Numbers that the database gives out go on after the last one that was loaded. */
async function moveSequences(tx: Transaction): Promise<void> {
  const { rows } = await tx.query<{ sequence: string; table: string; column: string }>(
    `SELECT pg_get_serial_sequence(c.oid::regclass::text, a.attname) AS sequence, c.oid::regclass::text AS table,
       quote_ident(a.attname) AS column
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname <> 'pgmigrations' AND a.attnum > 0
       AND NOT a.attisdropped AND pg_get_serial_sequence(c.oid::regclass::text, a.attname) IS NOT NULL`,
  );
  for (const { sequence, table, column } of rows) {
    await tx.query(`SELECT setval($1, greatest((SELECT max(${column}) FROM ${table}), 0) + 1, false)`, [sequence]);
  }
}
