import type { Clock } from '../../../shared/core/clock.js';
import { VenueError } from './venue-error.js';

/** How urgent an external call is (A1). */
export type CallLevel = 'CRITICAL' | 'HIGH' | 'NORMAL' | 'LOW';

/**
 * The one door every call to Jupiter or an RPC goes through. `name` is `host:method`. The signal given to `fn` aborts
 * when the call has taken too long; whatever `fn` throws is thrown on.
 */
export type Call = <T>(level: CallLevel, name: string, fn: (signal: AbortSignal) => Promise<T>) => Promise<T>;

export interface DirectCallsOptions {
  readonly clock: Clock;
  /** Time for one call in milliseconds. */
  readonly timeoutMs: number;
}

/** Starts every call at once and gives it `timeoutMs`; afterwards it rejects with a VenueError UNAVAILABLE. */
export function directCalls({ clock, timeoutMs }: DirectCallsOptions): Call {
  return async (_level, name, fn) => {
    const controller = new AbortController();
    const timer = clock.setTimer(() => {
      controller.abort(new VenueError('UNAVAILABLE', `${name} gave no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      return await orAborted(fn(controller.signal), controller.signal);
    } finally {
      timer.cancel();
    }
  };
}

/** A call that also ends when `signal`, its caller's, aborts: at once, even while it still waits for its turn. */
export async function callUnder<T>(
  call: Call,
  level: CallLevel,
  name: string,
  signal: AbortSignal | undefined,
  fn: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!signal) return call(level, name, fn);
  signal.throwIfAborted();
  const started = call(level, name, (inner) => {
    signal.throwIfAborted();
    return fn(AbortSignal.any([inner, signal]));
  });
  return orAborted(started, signal);
}

/** `work`'s outcome, or the signal's reason if it aborts first; what `work` does afterwards is nobody's business. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
