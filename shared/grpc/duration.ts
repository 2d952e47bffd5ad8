import type { Duration } from '../../proto/gen/google/protobuf/duration.js';

/** Milliseconds as google.protobuf.Duration, rounded to whole milliseconds, never negative. */
export function durationOf(ms: number): Duration {
  const whole = Math.max(0, Math.round(ms));
  return { seconds: BigInt(Math.floor(whole / 1000)), nanos: (whole % 1000) * 1_000_000 };
}

/** The other way round. */
export function millisOf(duration: Duration): number {
  return Number(duration.seconds) * 1000 + Math.round(duration.nanos / 1_000_000);
}
