import { default as pinoPretty } from 'pino-pretty';

/** One readable line per event: `12:00:01.234 INFO  requestor  order filled  orderId=...`. */
export function pretty() {
  return pinoPretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY === true && process.env.NO_COLOR === undefined,
    translateTime: 'HH:MM:ss.l',
    ignore: 'pid,hostname,service',
    messageFormat: '{service}: {msg}',
    singleLine: true,
  });
}
