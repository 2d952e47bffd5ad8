import { ExitlaneError, messageOf } from '../core/errors.js';

/** SQLSTATEs after which the same work may simply be done again: it was rolled back because of others. */
const RETRYABLE = new Set(['40001', '40P01']);

/**
 * SQLSTATEs that say "not now" rather than "wrong": connection exceptions (08), out of connections, memory or disk (53),
 * shutdown and restart (57P), timeouts (57014 statement, 55P03 lock, 25P03 idle in transaction), crash in progress (58).
 */
const NOT_NOW = /^(?:08...|53...|57P..|57014|55P03|25P03|58...)$/;

/** SQLSTATEs of NOT_NOW after which the session itself is still good. */
const SESSION_SURVIVES = /^(?:57014|55P03|53[124]..)$/;

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
]);

/** pg has no codes for its own findings, only these messages. */
const CLIENT_MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Client is closed|Cannot use a pool after calling end|Received unexpected|The server does not support)/;

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Serialization failure or deadlock. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(codeOf(error) ?? '');
}

/** The server or the way to it went away in the middle: nothing that was not committed happened. */
export function isLostConnection(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  if (code) return /^(?:57P0[12]|ECONNRESET|EPIPE)$/.test(code);
  return (
    error instanceof Error && /^(?:Connection terminated|Client has encountered a connection error)/.test(error.message)
  );
}

/** The database cannot do this now, whoever asks: as opposed to SQL that is refused for what it says. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const code = codeOf(error);
  if (code !== undefined) return NOT_NOW.test(code) || SOCKET_CODES.has(code);
  return error instanceof Error && CLIENT_MESSAGES.test(error.message);
}

/** The connection the error came from must not be used again. */
export function endsSession(error: unknown): boolean {
  return isUnavailable(error) && !SESSION_SURVIVES.test(codeOf(error) ?? '');
}

/** The error as callers see it: DATABASE_UNAVAILABLE for "not now", anything else (unique violations and such) as it is. */
export function translate(error: unknown): unknown {
  if (error instanceof ExitlaneError || !isUnavailable(error)) return error;
  return new ExitlaneError('DATABASE_UNAVAILABLE', `the database did not answer (${messageOf(error)}): try again`, {
    cause: error,
    retryDelayMs: 1_000,
  });
}

/** The connection went away between sending COMMIT and its answer. */
export function outcomeUnknown(error: unknown): ExitlaneError {
  return new ExitlaneError(
    'DATABASE_UNAVAILABLE',
    `the database went away while committing (${messageOf(error)}): it may or may not have been done, repeat it with the same key`,
    { cause: error, metadata: { outcome: 'unknown' }, retryDelayMs: 1_000 },
  );
}
