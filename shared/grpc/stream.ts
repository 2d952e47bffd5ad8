import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import { ExitlaneError } from '../core/errors.js';
import { type CallContext, type CallScope, isAbort, logUnheard, openScope } from './call-scope.js';
import { toServiceError } from './status.js';
import { checkWireValues } from './wire-values.js';

/** Where a stream handler puts its messages. */
export interface Outlet<Response> {
  /**
   * Writes one message and resolves when there is room for the next; the buffer holds 16. Rejects when the call is over.
   * One at a time: calling it again before it has resolved is a mistake and throws.
   */
  write(message: Response): Promise<void>;
}

/** Either writes to `out` and returns when the stream is complete, or is an async generator that yields the messages. */
export type StreamHandler<Request, Response> = (
  request: Request,
  ctx: CallContext,
  out: Outlet<Response>,
) => Promise<void> | AsyncIterable<Response>;

export interface StreamOptions<Request, Response> {
  /** The number of a message, if it has one; a client that has to come back is told the last one written. */
  readonly sequenceOf?: (message: Response) => bigint | undefined;
  /** Where the client wanted to start: what it is told when nothing was written yet. */
  readonly startOf?: (request: Request) => bigint;
  /**
   * What happens when the server drains. `end` (default): the adapter ends the stream with SHUTTING_DOWN and aborts
   * `ctx.signal`. `handler`: the handler watches `ctx.draining` and ends by itself; throwing the signal's reason, or stopping
   * with an AbortError, ends the stream with SHUTTING_DOWN, and returning ends it normally.
   */
  readonly onDrain?: 'end' | 'handler';
}

/** Metadata key of the sequence after which to continue. */
const LAST_SEQUENCE_KEY = 'last_sequence';

/**
 * Turns a function into a grpc-js server-stream handler: honours back-pressure, sends exactly one status whatever the
 * function throws, and ends its waits by abort when nobody reads any more. Statuses go through `emit('error')`: destroying
 * the stream sends none.
 */
export function serverStream<Request, Response>(
  handler: StreamHandler<Request, Response>,
  options: StreamOptions<Request, Response> = {},
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    let last = options.startOf?.(call.request);
    const withPosition = (error: unknown): unknown => atPosition(error, last, scope.ctx);
    const finish = (error?: unknown): void => {
      scope.ctx.draining.removeEventListener('abort', onDraining);
      if (!scope.settle()) logUnheard(error, scope.ctx);
      else if (error === undefined) call.end();
      else call.emit('error', toServiceError(withPosition(error), scope.ctx.logger));
    };
    const cut = (error: unknown): void => {
      finish(error);
      scope.abort(error);
    };
    const scope = openScope(call, cut);
    const { ctx } = scope;
    const onDraining = (): void => cut(ctx.draining.reason);
    if (options.onDrain !== 'handler') ctx.draining.addEventListener('abort', onDraining, { once: true });

    const out = outlet(call, scope, (message) => {
      last = options.sequenceOf?.(message) ?? last;
    });
    const run = async (): Promise<void> => {
      try {
        ctx.draining.throwIfAborted();
        checkWireValues(call.request);
        const result = handler(call.request, ctx, out);
        if (isIterable(result)) for await (const message of result) await out.write(message);
        else await result;
        finish();
      } catch (error) {
        finish(error);
      }
    };
    void run();
  };
}

function isIterable<T>(result: Promise<void> | AsyncIterable<T> | undefined): result is AsyncIterable<T> {
  return typeof result === 'object' && Symbol.asyncIterator in result;
}

/** SHUTTING_DOWN with the place to continue from; other errors stay as they are. */
function atPosition(error: unknown, last: bigint | undefined, ctx: CallContext): unknown {
  const stopped = ctx.draining.aborted && isAbort(error) ? ctx.draining.reason : error;
  if (!(stopped instanceof ExitlaneError) || stopped.reason !== 'SHUTTING_DOWN' || last === undefined) return stopped;
  const metadata = { [LAST_SEQUENCE_KEY]: String(last), ...stopped.metadata };
  const { retryDelayMs, cause } = stopped;
  return new ExitlaneError('SHUTTING_DOWN', stopped.message, { metadata, retryDelayMs, cause });
}

function outlet<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  scope: CallScope,
  onWritten: (message: Response) => void,
): Outlet<Response> {
  const { signal } = scope.ctx;
  let writing = false;
  return {
    async write(message) {
      if (writing) throw new Error('write() was called before the previous write() had resolved: await each one');
      signal.throwIfAborted();
      if (scope.settled) throw new Error('write() was called after the stream had ended');
      const room = call.write(message);
      onWritten(message);
      if (room) return;
      writing = true;
      try {
        await drained(call, signal);
      } finally {
        writing = false;
      }
    },
  };
}

/** Resolves when the write buffer is empty again; rejects when the call is over, since a dead reader never empties it. */
function drained(call: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      call.off('drain', onDrain);
      signal.removeEventListener('abort', onAbort);
    };
    const onDrain = (): void => {
      stop();
      resolve();
    };
    const onAbort = (): void => {
      stop();
      reject(signal.reason);
    };
    call.once('drain', onDrain);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
