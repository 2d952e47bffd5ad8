import { HOST_PAUSE_MS_MAX, LIMITED_PAUSE_MS_MAX, LIMITED_PAUSE_MS_MIN } from './limits.js';
import type { RateLimitAnswer } from './rate-limit.js';

/** No call before `until`; `repeats` counts the refusals in a row that did not say until when. */
interface Stop {
  until: number;
  repeats: number;
}

/**
 * What a host has said of its own limit, which counts more than what we count: others may use the same account.
 *
 * - It says how many calls are left: with none nobody calls, and with no more than the reserve only CRITICAL does, until the
 *   time it named. The newest answer holds.
 * - It refused a call: calls that are not critical stop. Critical ones go on, since a host may limit one method alone, until one
 *   of them is refused as well.
 */
export class HostWord {
  readonly #critical: Stop = { until: 0, repeats: 0 };
  readonly #others: Stop = { until: 0, repeats: 0 };
  #left = Number.POSITIVE_INFINITY;
  #granted = Number.POSITIVE_INFINITY;
  #leftUntil = 0;
  #latest = 0;

  /** True while anything it said may still hold; nothing needs to ask for the time otherwise. */
  get holds(): boolean {
    return this.#latest > 0;
  }

  /** Until when no call but critical ones starts, ms since the epoch; undefined: nothing was refused lately. */
  limitedUntil(now: number): number | undefined {
    return this.#others.until > now ? this.#others.until : undefined;
  }

  /** Calls left by its own count, and until when that holds; undefined: it did not say. */
  left(now: number): { readonly calls: number; readonly until: number } | undefined {
    return this.#leftUntil > now ? { calls: this.#left, until: this.#leftUntil } : undefined;
  }

  /**
   * @param critical whether the answered call was
   * @param underWay other calls it has not answered yet, which it may not have counted
   */
  heard(answer: RateLimitAnswer, critical: boolean, underWay: number, now: number): void {
    const { remaining, resetMs = 0, granted = Number.POSITIVE_INFINITY } = answer;
    if (remaining !== undefined && resetMs > 0) {
      this.#left = Math.max(0, remaining - underWay);
      this.#granted = granted;
      this.#leftUntil = now + Math.min(resetMs, HOST_PAUSE_MS_MAX);
    }
    const met = critical ? this.#critical : this.#others;
    if (answer.limited) {
      stop(this.#others, answer, now);
      if (critical) stop(this.#critical, answer, now);
    } else if (met.until <= now) met.repeats = 0;
    this.#latest = Math.max(this.#leftUntil, this.#others.until, this.#critical.until);
  }

  /** A call starts. */
  took(): void {
    if (this.#left > 0) this.#left -= 1;
  }

  /**
   * Milliseconds until a call may start; 0: now.
   * @param reserve part of what is granted that only CRITICAL calls may use, and at most so many
   */
  waitMs(critical: boolean, reserve: { readonly part: number; readonly calls: number }, now: number): number {
    // Further away than anything it may say: the clock was set back.
    if (now >= this.#latest || this.#latest - now > HOST_PAUSE_MS_MAX) {
      this.#latest = 0;
      return 0;
    }
    const kept = critical ? 0 : Math.min(reserve.calls, Math.floor(this.#granted * reserve.part));
    const counted = this.#left <= kept ? this.#leftUntil : 0;
    const { until } = critical ? this.#critical : this.#others;
    return Math.max(0, counted - now, until - now);
  }
}

/** Answers to calls that started before the stop say nothing new: only the first one counts. */
function stop(it: Stop, { retryAfterMs, resetMs }: RateLimitAnswer, now: number): void {
  if (now >= it.until) it.repeats += 1;
  const named = retryAfterMs || resetMs;
  const doubled = LIMITED_PAUSE_MS_MIN * 2 ** Math.min(it.repeats - 1, 16);
  const pause = named ? Math.min(named, HOST_PAUSE_MS_MAX) : Math.min(doubled, LIMITED_PAUSE_MS_MAX);
  it.until = Math.max(it.until, now + pause);
}
