import { randomInt } from 'node:crypto';

/** A source of randomness that can be replayed: print `seed`, pass it again, get the same numbers. */
export interface Random {
  readonly seed: number;
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [min, max], both ends included. */
  int(min: number, max: number): number;
}

/**
 * mulberry32: 32 bits of state, passes the usual statistical batteries, and is the same on every machine.
 * Not for keys or secrets.
 */
export function seededRandom(seed: number = randomInt(2 ** 31)): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next, int: (min, max) => min + Math.floor(next() * (max - min + 1)) };
}
