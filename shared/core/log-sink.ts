import { pino } from 'pino';
import { LOG_UNWRITTEN_BYTES_MAX } from './limits.js';

/** Where log lines go. `write` never throws. */
export interface LogSink {
  write(line: string): void;
}

/**
 * Standard error, or another open file. What cannot be written (the disk is full, the reader is gone) waits for the next line, up
 * to a bound, and is given up beyond it: whoever logs goes on with its work. Nothing here flushes: pino's own way to flush repeats
 * a refused write for ever, and lines are written at once anyway.
 * @param format makes of pino's JSON what is written
 */
export function logSink(fd = 2, format: (line: string) => string = (line) => line): LogSink {
  let destination = open(fd, startOver);
  // A destination that holds all it may would take nothing any more, even when there is room again on the disk.
  function startOver(line: string): void {
    destination = open(fd, startOver);
    if (Buffer.byteLength(line) <= LOG_UNWRITTEN_BYTES_MAX) destination.write(line);
  }
  return {
    write(line) {
      try {
        destination.write(format(line));
      } catch {
        // There is nowhere left to say so.
      }
    },
  };
}

function open(fd: number, onFull: (line: string) => void) {
  const destination = pino.destination({ fd, sync: true, maxLength: LOG_UNWRITTEN_BYTES_MAX });
  // Without a listener a refused write would be thrown out of the line that was logged.
  destination.on('error', () => undefined);
  destination.on('drop', onFull);
  return destination;
}
