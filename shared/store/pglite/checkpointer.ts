import { messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Database, Queryable } from '../database.js';
import { CHECKPOINT_INTERVAL_MS, CHECKPOINT_LOOK_MS, CHECKPOINT_WAL_BYTES } from '../limits.js';

export interface CheckpointOptions {
  /** WAL since the last checkpoint that calls for one, in bytes. */
  readonly walBytes?: number;
  /** A checkpoint at least this often when anything was written. */
  readonly intervalMs?: number;
  /** How often to look. */
  readonly lookMs?: number;
}

/**
 * PGlite has no background processes, so nobody else writes checkpoints: without them the WAL grows for ever (1.4 GB were
 * seen) and the next start replays all of it. A checkpoint is a query like any other and waits for its turn.
 */
export class Checkpointer {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #options: Required<CheckpointOptions>;
  readonly #timer: NodeJS.Timeout;
  #lastAt = performance.now();
  #lastPosition = 0;
  #looking: Promise<void> | undefined;

  constructor(database: Database, logger: Logger, options: CheckpointOptions = {}) {
    this.#database = database;
    this.#logger = logger;
    this.#options = {
      walBytes: options.walBytes ?? CHECKPOINT_WAL_BYTES,
      intervalMs: options.intervalMs ?? CHECKPOINT_INTERVAL_MS,
      lookMs: options.lookMs ?? CHECKPOINT_LOOK_MS,
    };
    this.#timer = setInterval(() => this.#look(), this.#options.lookMs);
    this.#timer.unref();
  }

  /** Looks no more; resolves when a checkpoint that is being written is done. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  #look(): void {
    this.#looking ??= this.#checkpointIfDue()
      .catch((error: unknown) => this.#logger.warn({ reason: messageOf(error) }, 'no checkpoint was written'))
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #checkpointIfDue(): Promise<void> {
    const position = await walPosition(this.#database);
    const written = position - this.#lastPosition;
    const waitedMs = performance.now() - this.#lastAt;
    if (written === 0 || (written < this.#options.walBytes && waitedMs < this.#options.intervalMs)) return;
    const startedAt = performance.now();
    // A checkpoint writes some WAL itself, which is no reason for the next one. One transaction holds the session, so that
    // nothing which others write after the checkpoint is taken for its own.
    this.#lastPosition = await this.#database.transaction(async (tx) => {
      await tx.query('CHECKPOINT');
      return walPosition(tx);
    });
    this.#lastAt = performance.now();
    this.#logger.debug({ walBytes: written, tookMs: Math.round(this.#lastAt - startedAt) }, 'checkpoint');
  }
}

async function walPosition(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ position: string }>(
    `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS position`,
  );
  return Number(rows[0]?.position ?? 0);
}
