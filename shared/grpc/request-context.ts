import { AsyncLocalStorage } from 'node:async_hooks';
import { Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { Bystanders } from '../core/bystanders.js';
import { currentCallFacts, LOCAL_CALLER, runInCall } from '../core/call-context.js';
import { type Clock, systemClock } from '../core/clock.js';
import type { ExitlaneError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { Access } from './access.js';
import { Admission } from './admission.js';
import { type CallObserver, guardObserver } from './call-observer.js';
import type { ClientLimiter } from './client-limiter.js';
import { hostOf } from './loopback.js';
import type { OpenCall, OpenCalls } from './open-calls.js';
import { RefusalLog } from './refusal-log.js';
import { REQUEST_ID_KEY, toServiceError } from './status.js';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const storage = new AsyncLocalStorage<OpenCall>();

/** The call whose handler is running, from anywhere below it. */
export function currentCall(): OpenCall | undefined {
  return storage.getStore();
}

/** The id of the call whose handler is running; calls made from there carry it on. */
export function currentRequestId(): string | undefined {
  return currentCallFacts()?.requestId;
}

/** The client's `x-request-id` if it is a sane one, else a new id. */
export function requestIdOf(metadata: Metadata): string {
  const given = metadata.get(REQUEST_ID_KEY)[0];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
}

export interface RequestContextOptions {
  readonly calls: OpenCalls;
  readonly logger: Logger;
  /** Who may call what; default: everybody everything. */
  readonly access?: Access;
  /** How much a client that has a name may call; default: without limit. */
  readonly limiter?: ClientLimiter;
  /** Told of every call, refused ones included. */
  readonly observer?: CallObserver | undefined;
  readonly clock?: Clock;
}

/**
 * Gives every call a request id, tells the client that id, lets in who may come in, keeps the list of open calls, and logs one line
 * when a call has ended. The store is entered around message and half-close, because those run the handler; the metadata does not.
 */
export function requestContext(options: RequestContextOptions): ServerInterceptor {
  const { calls, logger, clock = systemClock } = options;
  const refusals = new RefusalLog(logger, clock);
  const observer = options.observer && guardObserver(options.observer, logger);
  const log = new Bystanders('the log of calls', logger);
  return (definition, nextCall) => {
    const method = definition.path.slice(1);
    const kind = definition.requestStream || definition.responseStream ? 'stream' : 'unary';
    const startedAt = clock.now();
    const watch = observer?.begin({ method, kind });
    const admission = new Admission(options, { method, kind }, nextCall);
    let requestId = '';
    let open: OpenCall | undefined;
    let refused = false;
    let headersSent = false;
    let code: status | undefined;

    const enter = (metadata: Metadata): void => {
      requestId = requestIdOf(metadata);
      const { caller, credential } = admission.admit(metadata);
      const who = caller.name === '' || caller.name === LOCAL_CALLER.name ? {} : { caller: caller.name };
      open = calls.open({
        method,
        kind,
        requestId,
        peer: hostOf(nextCall.getPeer()),
        caller,
        credential,
        logger: logger.child({ request_id: requestId, method, ...who }),
        cut: (error: ExitlaneError) => intercepted.sendStatus(toServiceError(error, logger)),
      });
      admission.expectRequest((error) => {
        refused = true;
        intercepted.sendStatus(toServiceError(error, logger));
      });
      watch?.entered?.(requestId, metadata);
    };
    const refuse = (error: unknown): void => {
      refused = true;
      log.tell(() => refusals.note(method, nextCall.getPeer(), error));
      const answer = () => intercepted.sendStatus(toServiceError(error, logger));
      if (!admission.holdBack(error, answer)) answer();
    };
    // Runs once per call, whichever way it ended. Without a status of ours the deadline ended it, or the client left, or
    // grpc-js refused a message.
    const leave = (): void => {
      admission.end();
      const late = Number(nextCall.getDeadline()) <= Date.now();
      const ended = code ?? (late ? status.DEADLINE_EXCEEDED : status.CANCELLED);
      const tookMs = clock.now() - startedAt;
      watch?.ended(status[ended], tookMs);
      if (!open) return;
      calls.close(open);
      const line = open.logger;
      log.tell(() => line.debug({ status: status[ended], duration_ms: tookMs }, 'call ended'));
    };
    /** Goes on with the call unless it is refused now or was before. */
    const attempt = (step: () => void, goOn: () => void): void => {
      if (refused) return;
      try {
        step();
      } catch (error) {
        refuse(error);
        return;
      }
      const run = watch?.inside === undefined ? goOn : () => watch.inside?.(goOn);
      if (open) storage.run(open, runInCall, open, run);
      else goOn();
    };

    const intercepted: ServerInterceptingCall = new ServerInterceptingCall(nextCall, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) =>
            attempt(
              () => enter(metadata),
              () => pass(metadata),
            ),
          onReceiveMessage: (message, pass) =>
            attempt(
              () => {
                admission.admitMessage(message);
                watch?.received?.(message);
              },
              () => admission.takeTurn(() => pass(message)),
            ),
          onReceiveHalfClose: (pass) => attempt(() => undefined, pass),
          onCancel: leave,
        }),
      sendMetadata: (metadata, pass) => {
        headersSent = true;
        if (open) metadata.set(REQUEST_ID_KEY, requestId);
        pass(metadata);
      },
      sendMessage: (message, pass) => {
        watch?.sent?.();
        pass(message);
      },
      sendStatus: (ending, pass) => {
        code ??= ending.code;
        // A call that fails before its first message has no headers of its own: the id goes with the trailers.
        const trailers = ending.metadata ?? new Metadata();
        if (requestId !== '' && !headersSent) trailers.set(REQUEST_ID_KEY, requestId);
        pass({ ...ending, metadata: trailers });
      },
    });
    return intercepted;
  };
}
