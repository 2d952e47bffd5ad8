/** What an answer says of its host's limit. Times are milliseconds from now; what it did not say is undefined. */
export interface RateLimitAnswer {
  /** The call was refused for the limit: HTTP 429, or the same in another protocol's words. */
  readonly limited: boolean;
  /** Calls the host still grants until it counts anew. */
  readonly remaining?: number | undefined;
  /** All it grants in a window. */
  readonly granted?: number | undefined;
  /** Until it counts anew. */
  readonly resetMs?: number | undefined;
  /** Not to be asked before. */
  readonly retryAfterMs?: number | undefined;
}

/** Numbers from here on are seconds, and milliseconds, since the epoch; smaller ones are seconds from now. */
const EPOCH_SECONDS_MIN = 1e9;
const EPOCH_MS_MIN = 1e12;

/**
 * Reads the headers that hosts send with every answer (`x-ratelimit-remaining`, `-limit` or `-current`, `-reset`), and
 * `retry-after`. Times of day are compared with the answer's own `date`, so that a wrong clock here does no harm.
 * https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 *
 * @param now milliseconds since the epoch, for answers without a date
 */
export function rateLimitOf(
  status: number,
  headers: { get(name: string): string | null },
  now: number,
): RateLimitAnswer {
  const hostNow = timeOf(headers.get('date')) ?? now;
  const remaining = numberOf(headers.get('x-ratelimit-remaining'));
  const current = numberOf(headers.get('x-ratelimit-current'));
  const sum = remaining === undefined || current === undefined ? undefined : remaining + current;
  return {
    limited: status === 429,
    remaining,
    granted: numberOf(headers.get('x-ratelimit-limit')) ?? sum,
    resetMs: fromNow(headers.get('x-ratelimit-reset'), hostNow),
    retryAfterMs: fromNow(headers.get('retry-after'), hostNow),
  };
}

function fromNow(text: string | null, hostNow: number): number | undefined {
  const value = numberOf(text);
  const at = value === undefined ? timeOf(text) : value >= EPOCH_MS_MIN ? value : value * 1_000;
  if (at === undefined) return undefined;
  const isTimeOfDay = value === undefined || value >= EPOCH_SECONDS_MIN;
  return Math.max(0, isTimeOfDay ? at - hostNow : at);
}

function numberOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : undefined;
}

/** An HTTP date names its month; Date.parse takes more than that. */
function timeOf(text: string | null): number | undefined {
  const at = text !== null && /[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
