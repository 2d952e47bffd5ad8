/** Bounds of the store. What an operator may change is configuration; these are the walls behind it. */

/** Runs of one transaction when others make it fail: each needs another conflict within milliseconds; a fifth is a bug. */
export const TRANSACTION_ATTEMPTS_MAX = 5;

/** Times the attempt's number, times a random share of it: those who collided must not start in step. */
export const TRANSACTION_RETRY_DELAY_MS = 10;

/** Wait for a free or new connection. On PGlite everyone shares one session, so it is more than a query's time. */
export const CONNECTION_WAIT_MS = 10_000;
export const PGLITE_CONNECTION_WAIT_MS = 30_000;

/** PostgreSQL ends a statement after this. Ours take milliseconds; a page over a large table, a second. */
export const STATEMENT_TIMEOUT_MS = 10_000;

/** Row locks are held for one short transaction; half a lease is long past any of them. */
export const LOCK_TIMEOUT_MS = 5_000;

/**
 * A transaction awaits nothing but SQL: one that idles has lost its owner and must let go of its locks - sooner than a lease
 * ends, since a requestor that freezes inside a claim keeps every other claim waiting.
 */
export const IDLE_IN_TRANSACTION_MS = 3_000;

/** A server that does not even answer with its own timeout is gone: the client gives up. */
export const QUERY_READ_TIMEOUT_MS = 15_000;

/** PGlite has no timeouts of its own; a statement may queue behind a checkpoint (about a second per 100 MB). */
export const PGLITE_QUERY_READ_TIMEOUT_MS = 30_000;

/** Migrations may rewrite tables, and wait for another process that migrates at the same time. */
export const MIGRATION_TIMEOUT_MS = 600_000;

/** One wait of a migration for a table: whatever else needs that table waits behind it, and gives up after LOCK_TIMEOUT_MS. */
export const MIGRATION_LOCK_TIMEOUT_MS = 1_000;

/** Between two tries, twice as long: orders are held up a third of the time at most. */
export const MIGRATION_RETRY_MS = 2_000;

/** A start that waits says so, and says it again. */
export const MIGRATION_LOG_INTERVAL_MS = 30_000;

/** Connections to PostgreSQL per process unless configured. */
export const POOL_SIZE_DEFAULT = 10;

/** NOTIFY is sent at most this often per process: it takes a database-wide lock at commit. */
export const HINT_INTERVAL_MS = 10;

/** PostgreSQL refuses a NOTIFY payload of 8000 bytes or more; the list degrades to "look at everything" before. */
export const HINT_PAYLOAD_BYTES_MAX = 7_900;

/** Back-off of the connection that listens for hints. */
export const LISTEN_RETRY_MS_MIN = 100;
export const LISTEN_RETRY_MS_MAX = 5_000;

/** A listening connection never speaks by itself: this often it is asked whether it is alive. */
export const LISTEN_HEARTBEAT_MS = 15_000;

/** First start of the embedded database takes 4-6 s on a fast machine. */
export const PGLITE_START_MS = 120_000;

/** Time for the embedded database to write its last checkpoint and end. */
export const PGLITE_STOP_MS = 30_000;

/** WAL written since the last checkpoint that calls for one: bounds disk and recovery time. */
export const CHECKPOINT_WAL_BYTES = 64 * 1024 * 1024;

/** A checkpoint at least this often when anything was written. */
export const CHECKPOINT_INTERVAL_MS = 5 * 60_000;

/** How often the WAL is measured; one trivial query. */
export const CHECKPOINT_LOOK_MS = 2_000;

/** And has this long to answer. */
export const LISTEN_ANSWER_MS = 5_000;

/** Who holds a data directory tells its process id at once unless it is busy; then the pid file must do. */
export const LOCK_HOLDER_ANSWER_MS = 1_000;

/** The longest path of a unix socket is 103 bytes on macOS and 107 on Linux. */
export const SOCKET_PATH_BYTES_MAX = 103;

/** An alert's text goes into chat messages as it is; Discord takes 2,000 characters, title and facts included. */
export const ALERT_MESSAGE_CHARS_MAX = 1_500;

/** One fact of an audit entry: the longest that calls take are reasons and notes of 500 characters. */
export const AUDIT_FACT_CHARS_MAX = 1_000;
