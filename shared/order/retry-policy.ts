import type { Random } from '../core/random.js';

/** When a failed order is tried again (E3). */
export interface RetryPolicy {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const RETRY_POLICY_DEFAULT: RetryPolicy = { firstDelayMs: 1_000, maxDelayMs: 60_000 };

/**
 * Delay before the next try after `attemptCount` failures: doubles each time up to the maximum, then takes a random point in
 * its upper half, so that orders that failed together do not come back together.
 */
export function retryDelayMs(attemptCount: number, policy: RetryPolicy, random: Random): number {
  const full = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.max(0, attemptCount - 1));
  return Math.round(full / 2 + random.next() * (full / 2));
}
