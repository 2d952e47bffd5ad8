import type { Server } from '@grpc/grpc-js';
import type { Clock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { DRAIN_FLUSH_MS, SHUTDOWN_RETRY_MS } from './bounds.js';
import type { HealthSwitch } from './introspection.js';
import type { Listener } from './listener.js';
import type { OpenCalls } from './open-calls.js';

/** What clients of a draining server are told: come back soon, streams after their last sequence. */
export function shuttingDown(): ExitlaneError {
  return new ExitlaneError(
    'SHUTTING_DOWN',
    'the service is shutting down: connect again and continue after the last sequence',
    {
      retryDelayMs: SHUTDOWN_RETRY_MS,
    },
  );
}

export interface DrainParts {
  readonly server: Server;
  readonly listener: Listener;
  readonly health: HealthSwitch;
  readonly calls: OpenCalls;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How a drain went. */
export interface DrainResult {
  /** Calls that were still open at the deadline and got SHUTTING_DOWN instead of an answer. */
  readonly cutCalls: number;
  /** Connections had to be broken, because a reader took nothing any more. */
  readonly forced: boolean;
}

/**
 * Takes a server out of service without losing anything a client could not ask for again:
 *
 *     SERVING -> NOT_SERVING -> no new calls -> port closed, connections told to go
 *             -> streams end with SHUTTING_DOWN, unary calls finish
 *             -> shortly before the deadline what is left is cut with SHUTTING_DOWN
 *             -> at the deadline connections are broken
 */
export async function drainServer(parts: DrainParts, deadlineMs: number): Promise<DrainResult> {
  const { health, calls, clock, logger } = parts;
  const reason = shuttingDown();
  health.set(false);
  calls.drain(reason);
  const closed = shutdown(parts);
  const flushMs = Math.min(DRAIN_FLUSH_MS, deadlineMs / 2);

  if (await within(closed, clock, deadlineMs - flushMs)) return { cutCalls: 0, forced: false };
  const cutCalls = calls.cutAll(reason);
  const forced = !(await within(closed, clock, flushMs));
  if (forced) {
    breakOff(parts);
    await closed;
  }
  logger.warn({ cut_calls: cutCalls, forced }, 'calls were still open at the end of the drain');
  return { cutCalls, forced };
}

/** Breaks everything off at once; resolves when nothing is left. */
export async function closeServer(parts: DrainParts): Promise<void> {
  const closed = shutdown(parts);
  breakOff(parts);
  await closed;
}

/**
 * Frees the port and waits for open calls for as long as they take; `breakOff` ends that wait. grpc-js alone would wait for ever for a
 * session that had just failed, such as one of a peer that does not speak HTTP/2: `Http2Session.close` drops its callback then.
 */
function shutdown({ server, listener }: DrainParts): Promise<void> {
  listener.close();
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  return Promise.race([closed, listener.whenEmpty()]);
}

function breakOff({ server, listener }: DrainParts): void {
  server.forceShutdown();
  listener.destroyConnections();
}

/** Whether the promise resolved before the time was up. */
async function within(done: Promise<void>, clock: Clock, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = clock.sleep(ms, timer.signal).then(
    () => false,
    () => true,
  );
  const result = await Promise.race([done.then(() => true), late]);
  timer.abort();
  return result;
}
