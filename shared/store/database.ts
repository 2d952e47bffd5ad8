import { ExitlaneError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { OrderMove } from '../order/order-move.js';
import type { SchemaTarget } from './migrate.js';
import type { Connections, StoreObserver } from './observer.js';

/**
 * Runs SQL: the database itself, or the transaction at hand.
 *
 * Values come back as pg gives them: `int8` and `numeric` are strings (they do not fit a number: make a BigInt of them),
 * `timestamptz` is a Date (milliseconds: what PostgreSQL keeps below that is cut), `jsonb` is parsed, `bytea` is a Buffer.
 * Parameters may be bigint, Date, Buffer, and arrays of these. Statements are never named: they would collide on PGlite.
 */
export interface Queryable {
  query<Row extends object = Record<string, unknown>>(
    sql: string,
    params?: readonly unknown[],
  ): Promise<{ rows: Row[]; rowCount: number }>;
}

/** What a hint is about; who listens decides what to look at. */
export type HintTopic = 'queue' | 'order' | 'position' | 'price' | 'alert' | 'state' | 'audit';

/** All topics, for those who must tell every listener. */
export const HINT_TOPICS: readonly HintTopic[] = ['queue', 'order', 'position', 'price', 'alert', 'state', 'audit'];

/** The work at hand between BEGIN and COMMIT. Useless after its callback has ended. */
export interface Transaction extends Queryable {
  /** Tells listeners after the commit (never on rollback). Hints may be lost or coalesced; they only wake. */
  hint(topic: HintTopic, key: string): void;
  /** Tells the observer after the commit (never on rollback) that an order moved. */
  moved(move: OrderMove): void;
}

/** The only truth of Exitlane, on PostgreSQL or on embedded PGlite: one schema, one interface. */
export interface Database extends Queryable {
  readonly kind: 'pglite' | 'postgresql';
  /** Number of the newest applied migration; 0 when there is none. */
  readonly schemaVersion: number;
  /**
   * Runs `work` between BEGIN and COMMIT (READ COMMITTED). Whatever `work` throws rolls back and is thrown on.
   *
   * Serialization failures, deadlocks and a connection lost before COMMIT was sent start `work` again, a bounded number
   * of times: `work` has no effects outside of its transaction and awaits nothing but it. A connection lost in COMMIT
   * throws DATABASE_UNAVAILABLE with `metadata.outcome = 'unknown'`: it may have committed, so repeat it with the same key.
   *
   * Inside `work`, using the database instead of `tx` throws at once: PGlite has one session and would wait for itself.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Calls `listener` with the key of each hint on `topic`; the key `''` means "look at everything" (hints may have been
   * lost). What a listener throws is logged. Returns the function that stops listening.
   */
  onHint(topic: HintTopic, listener: (key: string) => void): () => void;
  /** The connections as they are now. */
  connections?(): Connections;
  /** Waits for running work, then releases connections, files and locks. Safe to call twice. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  /** `postgres://...`: use this PostgreSQL. Wins over `dataDir`. */
  databaseUrl?: string;
  /** Folder of the embedded database; created (mode 0700) when missing. Exactly one process may have it open. */
  dataDir?: string;
  logger: Logger;
  /** Connections to PostgreSQL, hints not counted; default 10. PGlite has one session whatever is asked for. */
  poolSize?: number;
  /** Folder of `0001_name.sql` files; default: those of this package. */
  migrationsDir?: string;
  /** What becomes of the schema; default `latest`. Tools that look at an older database leave it `as-is`. */
  schema?: SchemaTarget | undefined;
  /** Statements may take as long as migrations do: for tools that read or write everything. */
  longStatements?: boolean;
  /** Told what happens in the database; default: nobody. */
  observer?: StoreObserver | undefined;
}

/**
 * Opens the database and brings its schema up to date, unless told otherwise.
 *
 * @throws ExitlaneError DATABASE_UNAVAILABLE (cannot be reached or does not start), DATA_DIRECTORY_IN_USE (another process has
 * it open), SCHEMA_TOO_NEW (made by a newer Exitlane), CONFIG_INVALID (neither URL nor folder).
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  if (options.databaseUrl) {
    const { openPostgres } = await import('./postgres.js');
    return openPostgres({ ...options, databaseUrl: options.databaseUrl });
  }
  if (options.dataDir) {
    // The embedded database is megabytes of WebAssembly: only who uses it loads it.
    const { openPglite } = await import('./pglite/open.js');
    return openPglite({ ...options, dataDir: options.dataDir });
  }
  throw new ExitlaneError('CONFIG_INVALID', 'no database: set DATABASE_URL, or a data directory for the embedded one');
}
