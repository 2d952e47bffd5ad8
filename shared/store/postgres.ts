import pg from 'pg';
import { ExitlaneError, messageOf } from '../core/errors.js';
import type { Database, OpenDatabaseOptions } from './database.js';
import { HintBus } from './hints.js';
import {
  CONNECTION_WAIT_MS,
  IDLE_IN_TRANSACTION_MS,
  LOCK_TIMEOUT_MS,
  MIGRATION_TIMEOUT_MS,
  POOL_SIZE_DEFAULT,
  QUERY_READ_TIMEOUT_MS,
  STATEMENT_TIMEOUT_MS,
} from './limits.js';
import { migrate } from './migrate.js';
import { PoolDatabase } from './pool-database.js';
import { PostgresHints } from './postgres-hints.js';

/** Opens a PostgreSQL: a pool for work, one more connection that listens for hints. */
export async function openPostgres(options: OpenDatabaseOptions & { databaseUrl: string }): Promise<Database> {
  const { logger, observer } = options;
  const connection: pg.ClientConfig = {
    connectionString: options.databaseUrl,
    application_name: 'exitlane',
    keepAlive: true,
    // As PGlite has it: texts of times are the same on both.
    options: '-c TimeZone=UTC',
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
  };
  const schemaVersion = await migrate(connection, logger, {
    folder: options.migrationsDir,
    to: options.schema,
  }).catch((error: unknown) => {
    throw explainRefusal(error);
  });
  const pool = new pg.Pool({
    ...connection,
    max: options.poolSize ?? POOL_SIZE_DEFAULT,
    statement_timeout: options.longStatements ? MIGRATION_TIMEOUT_MS : STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    query_timeout: options.longStatements ? MIGRATION_TIMEOUT_MS : QUERY_READ_TIMEOUT_MS,
  });
  // Idle connections that die are replaced by the pool at the next use.
  pool.on('error', (error) => logger.debug({ err: error }, 'idle database connection lost'));
  // The pool takes its own listener off a connection before whoever asked for it can put one on: a connection that dies in
  // between would end the process.
  pool.on('connect', (client) =>
    client.on('error', (error) => logger.debug({ err: error }, 'database connection lost')),
  );
  const hints = new HintBus(logger);
  try {
    hints.connect(await PostgresHints.start({ connection, pool, bus: hints, logger }));
  } catch (error) {
    await pool.end();
    throw error;
  }
  return new PoolDatabase({ kind: 'postgresql', schemaVersion, pool, hints, logger, observer });
}

/** SQLSTATEs of a server that is there and says no: bad user or password (28), no such database (3D), no rights (42501). */
const REFUSALS = /^(?:28...|3D000|42501)$/;

function explainRefusal(error: unknown): unknown {
  const refused = error instanceof pg.DatabaseError && REFUSALS.test(error.code ?? '');
  const malformed = error instanceof TypeError && error.message === 'Invalid URL';
  if (!refused && !malformed) return error;
  const advice = 'look at DATABASE_URL (postgres://user:password@host:port/database); the user must own the database';
  // The cause stays out: pg puts the whole URL, password included, into some of its errors.
  return new ExitlaneError('CONFIG_INVALID', `the database refused (${messageOf(error)}): ${advice}`);
}
