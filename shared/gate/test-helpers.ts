/** Small things the tests of this folder share. */
import { pino } from 'pino';
import { ManualClock } from '../core/clock.js';
import type { Logger, LogLevel } from '../core/logger.js';
import { deferred, settle } from '../queue/test-helpers.js';
import type { ApiCallPriority } from './api-call-priority.js';
import { ApiGate, type ApiGateOptions, type CallOptions } from './api-gate.js';

/** A call that a test ends by hand. */
export interface Asked {
  /** Clock time at which it started, ms; undefined: it has not. */
  startedAt: number | undefined;
  /** What became of it; undefined: nothing yet. */
  outcome: { readonly value: string } | { readonly error: unknown } | undefined;
  finish(): Promise<void>;
  fail(error: Error): Promise<void>;
}

export interface GateRig {
  readonly clock: ManualClock;
  readonly gate: ApiGate;
  /** Names of the calls in the order in which they started. */
  readonly started: string[];
  ask(level: ApiCallPriority, name: string, options?: CallOptions): Asked;
}

export function gateRig(options: Omit<ApiGateOptions, 'clock'> = {}): GateRig {
  const clock = new ManualClock();
  const gate = new ApiGate({ ...options, clock });
  const started: string[] = [];
  const ask = (level: ApiCallPriority, name: string, callOptions: CallOptions = {}): Asked => {
    const end = deferred<string>();
    const call = () => {
      started.push(name);
      asked.startedAt = clock.now();
      return end.promise;
    };
    const asked: Asked = {
      startedAt: undefined,
      outcome: undefined,
      finish: () => {
        end.resolve(name);
        return settle();
      },
      fail: (error) => {
        end.reject(error);
        return settle();
      },
    };
    gate.executeWithPriority(call, level, name, callOptions).then(
      (value) => {
        asked.outcome = { value };
      },
      (error: unknown) => {
        asked.outcome = { error };
      },
    );
    return asked;
  };
  return { clock, gate, started, ask };
}

/** Numbers of one level. */
export function level(gate: ApiGate, name: string) {
  const found = gate.stats().levels.find((each) => each.level === name);
  if (!found) throw new Error(`no level ${name}`);
  return found;
}

/** Numbers of one host. */
export function host(gate: ApiGate, name: string) {
  const found = gate.stats().hosts.find((each) => each.host === name);
  if (!found) throw new Error(`no host ${name}`);
  return found;
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: string };

/** A logger and what it wrote. */
export function memoryLogger(logLevel: LogLevel = 'debug'): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const settings = { level: logLevel, formatters: { level: (label: string) => ({ level: label }) } };
  const logger = pino(settings, { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) });
  return { logger, lines };
}
