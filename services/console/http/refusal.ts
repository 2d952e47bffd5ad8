import { CallError } from '../../../shared/grpc/call-error.js';
import type { Failure } from '../model/events.js';

/** A request the console itself refuses. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly httpStatus: number,
    readonly reason: string,
    message: string,
    readonly violations: Failure['violations'] = [],
  ) {
    super(message);
  }
}

/** HTTP statuses of gRPC ones, as google.rpc.Code documents them; the page goes by `reason`. */
const HTTP_STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 409,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 502,
  PERMISSION_DENIED: 502,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** What the page is told of anything thrown; undefined for what nobody expected. */
export function failureOf(error: unknown): { readonly httpStatus: number; readonly body: Failure } | undefined {
  if (error instanceof Refusal) {
    const { httpStatus, reason, message, violations } = error;
    return { httpStatus, body: { reason, message, violations } };
  }
  if (error instanceof CallError) {
    const reason = error.reason ?? error.status;
    const message = error.status === 'UNIMPLEMENTED' ? 'This version of the service does not have it.' : error.message;
    return { httpStatus: HTTP_STATUS[error.status] ?? 502, body: { reason, message, violations: error.violations } };
  }
  return undefined;
}
