import type { Credential } from '../auth/access-file.js';
import type { CallFacts } from '../core/call-context.js';
import type { ExitlaneError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';

/** A call that a server is working on. */
export interface OpenCall extends CallFacts {
  readonly kind: 'unary' | 'stream';
  /** What the caller showed; undefined where nobody is asked. */
  readonly credential: Credential | undefined;
  /** Adds the request id and the method to every line. */
  readonly logger: Logger;
  /** Aborts, with an ExitlaneError SHUTTING_DOWN as its reason, when the server starts to drain. */
  readonly draining: AbortSignal;
  /** An adapter has taken the call over and ends it by itself when draining starts. */
  adapted: boolean;
  /** Ends the call with this error at once, unless it has ended. An adapter puts its own way here. */
  cut(error: ExitlaneError): void;
}

type NewCall = Omit<OpenCall, 'draining' | 'adapted'>;

/**
 * The calls a server is working on, from their headers to their status. Each has its own `draining` signal rather than one
 * shared by all: listeners on a signal that lives as long as the process would pile up.
 */
export class OpenCalls {
  readonly #calls = new Map<OpenCall, AbortController>();
  #drainReason: ExitlaneError | undefined;

  /** Streams open now, those of health and reflection included. */
  get streams(): number {
    let count = 0;
    for (const call of this.#calls.keys()) if (call.kind === 'stream') count += 1;
    return count;
  }

  get size(): number {
    return this.#calls.size;
  }

  open(call: NewCall): OpenCall {
    const controller = new AbortController();
    if (this.#drainReason) controller.abort(this.#drainReason);
    const open = Object.assign(call, { draining: controller.signal, adapted: false });
    this.#calls.set(open, controller);
    return open;
  }

  close(call: OpenCall): void {
    this.#calls.delete(call);
  }

  /** Tells every call, and every later one, that the server drains. Streams without an adapter are cut here. */
  drain(reason: ExitlaneError): void {
    this.#drainReason = reason;
    for (const [call, controller] of [...this.#calls]) {
      controller.abort(reason);
      if (call.kind === 'stream' && !call.adapted) call.cut(reason);
    }
  }

  /** Cuts the calls whose credential is not good any more; says whose they were. */
  cutWithdrawn(
    isGood: (credential: Credential) => boolean,
    reason: (credential: Credential) => ExitlaneError,
  ): string[] {
    const names: string[] = [];
    for (const call of [...this.#calls.keys()]) {
      const { credential } = call;
      if (credential === undefined || isGood(credential)) continue;
      names.push(credential.name);
      call.cut(reason(credential));
    }
    return names;
  }

  /** Cuts whatever is still open and says how many that were. */
  cutAll(reason: ExitlaneError): number {
    const open = [...this.#calls.keys()];
    for (const call of open) call.cut(reason);
    return open.length;
  }
}
