import { CallError } from '../../shared/grpc/call-error.js';

/**
 * What the exit code of every verb says. Scripts decide on these numbers: they never change their meaning.
 */
export const ExitCode = {
  /** Done; with --watch: the order is FILLED. */
  OK: 0,
  /** Wrong usage, or something on this side failed. */
  LOCAL: 1,
  /** The service understood and said no. Nothing was changed. */
  REFUSED: 2,
  /** The order ended without a fill. */
  NOT_FILLED: 3,
  /** Nobody knows yet: the request may have been accepted, or the order may still land. */
  UNKNOWN: 4,
  /** The service could not be reached, or could not answer; nothing was to be changed. */
  UNREACHABLE: 5,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const EXIT_CODES_HELP = `Exit codes:
  0  done; order FILLED
  1  wrong usage, or a local error
  2  refused by the service (invalid, not found, taken, not possible now)
  3  the order ended without a fill (CANCELLED)
  4  unknown: the request may have been accepted, or the order may still land.
     Repeat the same command with the same --id: it never trades twice.
  5  the service cannot be reached, or cannot answer (reads only)`;

/**
 * Whether a call was to change something: then a lost answer means "unknown", not "failed". `local` is what another program does and
 * tells by itself.
 */
export type CallKind = 'read' | 'write' | 'local';

/** Statuses with which a service says that it has decided, and that nothing was changed. */
const REFUSALS: ReadonlySet<string> = new Set([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
]);

/** Reasons of other statuses that say the same: the service looked, and made nothing. */
const REFUSED_BEFORE_MADE: ReadonlySet<string> = new Set(['PRICE_UNAVAILABLE']);

/** The exit code of anything a verb threw. */
export function exitCodeOf(error: unknown, kind: CallKind): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  if (!(error instanceof CallError)) return ExitCode.LOCAL;
  if (REFUSALS.has(error.status)) return ExitCode.REFUSED;
  if (kind !== 'write') return ExitCode.UNREACHABLE;
  return REFUSED_BEFORE_MADE.has(error.reason ?? '') ? ExitCode.REFUSED : ExitCode.UNKNOWN;
}

/** An error that knows its exit code and what to do next; its message is shown as it is. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    message: string,
    readonly exitCode: ExitCode = ExitCode.LOCAL,
    readonly hints: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The user ended a verb with Ctrl-C, or whoever read its output went away. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(readonly by: NodeJS.Signals | 'EPIPE') {
    super(by === 'EPIPE' ? 'nobody reads the output any more' : `interrupted (${by})`);
  }
}
