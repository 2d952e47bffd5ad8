import type { Clock } from '../core/clock.js';
import type { Random } from '../core/random.js';
import { CallError, isTransient } from '../grpc/call-error.js';
import { resumeDelayMs } from '../grpc/resume.js';
import { WATCH_INITIAL_MS, WATCH_MS_MAX } from './limits.js';
import { isLimit } from './retry.js';

/** A connection of a stream that broke. */
export interface Broken {
  /** 1 for the first try after a good connection. */
  readonly attempt: number;
  readonly delayMs: number;
  /** What broke it; undefined: the service ended it without a word. */
  readonly cause: CallError | undefined;
}

/** What can be said of every stream that comes back by itself. */
export interface Reconnecting {
  readonly signal?: AbortSignal;
  /** Fails with the last error when it was broken for this long, milliseconds; default: goes on until told to stop. */
  readonly giveUpAfterMs?: number;
  readonly onReconnect?: (broken: Broken) => void;
}

interface Parts extends Reconnecting {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

const BACKOFF = { initialMs: WATCH_INITIAL_MS, maxMs: WATCH_MS_MAX };

/**
 * Opens a stream that never ends by itself again and again, with back-off. Fails with a CallError on a status that another try cannot
 * change, such as INVALID_ARGUMENT or PERMISSION_DENIED, or with the signal's reason.
 */
export async function* reconnecting<T>(
  open: (signal: AbortSignal, connection: number) => AsyncIterable<T>,
  { clock, random, signal, giveUpAfterMs = Infinity, onReconnect }: Parts,
): AsyncGenerator<T, void, undefined> {
  let attempt = 0;
  let brokenSince: number | undefined;
  for (let connection = 1; ; connection++) {
    const openedAt = clock.now();
    let cause: CallError | undefined;
    try {
      for await (const item of open(signal, connection)) {
        attempt = 0;
        brokenSince = undefined;
        yield item;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CallError) || !(isTransient(error) || isLimit(error))) throw error;
      brokenSince ??= clock.now();
      if (clock.now() - brokenSince >= giveUpAfterMs) throw error;
      cause = error;
    }
    signal.throwIfAborted();
    attempt = clock.now() - openedAt >= WATCH_MS_MAX ? 1 : attempt + 1;
    const askedMs = cause?.retryDelayMs ?? 0;
    const delayMs = Math.max(resumeDelayMs(attempt, BACKOFF, random.next()), askedMs);
    onReconnect?.({ attempt, delayMs, cause });
    await clock.sleep(delayMs, signal);
  }
}

/**
 * A stream whose opening a limit refused is opened again when the limit allows; what it yields and how it breaks stays as it is.
 * For `followWithResume`, which knows broken connections, not limits.
 */
export async function* patiently<T>(
  open: () => AsyncIterable<T>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<T, void, undefined> {
  for (;;) {
    try {
      yield* open();
      return;
    } catch (error) {
      if (!(error instanceof CallError && isLimit(error))) throw error;
      await clock.sleep(error.retryDelayMs ?? 0, signal);
    }
  }
}
