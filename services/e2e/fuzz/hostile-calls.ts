import { constants } from 'node:http2';
import type { Random } from '../../../shared/core/random.js';
import { noise, pick } from './hostile-values.js';

/** One HTTP/2 request, and what a gRPC server may answer to it. */
export interface HostileCall {
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The grpc-statuses that are right, besides the ones in `httpStatuses`. */
  readonly statuses: readonly number[];
  /** HTTP statuses other than 200 that are right. */
  readonly httpStatuses: readonly number[];
}

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** What a service that understood a request may say to it. */
export const UNDERSTOOD = [
  Code.OK,
  Code.INVALID_ARGUMENT,
  Code.NOT_FOUND,
  Code.ALREADY_EXISTS,
  Code.RESOURCE_EXHAUSTED,
  Code.FAILED_PRECONDITION,
  Code.ABORTED,
  Code.OUT_OF_RANGE,
  Code.UNAVAILABLE,
];

/** What gRPC says to a message that cannot be decoded: INTERNAL, by the transport, without a word of ours. */
export const UNDECODABLE = [...UNDERSTOOD, Code.INTERNAL, Code.UNIMPLEMENTED];

const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants;

export function grpcHeaders(path: string): Record<string, string> {
  return {
    [HTTP2_HEADER_METHOD]: 'POST',
    [HTTP2_HEADER_PATH]: path,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
}

/** A message in gRPC's frame: a flag for compression, the length, the bytes. */
export function framed(message: Buffer, flag = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length >>> 0, 1);
  return Buffer.concat([head, message]);
}

/** A call whose headers or frames are wrong; the message would be fine. */
export function hostileCall(path: string, random: Random): HostileCall {
  const good = { headers: grpcHeaders(path), body: framed(Buffer.alloc(0)), httpStatuses: [] };
  const make = pick(WAYS, random);
  return { ...good, ...make(path, random) };
}

type Way = (path: string, random: Random) => Pick<HostileCall, 'what' | 'statuses'> & Partial<HostileCall>;

const withHeader =
  (
    name: string,
    value: (random: Random) => string,
    statuses: readonly number[],
    httpStatuses: readonly number[] = [],
  ): Way =>
  (path, random) => ({
    what: `header ${name}`,
    headers: { ...grpcHeaders(path), [name]: value(random) },
    statuses,
    httpStatuses,
  });

const withBody =
  (what: string, body: (random: Random) => Buffer): Way =>
  (_path, random) => ({ what, body: body(random), statuses: UNDECODABLE });

const WAYS: readonly Way[] = [
  withHeader(
    'content-type',
    (random) => pick(['text/html', 'application/json', 'application/grpc+json', ''], random),
    UNDECODABLE,
    [415],
  ),
  withHeader(
    HTTP2_HEADER_METHOD,
    (random) => pick(['GET', 'PUT', 'DELETE', 'OPTIONS'], random),
    UNDECODABLE,
    [405, 415],
  ),
  (path, random) => ({
    what: 'unknown path',
    headers: grpcHeaders(
      pick(
        [`${path}x`, '/', '//', '/exitlane.v1.OrderService/', `${path}?a=b`, '/a/b/c', `/${'x'.repeat(3_000)}`],
        random,
      ),
    ),
    statuses: [Code.UNIMPLEMENTED],
  }),
  withHeader('grpc-timeout', (random) => pick(['1', 'S', '-1S', '99999999999H', '1x', '', '0n', '1u'], random), [
    ...UNDECODABLE,
    Code.DEADLINE_EXCEEDED,
    Code.CANCELLED,
  ]),
  withHeader('grpc-encoding', (random) => pick(['gzip', 'br', 'identity', 'deflate', 'x'], random), UNDECODABLE),
  withHeader('x-request-id', (random) => pick(['', 'a b', 'x'.repeat(4_000), '\u00ff', '../..'], random), UNDERSTOOD),
  withHeader(
    'authorization',
    (random) => pick(['Bearer', 'Bearer a b', 'Basic x', 'x'.repeat(4_000)], random),
    UNDERSTOOD,
  ),
  withHeader('noise-bin', (random) => pick(['!!!', 'AAAA=A', '%%%'], random), UNDECODABLE),
  withBody('no frame', () => Buffer.alloc(0)),
  withBody('half a frame head', (random) => noise(1 + Math.floor(random.next() * 4), random)),
  withBody('a length that is longer than the message', () => framed(Buffer.from([10, 1, 65]), 0, 100)),
  withBody('a length beyond the limit', () => framed(Buffer.alloc(10), 0, 2 ** 32 - 1)),
  withBody('more than the limit', () => framed(Buffer.alloc(80_000))),
  withBody('compressed noise', (random) => framed(noise(30, random), 1)),
  withBody('an unknown flag', (random) => framed(Buffer.alloc(0), 2 + Math.floor(random.next() * 254))),
  withBody('two messages', () => Buffer.concat([framed(Buffer.alloc(0)), framed(Buffer.alloc(0))])),
  withBody('a message and noise', (random) => Buffer.concat([framed(Buffer.alloc(0)), noise(3, random)])),
];
