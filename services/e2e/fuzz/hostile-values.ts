import type { Random } from '../../../shared/core/random.js';

/** Values that break programs, by kind of field. */

const LONG = 'x'.repeat(5_000);

const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1e9',
  '0.1',
  '1,5',
  'NaN',
  'Infinity',
  '00000000000000000000000000001',
  '99999999999999999999999999999999',
  '0.000000000000000000000000000001',
  'null',
  '\u0000',
  'a\u0000b',
  '\uFFFD\u202E\u200B',
  '💸'.repeat(40),
  "'; DROP TABLE orders; --",
  '%s%n%x',
  '../../../../etc/passwd',
  '<img src=x onerror=alert(1)>',
  '{"stopLossPercent":-1}',
  'So11111111111111111111111111111111111111112',
  'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm',
  '11111111111111111111111111111111',
  '01990000-0000-7000-8000-00000000000a',
  '01990000-0000-7000-8000-00000000000g',
  'manual',
  'emergency',
  'stop_loss',
  'fuzz-1',
  LONG,
];

const WHOLE = [
  0n,
  1n,
  2n,
  100n,
  101n,
  65_536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

const FRACTIONS = [0, -0, 1, -1, 0.5, 1e-300, 1e300, Number.NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER, 5e-324];

export function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random.next() * values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}

export const hostileText = (random: Random): string => pick(TEXTS, random);
/** As unsigned 64 bit; a field of another kind takes what fits of it. */
export const hostileWhole = (random: Random): bigint => pick(WHOLE, random);
export const hostileFraction = (random: Random): number => pick(FRACTIONS, random);

/** Bytes of no meaning. */
export function noise(length: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)));
}

/** `bytes` after a few accidents: bits turned, pieces lost, doubled or put in. */
export function damaged(bytes: Buffer, random: Random): Buffer {
  let out = Buffer.from(bytes);
  const accidents = 1 + Math.floor(random.next() * 4);
  for (let n = 0; n < accidents; n += 1) {
    const at = Math.floor(random.next() * (out.length + 1));
    const kind = Math.floor(random.next() * 4);
    if (kind === 0 && at < out.length) out[at] = (out[at] ?? 0) ^ (1 << Math.floor(random.next() * 8));
    else if (kind === 1) out = out.subarray(0, at);
    else if (kind === 2)
      out = Buffer.concat([out.subarray(0, at), noise(1 + Math.floor(random.next() * 9), random), out.subarray(at)]);
    else out = Buffer.concat([out, out.subarray(at)]);
  }
  return Buffer.from(out);
}
