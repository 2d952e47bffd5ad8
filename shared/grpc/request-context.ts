import { AsyncLocalStorage } from 'node:async_hooks';
import { Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { type Clock, systemClock } from '../core/clock.js';
import type { ExitlaneError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { OpenCall, OpenCalls } from './open-calls.js';
import { REQUEST_ID_KEY, toServiceError } from './status.js';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const storage = new AsyncLocalStorage<OpenCall>();

/** The call whose handler is running, from anywhere below it. */
export function currentCall(): OpenCall | undefined {
  return storage.getStore();
}

/** The id of the call whose handler is running; calls made from there carry it on. */
export function currentRequestId(): string | undefined {
  return storage.getStore()?.requestId;
}

/** The client's `x-request-id` if it is a sane one, else a new id. */
export function requestIdOf(metadata: Metadata): string {
  const given = metadata.get(REQUEST_ID_KEY)[0];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
}

export interface RequestContextOptions {
  readonly calls: OpenCalls;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * Gives every call a request id, tells the client that id, keeps the list of open calls, and logs one line when a call has
 * ended. The store is entered around message and half-close, because those run the handler; the metadata does not.
 */
export function requestContext({ calls, logger, clock = systemClock }: RequestContextOptions): ServerInterceptor {
  return (definition, nextCall) => {
    const method = definition.path.slice(1);
    const startedAt = clock.now();
    let open: OpenCall | undefined;
    let headersSent = false;
    let code: status | undefined;

    const enter = (metadata: Metadata): void => {
      const requestId = requestIdOf(metadata);
      open = calls.open({
        method,
        kind: definition.requestStream || definition.responseStream ? 'stream' : 'unary',
        requestId,
        logger: logger.child({ request_id: requestId, method }),
        cut: (error: ExitlaneError) => intercepted.sendStatus(toServiceError(error, logger)),
      });
    };
    // Runs once per call, whichever way it ended. Without a status of ours the deadline ended it, or the client left, or
    // grpc-js refused a message.
    const leave = (): void => {
      if (!open) return;
      calls.close(open);
      const late = Number(nextCall.getDeadline()) <= Date.now();
      const ended = code ?? (late ? status.DEADLINE_EXCEEDED : status.CANCELLED);
      open.logger.debug({ status: status[ended], duration_ms: clock.now() - startedAt }, 'call ended');
    };
    const inside = (fn: () => void): void => (open ? storage.run(open, fn) : fn());

    const intercepted: ServerInterceptingCall = new ServerInterceptingCall(nextCall, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            enter(metadata);
            pass(metadata);
          },
          onReceiveMessage: (message, pass) => inside(() => pass(message)),
          onReceiveHalfClose: (pass) => inside(pass),
          onCancel: leave,
        }),
      sendMetadata: (metadata, pass) => {
        headersSent = true;
        if (open) metadata.set(REQUEST_ID_KEY, open.requestId);
        pass(metadata);
      },
      sendStatus: (ending, pass) => {
        code ??= ending.code;
        // A call that fails before its first message has no headers of its own: the id goes with the trailers.
        const trailers = ending.metadata ?? new Metadata();
        if (open && !headersSent) trailers.set(REQUEST_ID_KEY, open.requestId);
        pass({ ...ending, metadata: trailers });
      },
    });
    return intercepted;
  };
}
