import { orAborted } from '../../../shared/core/abort.js';
import type { Clock } from '../../../shared/core/clock.js';
import type { ApiCallPriorityName } from '../../../shared/gate/api-call-priority.js';
import type { CallArguments } from '../../../shared/gate/gate-log.js';
import { VenueError } from './venue-error.js';

/** How urgent an external call is (A1). */
export type CallLevel = ApiCallPriorityName;

/** Told of every HTTP answer, for rate limits: status and headers. */
export type OnAnswer = (status: number, headers: Headers) => void;

/** The call itself. `signal` aborts when it has taken too long. */
export type Work<T> = (signal: AbortSignal, onAnswer: OnAnswer) => Promise<T>;

export interface CallOptions {
  /** Whose rate limit it counts against, see {@link budgetName}. */
  readonly budget?: string;
  /** The caller's: aborting it ends the wait for a turn too. */
  readonly signal?: AbortSignal | undefined;
  /** Facts for the log: no URLs, headers or keys. */
  readonly args?: (() => CallArguments) | undefined;
}

/**
 * The one door every call to Jupiter or an RPC goes through. `name` is `host:method`. Whatever `work` throws is thrown on.
 */
export type Call = <T>(level: CallLevel, name: string, work: Work<T>, options?: CallOptions) => Promise<T>;

/** The limits of Jupiter and of an RPC are two, even where one host is both, as in the sandbox. */
export function budgetName(service: 'jupiter' | 'rpc', host: string): string {
  return `${service} ${host}`;
}

export interface DirectCallsOptions {
  readonly clock: Clock;
  /** Time for one call in milliseconds. */
  readonly timeoutMs: number;
}

/** Starts every call at once and gives it `timeoutMs`; afterwards it rejects with a VenueError UNAVAILABLE. */
export function directCalls({ clock, timeoutMs }: DirectCallsOptions): Call {
  return async (_level, name, work) => {
    const controller = new AbortController();
    const timer = clock.setTimer(() => {
      controller.abort(new VenueError('UNAVAILABLE', `${name} gave no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      return await orAborted(
        work(controller.signal, () => undefined),
        controller.signal,
      );
    } finally {
      timer.cancel();
    }
  };
}

/** A call that also ends when its caller's signal aborts: at once, even while it still waits for its turn. */
export async function callUnder<T>(
  call: Call,
  level: CallLevel,
  name: string,
  options: CallOptions,
  work: Work<T>,
): Promise<T> {
  const { signal } = options;
  if (!signal) return call(level, name, work, options);
  signal.throwIfAborted();
  const joined: Work<T> = (inner, onAnswer) => {
    signal.throwIfAborted();
    return work(AbortSignal.any([inner, signal]), onAnswer);
  };
  return orAborted(call(level, name, joined, options), signal);
}
