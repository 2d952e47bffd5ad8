import type { Clock } from '../core/clock.js';
import type { Random } from '../core/random.js';
import { CallError, isTransient, wasNotCarriedOut } from '../grpc/call-error.js';
import { LAST_TRY_MS_MIN, RETRY_INITIAL_MS, RETRY_MS_MAX, TRY_MS_MIN } from './limits.js';

/**
 * What a repeat of the same request does. `harmless`: reads, and writes that the service knows again by the client's id (order_req_id,
 * proposal_id). `acts-again`: everything else; between the lost answer and the repeat somebody else may have decided otherwise.
 */
export type Repeat = 'harmless' | 'acts-again';

export interface Retry {
  /** Method of the API, such as `submitOrder`. */
  readonly method: string;
  /** 1 before the second try. */
  readonly attempt: number;
  readonly delayMs: number;
  /** Of the caller's deadline, when the next try begins. */
  readonly leftMs: number;
  readonly cause: CallError;
}

export interface RetryOptions {
  readonly repeat: Repeat;
  /** For all tries and waits together. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  /** Goes into the metadata of the error, such as the id the request was made with. */
  readonly facts?: Readonly<Record<string, string>> | undefined;
}

/**
 * Makes a call until it is answered, refused for good, or the deadline leaves no room for another try.
 * @param attempt makes the call once, within that many milliseconds
 * @throws CallError of the last try, with `attempts` and `outcomeUnknown` of all of them; or the signal's reason
 */
export async function withRetries<T>(attempt: (deadlineMs: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, random, signal, repeat, facts, onRetry } = options;
  const endsAt = clock.now() + options.deadlineMs;
  let wasLost = false;
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt(tryMs(endsAt - clock.now(), repeat));
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof CallError)) throw error;
      const delayMs = retryDelayMs(attempts, random.next(), error.retryDelayMs);
      const leftMs = endsAt - clock.now() - delayMs;
      if (!mayRepeat(error, repeat) || leftMs < LAST_TRY_MS_MIN) {
        const outcomeUnknown = error.outcomeUnknown || (wasLost && !settlesTriesBefore(error));
        throw new CallError(error.method, error.cause, {
          attempts,
          outcomeUnknown,
          ...(facts ? { metadata: facts } : {}),
        });
      }
      wasLost ||= error.outcomeUnknown;
      onRetry?.({ method: error.method, attempt: attempts, delayMs, leftMs, cause: error });
      await clock.sleep(delayMs, signal);
    }
  }
}

/** Whether the same request may be sent again after this. */
export function mayRepeat(error: CallError, repeat: Repeat): boolean {
  if (wasNotCarriedOut(error)) return true;
  return repeat === 'harmless' && (isTransient(error) || isLimit(error) || isTimeout(error));
}

/** "Not now, but then": a limit that says when it ends. */
export function isLimit({ status, retryDelayMs }: CallError): boolean {
  return status === 'RESOURCE_EXHAUSTED' && retryDelayMs !== undefined;
}

/** Our own: the services set no deadlines. */
function isTimeout({ status, reason }: CallError): boolean {
  return status === 'DEADLINE_EXCEEDED' && reason === undefined;
}

/**
 * Statuses that a handler gives after it looked for the id: had a try before been carried out, the answer would have been that order.
 * Limits and missing rights are told before that look.
 */
const AFTER_THE_LOOK: ReadonlySet<string> = new Set([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'OUT_OF_RANGE',
]);

function settlesTriesBefore({ status, reason }: CallError): boolean {
  return AFTER_THE_LOOK.has(status) || reason === 'QUEUE_FULL';
}

function tryMs(leftMs: number, repeat: Repeat): number {
  return repeat === 'harmless' ? Math.min(leftMs, Math.max(TRY_MS_MIN, leftMs / 2)) : leftMs;
}

/** Doubling from the first wait to the most, half of it random; on top of what the service asks for, so that not all come back at once. */
export function retryDelayMs(attempt: number, randomPart: number, serverAskedMs = 0): number {
  const full = Math.min(RETRY_MS_MAX, RETRY_INITIAL_MS * 2 ** Math.min(attempt - 1, 30));
  const jitter = (full / 2) * randomPart;
  return Math.ceil(Math.max(full / 2, serverAskedMs) + jitter);
}
