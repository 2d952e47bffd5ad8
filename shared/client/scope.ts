import { stoppable } from '../grpc/iterate.js';

/** Everything a client has under way, so that closing it ends all of it at once. */
export class Scope {
  readonly #open = new Set<AbortController>();
  #closed: Error | undefined;

  /** Runs `work` with a signal that aborts with the caller's, and when the client closes. */
  async run<T>(outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, release } = this.#enter(outer);
    try {
      signal.throwIfAborted();
      return await work(signal);
    } finally {
      release();
    }
  }

  /** The same for an iterable; leaving the loop ends its body, too. */
  iterate<T>(
    outer: AbortSignal | undefined,
    body: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
  ): AsyncIterable<T> {
    return stoppable(outer, (signal) => this.#during(signal, body));
  }

  /** Ends all of it with an error; nothing begins after that. */
  close(): void {
    this.#closed ??= new Error('this client was closed');
    for (const controller of this.#open) controller.abort(this.#closed);
    this.#open.clear();
  }

  async *#during<T>(outer: AbortSignal, body: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>) {
    const { signal, release } = this.#enter(outer);
    try {
      signal.throwIfAborted();
      yield* body(signal);
    } finally {
      release();
    }
  }

  // Not AbortSignal.any: on Node 20 each use leaves something behind on a signal that lives as long as the program.
  #enter(outer: AbortSignal | undefined): { readonly signal: AbortSignal; readonly release: () => void } {
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(outer?.reason);
    if (this.#closed) controller.abort(this.#closed);
    else if (outer?.aborted) onAbort();
    else {
      this.#open.add(controller);
      outer?.addEventListener('abort', onAbort, { once: true });
    }
    const release = (): void => {
      this.#open.delete(controller);
      outer?.removeEventListener('abort', onAbort);
    };
    return { signal: controller.signal, release };
  }
}
