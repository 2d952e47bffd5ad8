/**
 * What went wrong between us and a venue. {@link VenueError}: the HTTP side, Jupiter's refusals and answers that make no
 * sense. {@link RpcError}: a Solana node's JSON-RPC error, with the code and data it came with.
 *
 * Neither ever holds a URL, a header or a request: RPC URLs and headers carry API keys.
 */
export type VenueErrorKind =
  /** Jupiter knows no way to trade this. */
  | 'NO_ROUTE'
  /** Jupiter does not trade this token. */
  | 'NOT_TRADABLE'
  /** Too many calls: wait. */
  | 'RATE_LIMITED'
  /** No connection, no answer in time, or the server says it is down. */
  | 'UNAVAILABLE'
  /** The venue refuses what we ask. */
  | 'BAD_REQUEST'
  /** An answer that is not what was asked for. */
  | 'GARBAGE';

const RETRYABLE: ReadonlySet<VenueErrorKind> = new Set(['NO_ROUTE', 'RATE_LIMITED', 'UNAVAILABLE', 'GARBAGE']);

export interface VenueErrorFacts {
  /** Status of the HTTP answer, if there was one. */
  readonly httpStatus?: number | undefined;
  /** The venue's own code, such as `COULD_NOT_FIND_ANY_ROUTE`. */
  readonly code?: string | undefined;
  /** Asking again makes no sense before, milliseconds. */
  readonly retryDelayMs?: number | undefined;
}

export class VenueError extends Error {
  override readonly name = 'VenueError';
  readonly kind: VenueErrorKind;
  readonly httpStatus: number | undefined;
  readonly code: string | undefined;
  readonly retryDelayMs: number | undefined;

  constructor(kind: VenueErrorKind, message: string, facts: VenueErrorFacts = {}) {
    super(message);
    this.kind = kind;
    this.httpStatus = facts.httpStatus;
    this.code = facts.code;
    this.retryDelayMs = facts.retryDelayMs;
  }

  /** Whether asking again later can help. */
  get retryable(): boolean {
    return RETRYABLE.has(this.kind);
  }
}

/** A JSON-RPC error object as the node sent it. */
export class RpcError extends Error {
  override readonly name = 'RpcError';

  constructor(
    readonly code: number,
    message: string,
    /** `error.data` of the answer; undefined when there was none. */
    readonly data: unknown,
  ) {
    super(message);
  }
}

/** JSON-RPC's way of saying 429. */
export const RATE_LIMITED_CODE = -32429;

/** The node is behind, limits us, or has trouble of its own. */
const ENDPOINT_CODES: ReadonlySet<number> = new Set([-32005, -32016, -32004, -32014, RATE_LIMITED_CODE, -32603]);

/** Whether the endpoint, not the request, is to blame: another endpoint may answer. */
export function isOutage(error: unknown): boolean {
  if (error instanceof RpcError) return ENDPOINT_CODES.has(error.code);
  return error instanceof VenueError && error.kind !== 'NO_ROUTE' && error.kind !== 'NOT_TRADABLE';
}

/** Whether the venue, or our own gate in its place, had too many calls of ours. */
export function isRateLimit(error: unknown): error is VenueError {
  return error instanceof VenueError && error.kind === 'RATE_LIMITED';
}
