import { BURST_MS, WINDOW_REQUESTS_MAX } from './limits.js';

/** How many calls a host takes. */
export interface HostBudget {
  /** Calls that may start within any span of `windowMs`, all levels together. */
  readonly requests: number;
  readonly windowMs: number;
  /** Of them, those that only CRITICAL calls may use. */
  readonly reserve: number;
  /** Other calls that may start at once after a quiet time. From then on they are spread over the window. */
  readonly burst: number;
}

export interface HostRate {
  /** What the host grants, requests per second; its own count over `windowMs` is what matters. */
  readonly requestsPerSecond: number;
  readonly windowMs: number;
  /** Part of it that this process may use, percent: the processes of one account share what is granted. Default 100. */
  readonly sharePercent?: number;
  /** Part of the share that only CRITICAL calls may use, percent; at least one call, and never all. Default 30. */
  readonly reservePercent?: number;
  /** See {@link HostBudget}; default: what five seconds are worth. */
  readonly burst?: number | undefined;
}

/** The budget of a rate. @throws RangeError when there is no room for one critical and one other call in a window */
export function budgetOf(rate: HostRate): HostBudget {
  const { requestsPerSecond, windowMs, sharePercent = 100, reservePercent = 30 } = rate;
  // A thousandth of a call's leeway: 0.29 * 100 is not 29.
  const requests = Math.floor((requestsPerSecond * windowMs * sharePercent) / 100_000 + 0.001);
  if (requests < 2) {
    throw new RangeError(`${sharePercent} % of ${requestsPerSecond}/s are fewer than 2 calls in ${windowMs / 1000} s`);
  }
  const reserve = Math.min(requests - 1, Math.max(1, Math.ceil((requests * reservePercent) / 100 - 0.001)));
  const others = requests - reserve;
  const burst = Math.min(others, rate.burst ?? Math.ceil((others * BURST_MS) / windowMs));
  return { requests, windowMs, reserve, burst };
}

/**
 * Counts the calls to one host in a window that slides, as hosts themselves do: whatever span of `windowMs` one looks at, no more
 * than `requests` calls began in it. A bucket that refills would allow its capacity on top.
 */
export class Budget {
  readonly limits: HostBudget;
  /** Start times of the last `requests` calls, a ring; `#next` is the oldest. */
  readonly #starts: Float64Array;
  #next = 0;
  /** When the calls that are not critical would be evenly spread again (the "theoretical arrival time" of GCRA). */
  #evenAt = Number.NEGATIVE_INFINITY;
  #lastNow = Number.NEGATIVE_INFINITY;

  constructor(limits: HostBudget) {
    const { requests, windowMs, reserve, burst } = limits;
    const whole = [requests, reserve, burst].every(Number.isInteger);
    if (!whole || requests < 1 || requests > WINDOW_REQUESTS_MAX || !(windowMs > 0)) {
      throw new RangeError(`a budget is 1 to ${WINDOW_REQUESTS_MAX} requests in a window, got ${requests}`);
    }
    if (reserve < 0 || reserve >= requests || burst < 1 || burst > requests - reserve) {
      throw new RangeError(`of ${requests} requests a reserve of ${reserve} and a burst of ${burst} leave no room`);
    }
    this.limits = limits;
    this.#starts = new Float64Array(requests).fill(Number.NEGATIVE_INFINITY);
  }

  /** Whole milliseconds until a call may start; 0: now. */
  waitMs(critical: boolean, now: number): number {
    this.#follow(now);
    const { requests, reserve, windowMs, burst } = this.limits;
    if (critical) return wholeMs(this.#latest(requests) + windowMs - now);
    const others = requests - reserve;
    const spread = this.#evenAt - ((burst - 1) * windowMs) / others - now;
    return wholeMs(Math.max(this.#latest(others) + windowMs - now, spread));
  }

  /** Counts a call that starts now, whether it may or not. */
  take(critical: boolean, now: number): void {
    this.#follow(now);
    this.#starts[this.#next] = now;
    this.#next = (this.#next + 1) % this.#starts.length;
    if (critical) return;
    const { requests, reserve, windowMs } = this.limits;
    this.#evenAt = Math.max(this.#evenAt, now) + windowMs / (requests - reserve);
  }

  /** Calls left in the window that ends now. */
  left(now: number): number {
    this.#follow(now);
    const { requests, windowMs } = this.limits;
    let used = 0;
    for (let above = requests; used < above; ) {
      const middle = (used + above + 1) >>> 1;
      if (this.#latest(middle) > now - windowMs) used = middle;
      else above = middle - 1;
    }
    return requests - used;
  }

  /** Start time of the n-th latest call. */
  #latest(n: number): number {
    const { length } = this.#starts;
    return this.#starts[(this.#next - n + length) % length] ?? Number.NEGATIVE_INFINITY;
  }

  /** A clock that was set back takes what was counted with it; otherwise the past would block the future. */
  #follow(now: number): void {
    const back = this.#lastNow - now;
    this.#lastNow = now;
    if (!(back > 0) || back === Number.POSITIVE_INFINITY) return;
    for (let n = 0; n < this.#starts.length; n++) this.#starts[n] = (this.#starts[n] ?? 0) - back;
    this.#evenAt -= back;
  }
}

/** What a number of today's milliseconds since the epoch cannot tell apart any more, with room for sums of them. */
const FRACTION_MS = 0.01;

/** Rounded up, so that the time is over when it says. */
function wholeMs(ms: number): number {
  return ms < FRACTION_MS ? 0 : Math.ceil(ms - FRACTION_MS);
}
