import type { Clock } from '../core/clock.js';
import { type Logger, silentLogger } from '../core/logger.js';
import { type Random, seededRandom } from '../core/random.js';
import { RESUME_INITIAL_MS, RESUME_MS_MAX } from './bounds.js';
import { CallError, isTransient } from './call-error.js';
import { stoppable } from './iterate.js';

/** The server skipped messages: what was received is not the whole story, so nothing after it is handed out. */
export class SequenceGapError extends Error {
  override readonly name = 'SequenceGapError';
  constructor(
    readonly expected: bigint,
    readonly received: bigint,
  ) {
    super(`message ${expected} is missing: the stream went on with ${received}`);
  }
}

/** The log behind the stream was lost or restored; sequences seen before mean nothing any more. */
export class EpochChangedError extends Error {
  override readonly name = 'EpochChangedError';
  constructor(
    readonly before: string,
    readonly after: string,
  ) {
    super(`the log of this stream was replaced (epoch ${before} became ${after}): start again from the beginning`);
  }
}

export interface Reconnect {
  /** 1 for the first try after a good connection. */
  readonly attempt: number;
  /** Where the new stream starts. */
  readonly afterSequence: bigint;
  readonly delayMs: number;
  readonly cause: CallError;
}

export interface ResumeOptions<Frame> {
  /** Opens the stream with the message after this one, such as `openStream(client, 'streamOrder', ...)`. */
  readonly open: (afterSequence: bigint, signal: AbortSignal) => AsyncIterable<Frame>;
  /** The number of a frame; undefined for frames that have none (headers, signs of life): those pass as they come. */
  readonly sequenceOf: (frame: Frame) => bigint | undefined;
  /** The epoch a frame tells, if it tells one. A change fails the iteration. */
  readonly epochOf?: (frame: Frame) => string | undefined;
  /** Last message already seen; default 0n, from the first. */
  readonly afterSequence?: bigint;
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  readonly random?: Random;
  /** Milliseconds; default 50, doubled up to 2,000, of which the last half is random. */
  readonly backoff?: { readonly initialMs: number; readonly maxMs: number };
  readonly logger?: Logger;
  readonly onReconnect?: (reconnect: Reconnect) => void;
}

/**
 * Follows a numbered stream across broken connections and restarted servers: each message once, in order, without a gap.
 * Ends when the stream ends normally. Fails with a CallError on a status that another try cannot change (NOT_FOUND,
 * OUT_OF_RANGE, ...), with SequenceGapError or EpochChangedError, or with the signal's reason.
 * A header is seen once per connection, since unnumbered frames are passed on.
 */
export function followWithResume<Frame>(options: ResumeOptions<Frame>): AsyncIterable<Frame> {
  return stoppable(options.signal, (signal) => follow(options, signal));
}

async function* follow<Frame>(
  options: ResumeOptions<Frame>,
  signal: AbortSignal,
): AsyncGenerator<Frame, void, undefined> {
  const { clock, logger = silentLogger, random = seededRandom() } = options;
  const backoff = options.backoff ?? { initialMs: RESUME_INITIAL_MS, maxMs: RESUME_MS_MAX };
  const position = { last: options.afterSequence ?? 0n, epoch: undefined };
  let attempt = 0;
  for (;;) {
    const openedAt = clock.now();
    const before = position.last;
    try {
      yield* once(options, position, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CallError && isTransient(error))) throw error;
      const wasGood = position.last > before || clock.now() - openedAt >= backoff.maxMs;
      attempt = wasGood ? 1 : attempt + 1;
      const delayMs = resumeDelayMs(attempt, backoff, random.next(), error.retryDelayMs);
      const reconnect = { attempt, afterSequence: position.last, delayMs, cause: error };
      logger.debug(
        { attempt, after_sequence: String(position.last), delay_ms: delayMs, status: error.status },
        'resuming',
      );
      options.onReconnect?.(reconnect);
      await clock.sleep(delayMs, signal);
    }
  }
}

/**
 * How long to wait before try number `attempt` (from 1): doubling up to the most, the upper half of it random, and not less
 * than the server asked for as long as that is within the most.
 */
export function resumeDelayMs(
  attempt: number,
  { initialMs, maxMs }: { readonly initialMs: number; readonly maxMs: number },
  randomPart: number,
  serverAskedMs = 0,
): number {
  const full = Math.min(maxMs, initialMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(Math.max(full / 2 + (full / 2) * randomPart, Math.min(serverAskedMs, maxMs)));
}

interface Position {
  last: bigint;
  epoch: string | undefined;
}

/** One connection: numbered frames must follow on each other; what was seen before is dropped. */
async function* once<Frame>(
  { open, sequenceOf, epochOf }: ResumeOptions<Frame>,
  position: Position,
  signal: AbortSignal,
): AsyncGenerator<Frame, void, undefined> {
  for await (const frame of open(position.last, signal)) {
    const epoch = epochOf?.(frame);
    if (epoch !== undefined) {
      if (position.epoch !== undefined && position.epoch !== epoch) throw new EpochChangedError(position.epoch, epoch);
      position.epoch = epoch;
    }
    const sequence = sequenceOf(frame);
    if (sequence !== undefined) {
      if (sequence <= position.last) continue;
      if (sequence !== position.last + 1n) throw new SequenceGapError(position.last + 1n, sequence);
      position.last = sequence;
    }
    yield frame;
  }
}
