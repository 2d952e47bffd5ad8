import type { FieldViolation } from '../core/errors.js';
import { readStatusDetails, type StatusDetails } from './status.js';

/** What whoever repeats calls knows of all the tries together. */
export interface Tries {
  readonly attempts: number;
  readonly outcomeUnknown: boolean;
  /** Further facts, such as the id that the request was made with. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A call that failed, with everything the server said. `cause` is the error of grpc-js. */
export class CallError extends Error implements StatusDetails {
  override readonly name = 'CallError';
  readonly method: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly retryDelayMs: number | undefined;
  readonly requestId: string | undefined;
  /** How often the call was made before it was given up. */
  readonly attempts: number;
  /** The request may have been carried out although its answer did not come. Says nothing of calls that only read. */
  readonly outcomeUnknown: boolean;

  constructor(method: string, cause: unknown, tries?: Tries) {
    const details = readStatusDetails(cause);
    super(details.message, { cause });
    this.method = method;
    this.status = details.status;
    this.reason = details.reason;
    this.metadata = { ...details.metadata, ...tries?.metadata };
    this.violations = details.violations;
    this.retryDelayMs = details.retryDelayMs;
    this.requestId = details.requestId;
    this.attempts = tries?.attempts ?? 1;
    this.outcomeUnknown = tries?.outcomeUnknown ?? leavesOpen(details);
  }
}

/** The error in a few lines for people: status and message, then one line per detail. */
export function formatCallError(error: CallError): string {
  const lines = [`${error.status}${error.reason ? ` (${error.reason})` : ''}: ${error.message}`];
  for (const violation of error.violations) lines.push(`  field ${violation.field}: ${violation.description}`);
  for (const [key, value] of Object.entries(error.metadata)) lines.push(`  ${key}: ${value}`);
  if (error.retryDelayMs !== undefined) lines.push(`  try again in ${error.retryDelayMs} ms`);
  if (error.requestId !== undefined) lines.push(`  request id: ${error.requestId}`);
  return lines.join('\n');
}

/**
 * Whether a failed call says nothing about the request itself, so that the same call may succeed on another connection.
 * An error with a reason was written by a handler: then only UNAVAILABLE means "come back". Without one it is the transport's:
 * a connection that broke shows as UNAVAILABLE, as INTERNAL with RST_STREAM, or as CANCELLED when the server's process ended.
 */
export function isTransient(error: CallError): boolean {
  if (error.status === 'UNAVAILABLE') return true;
  if (error.reason !== undefined) return false;
  if (error.status === 'CANCELLED') return true;
  return error.status === 'INTERNAL' && /RST_STREAM|GOAWAY|ERR_HTTP2/.test(error.message);
}

/**
 * Whether the call certainly never reached a handler: there was no connection, the connection refused the stream, or the client was
 * told to slow down, which is decided before anything else is.
 */
export function wasNotCarriedOut({ status, reason, message }: StatusDetails): boolean {
  if (reason !== undefined) return reason === 'RATE_LIMITED';
  return status === 'UNAVAILABLE' && /No connection established|Stream refused by server/.test(message);
}

const OPEN_ENDS: ReadonlySet<string> = new Set([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'INTERNAL',
  'UNKNOWN',
  'DATA_LOSS',
]);

function leavesOpen(details: StatusDetails): boolean {
  return OPEN_ENDS.has(details.status) && !wasNotCarriedOut(details) && details.reason !== 'PRICE_UNAVAILABLE';
}
