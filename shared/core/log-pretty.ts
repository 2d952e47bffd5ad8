import { prettyFactory } from 'pino-pretty';

/** Makes readable lines of pino's JSON: `12:00:01.234 INFO  requestor  order filled  orderId=...`. */
export function pretty(): (line: string) => string {
  return prettyFactory({
    colorize: process.stderr.isTTY === true && process.env.NO_COLOR === undefined,
    translateTime: 'HH:MM:ss.l',
    ignore: 'pid,hostname,service',
    messageFormat: '{service}: {msg}',
    singleLine: true,
  });
}
