import type { Clock, Timer } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { type Random, seededRandom } from '../core/random.js';
import { CLAIM_RETRY_MAX_MS, CLAIM_RETRY_MIN_MS, OVER_SLOTS_MAX } from './limits.js';
import { isPromiseLike } from './outcomes.js';
import type { TaskSource } from './task-source.js';

export interface ClaimLoopOptions<T> {
  readonly source: TaskSource<T>;
  /** Slots: what runs plus what is being claimed exceeds it only by what the source makes room for. */
  readonly slots: number;
  /** Begins a claimed task in the slot that was taken for it. Must not throw. */
  readonly run: (task: T) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Spreads the retries of several processes. */
  readonly random?: Random;
}

/**
 * Fills slots from a source. Everything follows from one flag, `mayHaveWork`: "there may be work which no claim begun
 * since would have seen". A wake-up, a freed slot and a successful claim set it; beginning a claim clears it. Claims are
 * begun while the flag is up and a slot is free, so
 * - a wake-up during a claim in flight begins another claim, at once or as soon as a slot is free: never lost;
 * - an idle manager asks its source once per wake-up, not once per slot;
 * - a claim holds its slot while in flight: the maximum holds however many are out.
 * An urgent wake-up (see `TaskSource`) begins a claim without a free slot, one at a time: the source takes a slot from another
 * task, whose end may reach this process a moment later.
 *
 *   stopped --start--> looking <--wake, slot freed, claimed-- idle
 *                         |  ^
 *          claim rejected v  | retry timer (50 ms, doubling to 2 s), or another claim succeeded
 *                      backing off
 */
export class ClaimLoop<T> {
  readonly #options: ClaimLoopOptions<T>;
  readonly #random: Random;
  #running = false;
  #mayHaveWork = false;
  #mayHaveUrgent = false;
  #held = 0;
  #claiming = 0;
  #pumping = false;
  #scheduled = false;
  #failures = 0;
  #retryTimer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;
  #whenNoneInFlight: (() => void)[] = [];

  constructor(options: ClaimLoopOptions<T>) {
    this.#options = options;
    this.#random = options.random ?? seededRandom();
  }

  /** Slots in use. */
  get held(): number {
    return this.#held;
  }

  start(): void {
    this.#running = true;
    this.#unsubscribe = this.#options.source.onWake((urgent) => this.#wake(urgent));
    this.#wake();
  }

  /** Begins no more claims. Resolves when none is in flight; what those still bring is given back to the source. */
  stop(): Promise<void> {
    this.#running = false;
    this.#unsubscribe?.();
    this.#endBackOff();
    if (this.#claiming === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenNoneInFlight.push(resolve));
  }

  /** A task no longer holds its slot. */
  release(): void {
    this.#held--;
    this.#mayHaveWork = true;
    this.#pump();
  }

  /** After the caller's turn: what is submitted together is ordered before the first of it starts. */
  #wake(urgent = false): void {
    this.#mayHaveWork = true;
    if (urgent) this.#mayHaveUrgent = true;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#running && !this.#retryTimer && this.#shouldClaim()) this.#beginClaim();
    this.#pumping = false;
  }

  #shouldClaim(): boolean {
    const taken = this.#held + this.#claiming;
    if (taken < this.#options.slots) return this.#mayHaveWork;
    return this.#mayHaveUrgent && this.#claiming === 0 && taken < this.#options.slots + OVER_SLOTS_MAX;
  }

  #beginClaim(): void {
    this.#mayHaveWork = false;
    this.#mayHaveUrgent = false;
    let claimed: T | undefined | Promise<T | undefined>;
    try {
      claimed = this.#options.source.claim();
    } catch (error) {
      this.#backOff(error);
      return;
    }
    if (isPromiseLike(claimed)) void this.#await(claimed);
    else void this.#accept(claimed);
  }

  /** The claim counts as in flight until what it brought runs or was given back. */
  async #await(claim: PromiseLike<T | undefined>): Promise<void> {
    this.#claiming++;
    try {
      await this.#accept(await claim);
    } catch (error) {
      this.#backOff(error);
    }
    this.#claiming--;
    if (this.#claiming === 0) for (const resolve of this.#whenNoneInFlight.splice(0)) resolve();
    this.#pump();
  }

  #accept(task: T | undefined): void | Promise<void> {
    this.#endBackOff();
    if (task === undefined) return undefined;
    if (!this.#running) return this.#giveBack(task);
    this.#mayHaveWork = true;
    this.#held++;
    this.#options.run(task);
    return undefined;
  }

  async #giveBack(task: T): Promise<void> {
    try {
      await this.#options.source.giveBack?.(task);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'a claimed task could not be given back; its lease will expire');
    }
  }

  #backOff(error: unknown): void {
    this.#mayHaveWork = true;
    this.#mayHaveUrgent = true;
    if (!this.#running || this.#retryTimer) return;
    const ceiling = Math.min(CLAIM_RETRY_MAX_MS, CLAIM_RETRY_MIN_MS * 2 ** this.#failures++);
    const delayMs = Math.ceil(ceiling * (0.5 + this.#random.next() / 2));
    this.#options.logger.warn({ error: messageOf(error), delayMs }, 'claiming work failed, will ask again');
    this.#retryTimer = this.#options.clock.setTimer(() => {
      this.#retryTimer = undefined;
      this.#pump();
    }, delayMs);
  }

  #endBackOff(): void {
    this.#failures = 0;
    this.#retryTimer?.cancel();
    this.#retryTimer = undefined;
  }
}
