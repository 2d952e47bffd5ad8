import type { Duration } from '../../../proto/gen/google/protobuf/duration.js';
import { millisOf } from '../../../shared/grpc/duration.js';

/** `ORDER_STATUS_FILLED` as `FILLED`; what this version does not know is `UNKNOWN`. */
export function nameOf<Name extends string>(prefix: string, known: readonly Name[], value: string): Name | 'UNKNOWN' {
  return known.find((name) => prefix + name === value) ?? 'UNKNOWN';
}

export function timeOf(at: Date | undefined): number | null {
  return at ? at.getTime() : null;
}

export function spanOf(duration: Duration | undefined): number | null {
  return duration ? millisOf(duration) : null;
}

export function orNull<T>(value: T | undefined): T | null {
  return value === undefined ? null : value;
}
