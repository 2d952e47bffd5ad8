import { ExitlaneError, messageOf } from '../../shared/core/errors.js';
import { CallError } from '../../shared/grpc/call-error.js';
import type { Addresses } from './clients.js';
import { type CallKind, CliError, ExitCode, Interrupted } from './exit-codes.js';
import { plain } from './render/text.js';

/** What went wrong, in parts: for lines to read or for JSON. */
export interface Explained {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly request_id: string;
  /** What to do next. */
  readonly hints: readonly string[];
  readonly exit_code: ExitCode;
}

const EMPTY = { status: '', reason: '', violations: [], metadata: {}, request_id: '', hints: [] };

/** Explains anything a verb threw. */
export function explain(error: unknown, exitCode: ExitCode, kind: CallKind, addresses?: Addresses): Explained {
  if (error instanceof CliError) {
    // A CliError around a call that failed adds what to do; the service's own words stay.
    const inner = error.cause instanceof CallError ? explainCall(error.cause, exitCode, kind, addresses) : EMPTY;
    return { ...inner, message: error.message, hints: error.hints, exit_code: exitCode };
  }
  if (error instanceof CallError) return explainCall(error, exitCode, kind, addresses);
  if (error instanceof Interrupted) return { ...EMPTY, message: error.message, exit_code: exitCode };
  if (error instanceof ExitlaneError) {
    const { reason, message, violations, metadata } = error;
    return { ...EMPTY, reason, message, violations, metadata, exit_code: exitCode };
  }
  return {
    ...EMPTY,
    message: messageOf(error),
    hints: ['set EXITLANE_DEBUG=1 to see where it happened'],
    exit_code: exitCode,
  };
}

function explainCall(
  error: CallError,
  exitCode: ExitCode,
  kind: CallKind,
  addresses: Addresses | undefined,
): Explained {
  return {
    status: error.status,
    reason: error.reason ?? '',
    message: isUnreached(error) ? `no answer (${connectionTrouble(error.message)})` : error.message,
    violations: error.violations,
    metadata: error.metadata,
    request_id: error.requestId ?? '',
    hints: hintsFor(error, kind, addresses),
    exit_code: exitCode,
  };
}

/** The transport failed, no handler spoke. */
export function isUnreached(error: CallError): boolean {
  return error.reason === undefined && (error.status === 'UNAVAILABLE' || error.status === 'DEADLINE_EXCEEDED');
}

/** The useful part of what grpc-js says about a connection. */
function connectionTrouble(message: string): string {
  const refused = /connect (ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|ECONNRESET)[^.]*/.exec(message);
  if (refused) return refused[0];
  return /^[^.\n]*/.exec(message.replace(/^\d+ [A-Z_]+: /, ''))?.[0] ?? message;
}

function hintsFor(error: CallError, kind: CallKind, addresses: Addresses | undefined): string[] {
  const hints: string[] = [];
  if (isUnreached(error)) {
    const where = addresses ? `requestor ${addresses.requestor}, processor ${addresses.processor}` : 'the addresses';
    hints.push(`is it running there? ${where} (--requestor, --processor)`, 'for a local one: exitlane dev');
  }
  if (error.retryDelayMs !== undefined) hints.push(`try again in ${error.retryDelayMs} ms`);
  else if (error.status === 'RESOURCE_EXHAUSTED') hints.push('try again later');
  if (kind === 'write' && !isUnreached(error) && (error.status === 'INTERNAL' || error.status === 'UNKNOWN')) {
    hints.push('whether it was done is unknown: look before repeating it');
  }
  return hints;
}

/** The lines for people. Violations that the message merely repeats are shown once, as lines. */
export function errorLines(explained: Explained, red: (text: string) => string): string[] {
  const { status, reason, violations, metadata, hints } = explained;
  const head = [status, reason && `(${reason})`].filter(Boolean).join(' ');
  const several =
    violations.length > 0 && violations.every(({ description }) => explained.message.includes(description));
  const message = several && status !== '' ? 'the request has wrong fields' : plain(explained.message);
  const lines = [red(`error: ${head === '' ? '' : `${head}: `}${message}`)];
  for (const { field, description } of violations) lines.push(`  ${plain(field)}: ${plain(description)}`);
  for (const [key, value] of Object.entries(metadata)) lines.push(`  ${plain(key)}: ${plain(value)}`);
  if (explained.request_id !== '' && explained.exit_code !== ExitCode.REFUSED) {
    lines.push(`  request id: ${plain(explained.request_id)}`);
  }
  for (const hint of hints) lines.push(`  -> ${hint}`);
  return lines;
}
