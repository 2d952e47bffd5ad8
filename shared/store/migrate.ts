import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { systemClock } from '../core/clock.js';
import { ExitlaneError, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { packageRoot } from '../core/package-root.js';
import { isRetryable, translate } from './connection-errors.js';
import type { Queryable } from './database.js';
import {
  MIGRATION_LOCK_TIMEOUT_MS,
  MIGRATION_LOG_INTERVAL_MS,
  MIGRATION_RETRY_MS,
  MIGRATION_TIMEOUT_MS,
} from './limits.js';

/** Where the applied migrations are written down. */
export const MIGRATIONS_TABLE = 'pgmigrations';

/** `0001_name.sql`: what is new in the schema since the file before it. */
const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** `latest`: whatever is new is applied; `as-is`: nothing is; a number: up to that version, never back. */
export type SchemaTarget = 'latest' | 'as-is' | number;

export interface MigrateOptions {
  /** Folder of `0001_name.sql` files; default: those of this package. */
  readonly folder?: string | undefined;
  /** Default `latest`. */
  readonly to?: SchemaTarget | undefined;
}

/**
 * Brings the schema to where it should be, up to date by default, and returns its version: the number of the newest applied file.
 *
 * Each file runs in one transaction and is written down in it, so a migration that fails or is killed leaves the version
 * before. Processes that start at the same time wait for each other (an advisory lock).
 *
 * A migration that waits for a table - a backup reads it, for minutes - makes everything after it wait as well. So it waits a moment
 * only, lets the others go on for longer than it held them up, and tries again.
 */
export async function migrate(
  connection: pg.ClientConfig,
  logger: Logger,
  { folder, to = 'latest' }: MigrateOptions = {},
): Promise<number> {
  const deadline = performance.now() + MIGRATION_TIMEOUT_MS;
  for (let logAt = 0; ; ) {
    try {
      return await tryMigrate(connection, logger, folder ?? DEFAULT_FOLDER, to);
    } catch (error) {
      const now = performance.now();
      if (!waitsForOthers(error)) throw translate(error);
      if (now + MIGRATION_RETRY_MS > deadline) throw waitedTooLong(error);
      if (now >= logAt) {
        logger.warn({ reason: messageOf(error) }, WAITING);
        logAt = now + MIGRATION_LOG_INTERVAL_MS;
      }
    }
    await systemClock.sleep(MIGRATION_RETRY_MS);
  }
}

const WAITING =
  'the schema is not up to date yet: another process migrates, or something long (a backup) reads a table that changes; trying on';

/** A lock was not to be had (55P03), or two waited for each other: nothing of the file at hand was done. */
function waitsForOthers(error: unknown): boolean {
  return isRetryable(error) || (error instanceof pg.DatabaseError && error.code === '55P03');
}

function waitedTooLong(cause: unknown): ExitlaneError {
  const text = `the schema could not be brought up to date for ${MIGRATION_TIMEOUT_MS / 1_000} s (${messageOf(cause)}): end what reads the tables for so long (a backup?), then start again`;
  return new ExitlaneError('DATABASE_UNAVAILABLE', text, { cause });
}

/** On a connection of its own: one that failed is inside of a broken transaction, and ends the advisory lock with itself. */
async function tryMigrate(
  connection: pg.ClientConfig,
  logger: Logger,
  folder: string,
  to: SchemaTarget,
): Promise<number> {
  const client = new pg.Client({
    ...connection,
    statement_timeout: MIGRATION_TIMEOUT_MS,
    lock_timeout: MIGRATION_LOCK_TIMEOUT_MS,
    query_timeout: MIGRATION_TIMEOUT_MS,
  });
  client.on('error', (error) => logger.debug({ err: error }, 'connection of the migrations lost'));
  try {
    await client.connect();
    return await migrateOn(client, logger, folder, to);
  } finally {
    await client.end();
  }
}

const DEFAULT_FOLDER = path.join(packageRoot(), 'shared/store/migrations');

async function migrateOn(client: pg.Client, logger: Logger, folder: string, to: SchemaTarget): Promise<number> {
  const known = await newestVersion(folder);
  const found = await refuseNewer(client, known);
  if (to === 'as-is' || (typeof to === 'number' && to <= found)) return found;
  const say = (message: string) => logger.debug(message);
  await runner({
    dbClient: client,
    dir: folder,
    direction: 'up',
    ...(to === 'latest' ? {} : { count: to - found }),
    migrationsTable: MIGRATIONS_TABLE,
    singleTransaction: false,
    advisoryLockMode: 'wait',
    logger: { debug: say, info: say, warn: say, error: say },
  });
  // Another process may have brought in newer ones while this one waited for the lock.
  return refuseNewer(client, known);
}

/** The version that this program brings. */
export async function newestVersion(folder: string = DEFAULT_FOLDER): Promise<number> {
  const names = await readdir(folder);
  return names.reduce((newest, name) => Math.max(newest, Number(FILE_NAME.exec(name)?.[1] ?? 0)), 0);
}

/** The newest applied version; SCHEMA_TOO_NEW when this program does not know it. */
async function refuseNewer(client: pg.Client, known: number): Promise<number> {
  const version = await appliedVersion(client);
  if (version <= known) return version;
  throw new ExitlaneError(
    'SCHEMA_TOO_NEW',
    `the database has schema version ${version}, this program knows up to ${known}: start the version of Exitlane that was used last (or a newer one), or restore a backup from before the upgrade`,
    { metadata: { databaseVersion: String(version), knownVersion: String(known) } },
  );
}

/** Number of the newest applied migration; 0 when there is none. */
export async function appliedVersion(db: Pick<Queryable, 'query'> | pg.Client): Promise<number> {
  const query = db.query.bind(db) as Queryable['query'];
  const found = await query<{ exists: boolean }>(`SELECT to_regclass('${MIGRATIONS_TABLE}') IS NOT NULL AS exists`);
  if (!found.rows[0]?.exists) return 0;
  const applied = await query<{ version: number | null }>(
    `SELECT max(split_part(name, '_', 1)::int) AS version FROM ${MIGRATIONS_TABLE}`,
  );
  return applied.rows[0]?.version ?? 0;
}
