import type { Clock, Timer } from '../../../shared/core/clock.js';
import type { Logger } from '../../../shared/core/logger.js';
import { type Random, seededRandom } from '../../../shared/core/random.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { resumeDelayMs } from '../../../shared/grpc/resume.js';
import { MISSING_RETRY_MS, REOPEN_INITIAL_MS, REOPEN_MS_MAX, STREAM_SILENCE_MS } from '../limits.js';

/** What a feed needs of its surroundings. */
export interface FeedParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface Feed<Frame> {
  /** For the log, such as `WatchOrders`. */
  readonly name: string;
  readonly open: (signal: AbortSignal) => AsyncIterable<Frame>;
  readonly onFrame: (frame: Frame) => void;
  /** A new connection is about to bring its first frame. */
  readonly onOpen?: () => void;
  /** The connection is gone; another one follows by itself. */
  readonly onBroken: (error: unknown) => void;
}

/** The service does not have the call: it is older than the console. */
export function isMissing(error: unknown): boolean {
  return error instanceof CallError && error.status === 'UNIMPLEMENTED';
}

/**
 * Follows a stream for as long as the console runs: whatever ends it, it is opened again. A stream that has been silent for too
 * long counts as broken, since every stream of the API gives signs of life.
 */
export async function keepFollowing<Frame>(feed: Feed<Frame>, parts: FeedParts): Promise<void> {
  const { clock, logger, signal } = parts;
  const random: Random = seededRandom();
  let attempt = 0;
  while (!signal.aborted) {
    const connection = new Connection(parts);
    try {
      for await (const frame of feed.open(connection.signal)) {
        if (connection.isNew()) {
          attempt = 0;
          feed.onOpen?.();
        }
        feed.onFrame(frame);
      }
      throw new Error('the service ended the stream');
    } catch (error) {
      if (signal.aborted) return;
      attempt += 1;
      if (attempt === 1) logger.warn({ stream: feed.name, err: String(error) }, 'stream broken: opening it again');
      feed.onBroken(error);
      const asked = error instanceof CallError ? error.retryDelayMs : undefined;
      const backoff = { initialMs: REOPEN_INITIAL_MS, maxMs: REOPEN_MS_MAX };
      const delayMs = isMissing(error) ? MISSING_RETRY_MS : resumeDelayMs(attempt, backoff, random.next(), asked);
      await clock.sleep(delayMs, signal).catch(() => undefined);
    } finally {
      connection.end();
    }
  }
}

/** One connection with its watchdog. */
class Connection {
  readonly #parts: FeedParts;
  readonly #abort = new AbortController();
  readonly #onOuterAbort = () => this.#abort.abort(this.#parts.signal.reason);
  #watchdog: Timer;
  #frames = 0;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    parts.signal.addEventListener('abort', this.#onOuterAbort, { once: true });
    this.#watchdog = this.#watch();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** To be asked once per frame, which winds the watchdog up; true for the first. */
  isNew(): boolean {
    this.#watchdog.cancel();
    this.#watchdog = this.#watch();
    this.#frames += 1;
    return this.#frames === 1;
  }

  end(): void {
    this.#watchdog.cancel();
    this.#parts.signal.removeEventListener('abort', this.#onOuterAbort);
  }

  #watch(): Timer {
    const give = () => this.#abort.abort(new Error(`no sign of life for ${STREAM_SILENCE_MS / 1000} s`));
    return this.#parts.clock.setTimer(give, STREAM_SILENCE_MS);
  }
}

/** Calls `work` now and again `intervalMs` after it has ended, until the signal aborts. It must not throw. */
export async function keepDoing(
  work: () => Promise<void>,
  intervalMs: () => number,
  { clock, signal }: FeedParts,
): Promise<void> {
  while (!signal.aborted) {
    await work();
    await clock.sleep(intervalMs(), signal).catch(() => undefined);
  }
}
