import { Worker } from 'node:worker_threads';
import { ExitlaneError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { type FromWorker, SHARED, type WorkerTask } from './worker-messages.js';

/**
 * The thread of the embedded database, seen from outside: starting -> ready -> stopped, and failed from any of them. A
 * failed one stays so: its connections are broken and `failure` says why.
 */
export class PgliteThread {
  /** Resolves when it serves; rejects when it ends before. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #shared: Int32Array;
  readonly #logger: Logger;
  #stopped = false;
  #failure: ExitlaneError | undefined;

  constructor(task: Omit<WorkerTask, 'shared'>, logger: Logger) {
    const shared = new SharedArrayBuffer(SHARED.LENGTH * Int32Array.BYTES_PER_ELEMENT);
    const workerData: WorkerTask = { ...task, shared };
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, name: 'pglite' });
    this.#worker = worker;
    this.#shared = new Int32Array(shared);
    this.#logger = logger;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    this.ready = new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'failed') this.#fail(message.reason);
        if (message.type === 'ready') resolve();
        if (message.type === 'stopped') this.#stopped = true;
      });
      worker.on('error', (error) => this.#fail(error.message, error));
      worker.once('exit', () => {
        if (!this.#stopped && !this.#failure) this.#fail('its thread ended');
        reject(this.#failure ?? new Error('the embedded database was stopped before it was ready'));
      });
    });
    // Who does not wait for it hears of a failure at the next call.
    this.ready.catch(() => undefined);
  }

  /** Why it can no longer be used, if so. */
  get failure(): ExitlaneError | undefined {
    if (!this.#failure && Atomics.load(this.#shared, SHARED.FAILED) === 1) this.#fail('PostgreSQL ended itself');
    return this.#failure;
  }

  /** How often the operating system was told to sync a file to the disk. */
  get fsyncs(): number {
    return Atomics.load(this.#shared, SHARED.FSYNCS);
  }

  /** Writes a last checkpoint and ends; resolves when the thread is gone, at the latest after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#worker.postMessage('stop');
    await this.exit(withinMs);
  }

  /** Waits until the thread has ended by itself; ends it after `withinMs`. */
  async exit(withinMs: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#fail(`it did not end within ${withinMs} ms`);
      void this.#worker.terminate();
    }, withinMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends the thread as a crash would: nothing is written any more. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(reason: string, cause?: unknown): void {
    this.#logger.error({ reason }, 'the embedded database failed');
    if (this.#failure) return;
    this.#failure = new ExitlaneError(
      'DATABASE_UNAVAILABLE',
      `the embedded database failed (${reason}): restart the program; what was acknowledged is on disk`,
      { cause },
    );
  }
}
