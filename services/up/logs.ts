import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { LOG_BYTES_MAX, LOG_BYTES_READ, LOG_LINES_SHOWN } from './limits.js';
import type { Places } from './places.js';

/** Where a process writes, and where its own lines begin. */
export interface LogPlace {
  readonly log: string;
  readonly logFrom: number;
}

/** Opens the log of a process for appending; one that has grown too long is set aside first. Close the descriptor. */
export function openLog({ logs }: Places, name: string): LogPlace & { readonly fd: number } {
  mkdirSync(logs, { recursive: true, mode: 0o755 });
  const log = path.join(logs, `${name}.log`);
  if (existsSync(log) && statSync(log).size > LOG_BYTES_MAX) renameSync(log, `${log}.1`);
  const fd = openSync(log, 'a', 0o600);
  return { log, logFrom: statSync(log).size, fd };
}

/** The last lines that a process wrote in its present or last life, as people read them. */
export function lastLines({ log, logFrom }: LogPlace): string[] {
  if (!existsSync(log)) return [];
  const fd = openSync(log, 'r');
  try {
    const { size } = statSync(log);
    const from = Math.max(logFrom, size - LOG_BYTES_READ);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    const lines = bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, from)).split('\n');
    return lines
      .filter((line) => line.trim() !== '')
      .slice(-LOG_LINES_SHOWN)
      .flatMap(readable);
  } finally {
    closeSync(fd);
  }
}

/** `12:00:01.234 error  message  reason` of a line in JSON; others as they are. */
function readable(line: string): string[] {
  if (!line.startsWith('{')) return [line];
  try {
    const { time, level, msg, err, error } = JSON.parse(line) as Record<string, unknown>;
    const cause = typeof err === 'object' && err !== null && 'message' in err ? err.message : (error ?? err);
    const at = typeof time === 'string' ? time.slice(11, 23) : '';
    const text = [msg, cause].filter((part) => typeof part === 'string' && part !== '').join(': ');
    return `${at} ${String(level).padEnd(5)}  ${text}`.split('\n');
  } catch {
    // The last line of a process that was killed may be half a line.
    return [line];
  }
}
