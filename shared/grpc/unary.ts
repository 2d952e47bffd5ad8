import type { handleUnaryCall } from '@grpc/grpc-js';
import { type CallContext, logUnheard, openScope } from './call-scope.js';
import { toServiceError } from './status.js';
import { checkWireValues } from './wire-values.js';

export type UnaryHandler<Request, Response> = (request: Request, ctx: CallContext) => Promise<Response> | Response;

/**
 * Turns a function into a grpc-js handler. What it returns is the answer; what it throws, at once or later, becomes the
 * status (`status.ts`). A rejected promise never escapes, and the client always hears exactly one status.
 */
export function unary<Request, Response>(handler: UnaryHandler<Request, Response>): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const scope = openScope(call, (error) => {
      fail(error);
      scope.abort(error);
    });
    const { ctx } = scope;
    const fail = (error: unknown): void => {
      if (scope.settle()) callback(toServiceError(error, ctx.logger));
      else logUnheard(error, ctx);
    };
    const answer = async (): Promise<void> => {
      try {
        ctx.draining.throwIfAborted();
        checkWireValues(call.request);
        const response = await handler(call.request, ctx);
        if (scope.settle()) callback(null, response);
      } catch (error) {
        fail(error);
      }
    };
    void answer();
  };
}
