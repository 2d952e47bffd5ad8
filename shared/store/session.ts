import type { Pool, PoolClient } from 'pg';
import type { OrderMove } from '../order/order-move.js';
import type { HintTopic, Queryable, Transaction } from './database.js';

export type QueryResult<Row> = { rows: Row[]; rowCount: number };
export type Hint = readonly [topic: HintTopic, key: string];

/**
 * A connection taken out of the pool. It has an error listener while it is out - without one a server that goes away kills
 * this process - and goes back exactly once. Statements run one after the other, also when the caller does not wait.
 */
export class Session implements Queryable {
  readonly #client: PoolClient;
  readonly #onError = (error: Error) => {
    this.#broken = error;
  };
  #broken: Error | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(client: PoolClient) {
    this.#client = client;
    client.on('error', this.#onError);
  }

  static async take(pool: Pool): Promise<Session> {
    return new Session(await pool.connect());
  }

  query<Row extends object = Record<string, unknown>>(
    sql: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row> & { command: string }> {
    const run = this.#last.then(() => this.#run<Row>(sql, params));
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** Resolves when no statement is running. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** Gives the connection back; with `destroy` (or after it broke) it is closed instead of used again. */
  release(destroy = false): void {
    this.#client.removeListener('error', this.#onError);
    this.#client.release(this.#broken ?? destroy);
  }

  async #run<Row extends object>(sql: string, params: readonly unknown[] | undefined) {
    const result = await this.#client.query<Row>(sql, params && [...params]);
    // Without parameters several statements may come at once, and pg answers with an array: the last one counts.
    const last = Array.isArray(result) ? result.at(-1) : result;
    return { rows: last?.rows ?? [], rowCount: last?.rowCount ?? 0, command: last?.command ?? '' };
  }
}

/** What `work` gets: SQL on the session, hints kept until the commit, and an end after which it refuses. */
export class OpenTransaction implements Transaction {
  readonly hints: Hint[] = [];
  readonly moves: OrderMove[] = [];
  readonly #session: Session;
  #open = true;

  constructor(session: Session) {
    this.#session = session;
  }

  get open(): boolean {
    return this.#open;
  }

  end(): void {
    this.#open = false;
  }

  query<Row extends object = Record<string, unknown>>(
    sql: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    if (!this.#open) return Promise.reject(new Error('this transaction has ended: await every query inside of it'));
    return this.#session.query<Row>(sql, params);
  }

  hint(topic: HintTopic, key: string): void {
    if (!this.#open) throw new Error('this transaction has ended: hint before it does');
    this.hints.push([topic, key]);
  }

  moved(move: OrderMove): void {
    if (!this.#open) throw new Error('this transaction has ended: tell moves before it does');
    this.moves.push(move);
  }
}
