/**
 * One catalogue of what can go wrong for a caller. Each entry has a gRPC status, and each error says what to do next.
 * `shared/grpc/status.ts` puts it on the wire with google.rpc details; `cause` and stack stay here.
 *
 * Statuses follow https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto.
 */
export const ERROR_CATALOGUE = {
  INVALID_FIELD: 'INVALID_ARGUMENT',
  ORDER_NOT_FOUND: 'NOT_FOUND',
  POSITION_NOT_FOUND: 'NOT_FOUND',
  PROPOSAL_NOT_FOUND: 'NOT_FOUND',
  ALERT_NOT_FOUND: 'NOT_FOUND',
  MINT_NOT_FOUND: 'INVALID_ARGUMENT',
  ORDER_REQ_ID_TAKEN: 'ALREADY_EXISTS',
  PROPOSAL_ID_TAKEN: 'ALREADY_EXISTS',
  CURSOR_OUT_OF_RANGE: 'OUT_OF_RANGE',
  QUEUE_FULL: 'RESOURCE_EXHAUSTED',
  RATE_LIMITED: 'RESOURCE_EXHAUSTED',
  NO_REQUEST: 'INVALID_ARGUMENT',
  TOO_MANY_STREAMS: 'RESOURCE_EXHAUSTED',
  TOO_MANY_CONNECTIONS: 'RESOURCE_EXHAUSTED',
  NOT_AUTHENTICATED: 'UNAUTHENTICATED',
  CREDENTIAL_EXPIRED: 'UNAUTHENTICATED',
  ROLE_INSUFFICIENT: 'PERMISSION_DENIED',
  INTERNAL_METHOD: 'PERMISSION_DENIED',
  ORDER_NOT_CANCELLABLE: 'FAILED_PRECONDITION',
  ORDER_TERMINAL: 'FAILED_PRECONDITION',
  ORDER_NOT_MADE: 'FAILED_PRECONDITION',
  POSITION_NOT_EXITABLE: 'FAILED_PRECONDITION',
  POSITION_TOO_SMALL: 'FAILED_PRECONDITION',
  NOTHING_TO_RETRY: 'FAILED_PRECONDITION',
  ENTRY_REFUSED: 'FAILED_PRECONDITION',
  ALERT_ALREADY_ACKNOWLEDGED: 'FAILED_PRECONDITION',
  ALERT_ALREADY_RESOLVED: 'FAILED_PRECONDITION',
  STALE_FENCE: 'ABORTED',
  TRANSACTION_TAKEN: 'ABORTED',
  PRICE_UNAVAILABLE: 'UNAVAILABLE',
  VENUE_UNAVAILABLE: 'UNAVAILABLE',
  PROCESSOR_UNAVAILABLE: 'UNAVAILABLE',
  DATABASE_UNAVAILABLE: 'UNAVAILABLE',
  SHUTTING_DOWN: 'UNAVAILABLE',
  DATA_DIRECTORY_IN_USE: 'FAILED_PRECONDITION',
  SCHEMA_TOO_NEW: 'FAILED_PRECONDITION',
  CONFIG_INVALID: 'FAILED_PRECONDITION',
  INTERNAL: 'INTERNAL',
} as const;

/** Stable, machine-readable name of an error; goes on the wire as `ErrorInfo.reason`. */
export type ErrorReason = keyof typeof ERROR_CATALOGUE;
export type StatusName = (typeof ERROR_CATALOGUE)[ErrorReason];

export interface FieldViolation {
  /** Path of the field as the proto file spells it, such as `amount_sol`. */
  readonly field: string;
  /** What is wrong with it and what to send instead. */
  readonly description: string;
}

export interface ErrorDetails {
  /** Short facts for programs (ids, limits, available cursors). Never secrets. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
  /** When trying again makes sense, and after how long. */
  readonly retryDelayMs?: number;
  readonly cause?: unknown;
}

/** An error whose message is meant for the caller. Anything else that reaches the wire becomes a bare INTERNAL. */
export class ExitlaneError extends Error {
  override readonly name = 'ExitlaneError';
  readonly reason: ErrorReason;
  readonly status: StatusName;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly retryDelayMs: number | undefined;

  constructor(reason: ErrorReason, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.status = ERROR_CATALOGUE[reason];
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
    this.retryDelayMs = details.retryDelayMs;
  }
}

/** INVALID_ARGUMENT that lists every offending field at once; the message repeats them for people who see only that. */
export function invalidFields(violations: readonly FieldViolation[]): ExitlaneError {
  const text = violations.map((v) => `${v.field}: ${v.description}`).join('; ');
  return new ExitlaneError('INVALID_FIELD', text, { violations });
}

export function invalidField(field: string, description: string): ExitlaneError {
  return invalidFields([{ field, description }]);
}

/** The message of anything thrown, for logs and `last_error`. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
