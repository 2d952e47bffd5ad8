import type { Metadata } from '@grpc/grpc-js';
import { type Caller, LOCAL_CALLER } from '../core/call-context.js';
import { ExitlaneError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import { type Logger, silentLogger } from '../core/logger.js';
import { hostOf } from './loopback.js';
import type { OpenCall } from './open-calls.js';
import { currentCall } from './request-context.js';

/** What a handler knows about its call. */
export interface CallContext {
  /** `exitlane.v1.OrderService/SubmitOrder`. */
  readonly method: string;
  /** Aborts when the call is over before the handler is: the client cancelled or left, the deadline passed, the server cut it. */
  readonly signal: AbortSignal;
  /** Aborts when the server starts to drain; its reason is an ExitlaneError SHUTTING_DOWN, ready to be thrown. */
  readonly draining: AbortSignal;
  /** When the client stops waiting; undefined if it waits for ever. */
  readonly deadline: Date | undefined;
  /** Address of the other end. */
  readonly peer: string;
  /** Who makes the call. */
  readonly caller: Caller;
  /** Names the call in the logs of both ends. */
  readonly requestId: string;
  /** Adds the request id and the method to every line. */
  readonly logger: Logger;
  /** Headers the client sent. */
  readonly metadata: Metadata;
}

/** The part of grpc-js's call objects that both adapters need. */
interface SurfaceCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getPeer(): string;
  getDeadline(): Date | number;
  getPath(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

export interface CallScope {
  readonly ctx: CallContext;
  /** True the first time, and only if the client is still there: whoever gets true sends the one status. */
  settle(): boolean;
  readonly settled: boolean;
  /** Tells the handler that its call is over. */
  abort(reason: unknown): void;
}

/**
 * Opens the scope of one call. `cut` is how the server ends the call at the end of a drain.
 * grpc-js says `cancelled` after every end, a normal one included: only before the status does it mean that the client left.
 */
export function openScope(call: SurfaceCall, cut: (error: ExitlaneError) => void): CallScope {
  const open = currentCall() ?? unregistered(call);
  open.adapted = true;
  open.cut = cut;
  const controller = new AbortController();
  let settled = false;
  call.on('cancelled', () => {
    if (settled) return;
    settled = true;
    controller.abort(endedEarly(call));
  });
  const deadline = Number(call.getDeadline());
  return {
    ctx: {
      method: open.method,
      signal: controller.signal,
      draining: open.draining,
      deadline: Number.isFinite(deadline) ? new Date(deadline) : undefined,
      peer: call.getPeer(),
      caller: open.caller,
      requestId: open.requestId,
      logger: open.logger,
      metadata: call.metadata,
    },
    get settled() {
      return settled;
    },
    settle() {
      if (settled || call.cancelled) return false;
      settled = true;
      return true;
    },
    abort: (reason) => controller.abort(reason),
  };
}

/** On a server without the request-context interceptor a call has an id of its own and never drains. */
function unregistered(call: SurfaceCall): OpenCall {
  return {
    method: call.getPath().slice(1),
    kind: 'unary',
    requestId: newId(),
    peer: hostOf(call.getPeer()),
    caller: LOCAL_CALLER,
    credential: undefined,
    logger: silentLogger,
    draining: new AbortController().signal,
    adapted: true,
    cut: () => {},
  };
}

function endedEarly(call: SurfaceCall): DOMException {
  return Number(call.getDeadline()) <= Date.now()
    ? new DOMException('the deadline of the call has passed', 'TimeoutError')
    : new DOMException('the client has left the call', 'AbortError');
}

/** Whether an error only says "stopped because a signal told me to". */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/** A handler's failure that no client is left to hear; a plain stop is not one. */
export function logUnheard(error: unknown, ctx: CallContext): void {
  if (error === undefined || error === ctx.signal.reason || isAbort(error) || error instanceof ExitlaneError) return;
  ctx.logger.warn({ err: error }, 'a handler failed after its call was over');
}
