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
    const { status, reason, message, violations, metadata } = error;
    return { ...EMPTY, status, reason, message, violations, metadata, exit_code: exitCode };
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
    message: isUnreached(error) ? callTrouble(error) : error.message,
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

/** What went wrong with a call, in a few words: transports talk a lot. */
export function callTrouble(error: CallError): string {
  if (!isUnreached(error)) return `${error.status}: ${plain(error.message)}`;
  const { message } = error;
  const system = /connect E[A-Z]+ \S+|getaddrinfo E[A-Z]+ \S+|read E[A-Z]+/.exec(message)?.[0].replace(/[.,;]$/, '');
  return `no answer (${system ?? plain(message.split('\n')[0] ?? '').slice(0, 120)})`;
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
  const repeated =
    violations.length > 0 && violations.every(({ description }) => explained.message.includes(description));
  const message = repeated ? 'the request has wrong fields' : plain(explained.message);
  const lines = [red(`error: ${head === '' ? '' : `${head}: `}${message}`)];
  for (const { field, description } of violations) lines.push(`  ${plain(field)}: ${plain(description)}`);
  const telling = Object.entries(metadata).filter(([, value]) => !explained.message.includes(value));
  for (const [key, value] of telling) lines.push(`  ${plain(key)}: ${plain(value)}`);
  if (explained.request_id !== '' && explained.exit_code !== ExitCode.REFUSED) {
    lines.push(`  request id: ${plain(explained.request_id)}`);
  }
  // A hint that begins with a space goes on from the one before.
  for (const hint of hints) lines.push(hint.startsWith(' ') ? `  ${hint}` : `  -> ${hint}`);
  return lines;
}
