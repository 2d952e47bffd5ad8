import pg from 'pg';
import type { Logger } from '../../core/logger.js';
import type { Database, OpenDatabaseOptions } from '../database.js';
import { HintBus } from '../hints.js';
import { MIGRATION_TIMEOUT_MS, PGLITE_QUERY_READ_TIMEOUT_MS } from '../limits.js';
import { migrate, type SchemaTarget } from '../migrate.js';
import type { StoreObserver } from '../observer.js';
import { PoolDatabase } from '../pool-database.js';
import { Checkpointer, type CheckpointOptions } from './checkpointer.js';
import { EmbeddedServer } from './embedded.js';

/** Opens the embedded database in `dataDir`; closing it ends its thread and frees the folder. */
export async function openPglite(options: OpenDatabaseOptions & { dataDir: string }): Promise<Database> {
  const server = await EmbeddedServer.start(options.dataDir, options.logger);
  try {
    return await openOn(server, { ...options, onClosed: () => server.stop() });
  } catch (error) {
    await server.stop();
    throw server.thread.failure ?? error;
  }
}

export interface OpenOnOptions {
  readonly logger: Logger;
  readonly migrationsDir?: string;
  readonly schema?: SchemaTarget | undefined;
  readonly longStatements?: boolean;
  readonly observer?: StoreObserver | undefined;
  readonly checkpoints?: CheckpointOptions;
  /** Runs when the database is closed and no connection is left. */
  readonly onClosed: () => Promise<void>;
}

/**
 * The database on a running server. Its pool has exactly one connection: behind the socket is one session, in which a second
 * connection would run inside of the first one's transactions and replace its unnamed statements.
 */
export async function openOn(server: EmbeddedServer, options: OpenOnOptions): Promise<Database> {
  const { logger } = options;
  const schemaVersion = await migrate(server.connection, logger, { folder: options.migrationsDir, to: options.schema });
  const pool = new pg.Pool({
    ...server.connection,
    max: 1,
    // Kept for good: a new connection would cost more than it frees.
    idleTimeoutMillis: 0,
    query_timeout: options.longStatements ? MIGRATION_TIMEOUT_MS : PGLITE_QUERY_READ_TIMEOUT_MS,
  });
  const onLost = (error: Error) => logger.debug({ err: error }, 'connection to the embedded database lost');
  pool.on('error', onLost);
  // See postgres.ts: between the pool's listener and the caller's there is a gap.
  pool.on('connect', (client) => client.on('error', onLost));
  const database: Database = new PoolDatabase({
    kind: 'pglite',
    schemaVersion,
    pool,
    hints: new HintBus(logger),
    logger,
    observer: options.observer,
    failure: () => server.thread.failure,
    beforeEnd: () => checkpointer.stop(),
    afterEnd: options.onClosed,
  });
  const checkpointer = new Checkpointer(database, logger, options.checkpoints);
  return database;
}
