import { type Logger as PinoLogger, pino } from 'pino';
import { pretty } from './log-pretty.js';

export type Logger = PinoLogger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LoggerOptions {
  /** Service the lines come from: `requestor`, `processor`, `sandbox`, `cli`. */
  readonly service: string;
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Human-readable lines instead of JSON; default: when standard error is a terminal. */
  readonly pretty?: boolean;
}

/** Keys whose values never reach a log line, wherever they stand in the logged object's first three levels. */
const SECRET_KEYS = ['secretKey', 'privateKey', 'keypair', 'password', 'token', 'authorization', 'apiKey', 'x-api-key'];
const REDACTED_PATHS = SECRET_KEYS.flatMap((key) => {
  const step = key.includes('-') ? `["${key}"]` : key;
  const joined = key.includes('-') ? step : `.${step}`;
  return [step, `*${joined}`, `*.*${joined}`];
});

/**
 * Structured log on standard error (standard output belongs to what a command prints). Amounts go in as strings: pino
 * prints a bigint as a bare number.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED_PATHS, censor: '[hidden]' },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const human = options.pretty ?? process.stderr.isTTY === true;
  return pino(settings, human ? pretty() : pino.destination({ fd: 2, sync: true }));
}

/** For tests and libraries that were given no logger. */
export const silentLogger: Logger = pino({ level: 'silent' });
