import { connect } from 'node:net';
import type { Random } from '../../../shared/core/random.js';
import { damaged, noise, pick } from './hostile-values.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** How long a connection that was spoken to in nonsense is given to answer; what is still open then is closed by us. */
const WAIT_MS = 100;

/** RFC 9113, 4.1: length, type, flags, stream, payload. */
function frame(type: number, flags: number, stream: number, payload: Buffer, length = payload.length): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length & 0xff_ff_ff, 0, 3);
  head.writeUInt8(type & 0xff, 3);
  head.writeUInt8(flags & 0xff, 4);
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const OPENING = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))]);

type Way = (random: Random) => readonly [string, Buffer];

const WAYS: readonly Way[] = [
  (random) => ['noise', noise(1 + random.int(0, 300), random)],
  (random) => ['half a preface', PREFACE.subarray(0, random.int(0, PREFACE.length - 1))],
  () => ['HTTP/1.1', Buffer.from('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n')],
  () => ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex')],
  (random) => ['a damaged opening', damaged(OPENING, random)],
  (random) => [
    'an unknown frame',
    Buffer.concat([OPENING, frame(random.int(10, 255), random.int(0, 255), random.int(0, 9), noise(20, random))]),
  ],
  (random) => [
    'a frame that claims more than it has',
    Buffer.concat([OPENING, frame(HEADERS, 4, 1, noise(10, random), 0xff_ff_ff)]),
  ],
  (random) => ['headers that are no HPACK', Buffer.concat([OPENING, frame(HEADERS, 5, 1, noise(30, random))])],
  (random) => ['continuation of nothing', Buffer.concat([OPENING, frame(CONTINUATION, 4, 1, noise(10, random))])],
  (random) => ['data for no stream', Buffer.concat([OPENING, frame(DATA, 1, random.int(0, 99), noise(10, random))])],
  (random) => [
    'settings out of range',
    Buffer.concat([OPENING, frame(SETTINGS, 0, 0, noise(6 * random.int(1, 5), random))]),
  ],
  (random) => ['settings of a wrong size', Buffer.concat([OPENING, frame(SETTINGS, 0, 0, noise(7, random))])],
  () => [
    'a window that overflows',
    Buffer.concat([OPENING, frame(WINDOW_UPDATE, 0, 0, Buffer.from('7fffffff', 'hex'))]),
  ],
  () => ['a window of nothing', Buffer.concat([OPENING, frame(WINDOW_UPDATE, 0, 0, Buffer.alloc(4))])],
  (random) => [
    'many pings',
    Buffer.concat([OPENING, ...Array.from({ length: 300 }, () => frame(PING, 0, 0, noise(8, random)))]),
  ],
  () => [
    'resets of streams that never were',
    Buffer.concat([
      OPENING,
      ...Array.from({ length: 200 }, (_, n) => frame(RST_STREAM, 0, 2 * n + 1, Buffer.alloc(4))),
    ]),
  ],
  (random) => ['an even stream', Buffer.concat([OPENING, frame(HEADERS, 5, 2, noise(5, random))])],
];

/** Says something on a connection of its own that is not HTTP/2, or not quite. Resolves when the connection is over. */
export function speakNonsense(port: number, random: Random): Promise<string> {
  const [what, bytes] = pick(WAYS, random)(random);
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(), WAIT_MS);
    socket.on('data', () => undefined);
    // Being cut off is one of the right answers.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(what);
    });
  });
}
