import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '../../proto/gen/google/rpc/error_details.js';
import { Status } from '../../proto/gen/google/rpc/status.js';
import { ExitlaneError, type FieldViolation } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { STATUS_DETAILS_BYTES_MAX, STATUS_MESSAGE_CHARS_MAX } from './bounds.js';
import { durationOf, millisOf } from './duration.js';

/** Trailer that carries google.rpc.Status (https://cloud.google.com/apis/design/errors#error_model). */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';
/** `ErrorInfo.domain` of every reason in the error catalogue. */
export const ERROR_DOMAIN = 'exitlane';

/** Header and trailer that name a call in the logs of both ends. */
export const REQUEST_ID_KEY = 'x-request-id';

const TYPE_PREFIX = 'type.googleapis.com/google.rpc.';

/**
 * What goes to the client for anything a handler threw. An ExitlaneError keeps its status, message, reason, metadata,
 * violations and retry delay; its `cause` and stack stay here. Anything else is a defect: it is logged whole under an error
 * id, and the client sees INTERNAL with that id only.
 */
export function toServiceError(error: unknown, logger: Logger): ServiceError {
  if (error instanceof ExitlaneError) {
    if (error.cause !== undefined)
      logger.warn({ err: error, reason: error.reason }, 'a call failed for another reason');
    return serviceError(error);
  }
  const errorId = newId();
  logger.error({ err: error, error_id: errorId }, 'a handler failed unexpectedly');
  const message = `internal error ${errorId}: the service's log tells more under this id`;
  return serviceError(new ExitlaneError('INTERNAL', message, { metadata: { error_id: errorId } }));
}

function serviceError(error: ExitlaneError): ServiceError {
  const code = status[error.status];
  const message = headerText(error.message);
  const metadata = new Metadata();
  metadata.set(STATUS_DETAILS_KEY, encodeDetails(error, code, message));
  return Object.assign(new Error(message), { code, details: message, metadata });
}

/** Details that fit into the trailers: long lists of violations are halved until they do, then metadata goes. */
function encodeDetails(error: ExitlaneError, code: number, message: string): Buffer {
  let violations = error.violations;
  let metadata = error.metadata;
  for (;;) {
    const bytes = Buffer.from(
      Status.encode({ code, message, details: detailsOf(error, violations, metadata) }).finish(),
    );
    if (bytes.length <= STATUS_DETAILS_BYTES_MAX) return bytes;
    if (violations.length > 0) violations = violations.slice(0, Math.floor(violations.length / 2));
    else if (Object.keys(metadata).length > 0) metadata = {};
    else return bytes;
  }
}

function detailsOf(error: ExitlaneError, violations: readonly FieldViolation[], metadata: ExitlaneError['metadata']) {
  const info = { reason: error.reason, domain: ERROR_DOMAIN, metadata: { ...metadata } };
  const details = [packed('ErrorInfo', ErrorInfo.encode(info).finish())];
  if (violations.length > 0) {
    details.push(packed('BadRequest', BadRequest.encode({ fieldViolations: [...violations] }).finish()));
  }
  if (error.retryDelayMs !== undefined) {
    details.push(packed('RetryInfo', RetryInfo.encode({ retryDelay: durationOf(error.retryDelayMs) }).finish()));
  }
  return details;
}

function packed(name: string, value: Uint8Array) {
  return { typeUrl: TYPE_PREFIX + name, value: Buffer.from(value) };
}

/** grpc-js percent-encodes the message with encodeURI, which throws on half a surrogate pair. */
function headerText(text: string): string {
  const cut = text.length > STATUS_MESSAGE_CHARS_MAX ? `${text.slice(0, STATUS_MESSAGE_CHARS_MAX)}...` : text;
  return Buffer.from(cut, 'utf8').toString('utf8');
}

/** What a server said about a failed call. */
export interface StatusDetails {
  /** Name of the gRPC status, such as `INVALID_ARGUMENT`. */
  readonly status: string;
  /** The message alone, without the status in front. */
  readonly message: string;
  /** Reason of the error catalogue; undefined when the error comes from the transport or another kind of server. */
  readonly reason: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly retryDelayMs: number | undefined;
  /** `x-request-id` of the call, to find it in the server's log. */
  readonly requestId: string | undefined;
}

/** Reads the details out of what a grpc-js call failed with. Missing or damaged details leave the fields empty. */
export function readStatusDetails(error: unknown): StatusDetails {
  const { code, details, metadata } = partsOf(error);
  return {
    reason: undefined,
    metadata: {},
    violations: [],
    retryDelayMs: undefined,
    ...decodeDetails(metadata?.get(STATUS_DETAILS_KEY)[0]),
    status: status[code] ?? `CODE_${code}`,
    message: details,
    requestId: metadata?.get(REQUEST_ID_KEY)[0]?.toString(),
  };
}

function partsOf(error: unknown): { code: number; details: string; metadata: Metadata | undefined } {
  const parts: Partial<ServiceError> = typeof error === 'object' && error !== null ? error : {};
  const fallback = error instanceof Error ? error.message : String(error);
  return {
    code: typeof parts.code === 'number' ? parts.code : status.UNKNOWN,
    details: typeof parts.details === 'string' ? parts.details : fallback,
    metadata: parts.metadata instanceof Metadata ? parts.metadata : undefined,
  };
}

type Decoded = Partial<Pick<StatusDetails, 'reason' | 'metadata' | 'violations' | 'retryDelayMs'>>;

function decodeDetails(bytes: string | Buffer | undefined): Decoded {
  if (!Buffer.isBuffer(bytes)) return {};
  try {
    return Object.assign({}, ...Status.decode(bytes).details.map(decodeDetail));
  } catch {
    // The status itself is valid without its details; another server's broken trailer must not hide it.
    return {};
  }
}

function decodeDetail(detail: Status['details'][number]): Decoded {
  switch (detail.typeUrl) {
    case `${TYPE_PREFIX}ErrorInfo`: {
      const info = ErrorInfo.decode(detail.value);
      return { reason: info.reason, metadata: info.metadata };
    }
    case `${TYPE_PREFIX}BadRequest`:
      return { violations: BadRequest.decode(detail.value).fieldViolations };
    case `${TYPE_PREFIX}RetryInfo`: {
      const delay = RetryInfo.decode(detail.value).retryDelay;
      return delay ? { retryDelayMs: millisOf(delay) } : {};
    }
    default:
      return {};
  }
}
