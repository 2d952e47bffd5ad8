import { type Logger as PinoLogger, pino } from 'pino';
import { currentCallFacts, LOCAL_CALLER } from './call-context.js';
import { pretty } from './log-pretty.js';
import { logSink } from './log-sink.js';
import { currentOrderFacts } from './order-context.js';

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
 * prints a bigint as a bare number. A line that cannot be written is nobody's failure: see {@link logSink}.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED_PATHS, censor: '[hidden]' },
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: (_merged: object, _level: number, logger: PinoLogger) => contextOf(logger),
  };
  const human = options.pretty ?? process.stderr.isTTY === true;
  return pino(settings, logSink(2, human ? pretty() : undefined));
}

/** What every line says of the order or the call that it was written for, as far as the logger does not say it already. */
function contextOf(logger: PinoLogger): Record<string, string> {
  const facts = currentFacts();
  if (facts === undefined) return {};
  for (const name of Object.keys(logger.bindings())) delete facts[name];
  return facts;
}

function currentFacts(): Record<string, string> | undefined {
  const order = currentOrderFacts();
  if (order) return { request_id: order.requestId, orderId: order.orderId };
  const call = currentCallFacts();
  if (!call) return undefined;
  const { requestId: request_id, method, caller } = call;
  if (caller === LOCAL_CALLER) return { request_id, method };
  return { request_id, method, caller: caller.name, client: caller.client };
}

/** For tests and libraries that were given no logger. */
export const silentLogger: Logger = pino({ level: 'silent' });
