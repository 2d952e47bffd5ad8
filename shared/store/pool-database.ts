import { AsyncLocalStorage } from 'node:async_hooks';
import pg, { type Pool } from 'pg';
import { Bystanders } from '../core/bystanders.js';
import { systemClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { OrderMove } from '../order/order-move.js';
import { endsSession, isLostConnection, isRetryable, outcomeUnknown, translate } from './connection-errors.js';
import type { Database, HintTopic, Transaction } from './database.js';
import type { HintBus } from './hints.js';
import { TRANSACTION_ATTEMPTS_MAX, TRANSACTION_RETRY_DELAY_MS } from './limits.js';
import type { Connections, StoreObserver, StoreWork } from './observer.js';
import { type Hint, OpenTransaction, type QueryResult, Session } from './session.js';

/** What makes a pool a database; PostgreSQL and PGlite differ only here. */
export interface PoolDatabaseParts {
  readonly kind: Database['kind'];
  readonly schemaVersion: number;
  readonly pool: Pool;
  readonly hints: HintBus;
  readonly logger: Logger;
  readonly observer?: StoreObserver | undefined;
  /** Runs at close while queries still work. */
  readonly beforeEnd?: () => Promise<void>;
  /** Runs at close when the pool has ended. */
  readonly afterEnd?: () => Promise<void>;
  /** Why the database can never be used again, if so: then every call fails with it at once. */
  readonly failure?: () => Error | undefined;
}

/** How one run of `work` ended. */
type Attempt<T> =
  | { done: true; value: T; hints: readonly Hint[]; moves: readonly OrderMove[] }
  | { done: false; again: boolean; error: unknown };

/** The Database over a pg.Pool. */
export class PoolDatabase implements Database {
  readonly kind: Database['kind'];
  readonly schemaVersion: number;
  readonly #parts: PoolDatabaseParts;
  readonly #bystanders: Bystanders;
  readonly #current = new AsyncLocalStorage<OpenTransaction>();
  #closing: Promise<void> | undefined;
  #closed = false;
  /** Calls that have begun and not ended; close() waits for them. */
  readonly #running = new Set<Promise<unknown>>();

  constructor(parts: PoolDatabaseParts) {
    this.kind = parts.kind;
    this.schemaVersion = parts.schemaVersion;
    this.#parts = parts;
    this.#bystanders = new Bystanders('who is told of the database', parts.logger);
  }

  async query<Row extends object = Record<string, unknown>>(
    sql: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    this.#refuseInsideTransaction('query the transaction, not the database');
    return this.#run('query', () => this.#query<Row>(sql, params));
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.#refuseInsideTransaction('use the transaction at hand, transactions do not nest');
    return this.#run('transaction', () => this.#transaction(work));
  }

  onHint(topic: HintTopic, listener: (key: string) => void): () => void {
    return this.#parts.hints.listen(topic, listener);
  }

  connections(): Connections {
    const { totalCount: total, idleCount: idle, waitingCount: waiting } = this.#parts.pool;
    return { total, idle, waiting };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #query<Row extends object>(sql: string, params: readonly unknown[] | undefined): Promise<QueryResult<Row>> {
    const session = await this.#take();
    let destroy = false;
    try {
      return await session.query<Row>(sql, params);
    } catch (error) {
      destroy = endsSession(error);
      throw this.#explain(error);
    } finally {
      session.release(destroy);
    }
  }

  async #transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.#attempt(work);
      if (result.done) {
        this.#announce(result);
        return result.value;
      }
      if (!result.again || attempt >= TRANSACTION_ATTEMPTS_MAX) throw this.#explain(result.error);
      const { error } = result;
      this.#bystanders.tell(() => this.#parts.logger.debug({ attempt, err: error }, 'transaction starts again'));
      await systemClock.sleep(TRANSACTION_RETRY_DELAY_MS * attempt * Math.random());
    }
  }

  /** What is committed stays so, whoever is told of it and throws. */
  #announce({ hints, moves }: { readonly hints: readonly Hint[]; readonly moves: readonly OrderMove[] }): void {
    // The connection is free again by now: listeners may query at once, even on a single session.
    this.#bystanders.tell(() => this.#parts.hints.publish(hints));
    if (moves.length > 0) this.#bystanders.tell(() => this.#parts.observer?.ordersMoved?.(moves));
  }

  async #attempt<T>(work: (tx: Transaction) => Promise<T>): Promise<Attempt<T>> {
    const session = await this.#take();
    let destroy = false;
    try {
      const worked = await this.#work(session, work);
      if (worked.done) await commit(session);
      else destroy = !(await rollBack(session, worked.error));
      return worked;
    } catch (error) {
      destroy = !(await rollBack(session, error));
      if (isRetryable(error)) return { done: false, again: true, error };
      return { done: false, again: false, error: endsSession(error) ? outcomeUnknown(error) : error };
    } finally {
      session.release(destroy);
    }
  }

  /** BEGIN and the work itself; never throws. */
  async #work<T>(session: Session, work: (tx: Transaction) => Promise<T>): Promise<Attempt<T>> {
    const tx = new OpenTransaction(session);
    try {
      await session.query('BEGIN');
      const value = await this.#current.run(tx, () => work(tx));
      return { done: true, value, hints: tx.hints, moves: tx.moves };
    } catch (error) {
      return { done: false, again: isRetryable(error) || isLostConnection(error), error };
    } finally {
      tx.end();
      await session.idle();
    }
  }

  async #take(): Promise<Session> {
    const failure = this.#parts.failure?.();
    if (failure) throw failure;
    try {
      return await Session.take(this.#parts.pool);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): unknown {
    const explained = translate(error);
    return explained === error ? error : (this.#parts.failure?.() ?? explained);
  }

  /** Code that outlives its transaction keeps the async context; only an open one counts. */
  #refuseInsideTransaction(advice: string): void {
    if (this.#current.getStore()?.open) throw new Error(`inside a transaction: ${advice}`);
  }

  async #run<T>(kind: StoreWork['kind'], work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new ExitlaneError('DATABASE_UNAVAILABLE', 'the database was closed by this program');
    const startedAt = performance.now();
    let failed: StoreWork['failed'];
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      failed = failureOf(error);
      throw error;
    } finally {
      this.#running.delete(running);
      const tookMs = performance.now() - startedAt;
      this.#bystanders.tell(() => this.#parts.observer?.worked?.({ kind, tookMs, failed }));
    }
  }

  async #close(): Promise<void> {
    await this.#parts.beforeEnd?.();
    this.#closed = true;
    // A pool that ends forgets who waits for a connection: nobody may.
    await Promise.allSettled(this.#running);
    await this.#parts.hints.close();
    await this.#parts.pool.end();
    await this.#parts.afterEnd?.();
  }
}

/** What the work itself throws is no failure of the database. */
function failureOf(error: unknown): StoreWork['failed'] {
  if (error instanceof ExitlaneError) return error.reason === 'DATABASE_UNAVAILABLE' ? 'unavailable' : undefined;
  return error instanceof pg.DatabaseError ? 'statement' : undefined;
}

/** COMMIT, and proof of it: after a failed statement whose error was caught, PostgreSQL answers COMMIT with ROLLBACK. */
async function commit(session: Session): Promise<void> {
  const { command } = await session.query('COMMIT');
  if (command !== 'COMMIT') {
    throw new Error('nothing was committed: a statement failed in this transaction and its error was caught');
  }
}

/** Leaves the connection clean; false when it cannot be used again. */
async function rollBack(session: Session, reason: unknown): Promise<boolean> {
  if (endsSession(reason)) return false;
  try {
    await session.query('ROLLBACK');
    return true;
  } catch {
    // The caller gets the first error; this connection is closed instead.
    return false;
  }
}
