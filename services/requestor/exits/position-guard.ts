import type { Clock } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import { evaluateExit, type PositionFacts, type Triggered } from '../../../shared/position/exit-rules.js';
import type { ExitState } from '../../../shared/position/exit-state.js';
import type { AcceptedPrice } from '../../../shared/position/price-sanity.js';
import type { Database } from '../../../shared/store/database.js';
import { type ExitWatch, findExitWatches, saveExitState, setExitBlocker } from '../../../shared/store/exit-plans.js';
import { type ExitMakerOptions, makeTriggeredExit } from './exit-maker.js';

export interface GuardOptions {
  readonly db: Database;
  readonly config: ExitMakerOptions['config'];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Triggers that may fire at one price: one of each kind, and a second look after each change of the plan. */
const DECISIONS_PER_PRICE_MAX = 10;

/** How every text begins by which a guard says what is in the way: `take_profit_1 is due ...`. */
const OWN_BLOCKER = /^[a-z_0-9]+ is due/;

/**
 * Watches one position. Prices are looked at one by one; while one is being worked on, only the newest of the others is kept. What
 * a look changes is written before the next one: what a trigger remembers survives the process.
 */
export class PositionGuard {
  readonly #options: GuardOptions;
  #watch: ExitWatch;
  #next: AcceptedPrice | undefined;
  #working: Promise<void> | undefined;
  #closed = false;
  #failing = false;
  /** What this guard said is in the way; others - a failed exit - say so themselves, and that is theirs to take back. */
  #blocker = '';
  #blockedAt = 0;

  constructor(watch: ExitWatch, options: GuardOptions) {
    this.#watch = watch;
    this.#options = options;
    // What was said before a restart is still this guard's to take back.
    if (OWN_BLOCKER.test(watch.exitBlocker)) this.#blocker = watch.exitBlocker;
    this.#blockedAt = options.clock.now();
  }

  get mint(): string {
    return this.#watch.mint;
  }

  get watch(): ExitWatch {
    return this.#watch;
  }

  /** The position as somebody just read it. */
  update(watch: ExitWatch): void {
    this.#watch = watch;
  }

  look(price: AcceptedPrice): void {
    this.#next = price;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      // A price that came while the last one was being put away.
      if (this.#next && !this.#closed) this.look(this.#next);
    });
  }

  /** What holds an exit up, and for how long by now. */
  blocked(now: number): { readonly why: string; readonly forMs: number } | undefined {
    return this.#blocker === '' ? undefined : { why: this.#blocker, forMs: now - this.#blockedAt };
  }

  /** Somebody else found out what holds an exit up; the next price takes it back. */
  async noteBlocked(why: string): Promise<void> {
    if (this.#blocker === '') await this.#block(why);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#next && !this.#closed) {
      const price = this.#next;
      this.#next = undefined;
      try {
        await this.#lookAt(price);
        this.#failing = false;
      } catch (error) {
        const { positionId } = this.#watch;
        const level = this.#failing ? 'debug' : 'warn';
        this.#options.logger[level](
          { positionId, err: messageOf(error) },
          'could not act on a price; the next one comes',
        );
        this.#failing = true;
        // What is in the store counts, not what was meant to be there.
        await this.#readAgain().catch(() => undefined);
      }
    }
  }

  async #lookAt(price: AcceptedPrice): Promise<void> {
    for (let decisions = 0; decisions < DECISIONS_PER_PRICE_MAX; decisions++) {
      const watch = this.#watch;
      if (watch.status === 'CLOSED') return;
      const now = { value: price.value, at: price.observedAt };
      const { state, triggered } = evaluateExit(watch.plan, watch.state, factsOf(watch), now);
      if (!triggered) {
        await this.#settle(watch, state, price);
        return;
      }
      if (!(await this.#fire(watch, state, triggered, price))) return;
    }
  }

  /** True when there may be more to decide at this price. */
  async #fire(watch: ExitWatch, state: ExitState, triggered: Triggered, price: AcceptedPrice): Promise<boolean> {
    const made = await makeTriggeredExit(this.#options, watch, state, triggered, price);
    if (made.kind === 'blocked') {
      await this.#block(`${triggered.trigger} is due (${triggered.detail}), but ${made.why}`);
      if (this.#watch === watch) this.#watch = { ...watch, state };
      return false;
    }
    await this.#block('');
    await this.#readAgain();
    return true;
  }

  /** Keeps what the price changed in the memory of the plan's rules. */
  async #settle(watch: ExitWatch, state: ExitState, price: AcceptedPrice): Promise<void> {
    await this.#block('');
    if (JSON.stringify(state) === JSON.stringify(watch.state)) return;
    const saved = await saveExitState(this.#options.db, watch, { state, price });
    if (!saved) await this.#readAgain();
    else if (this.#watch === watch) this.#watch = { ...watch, state };
  }

  async #block(blocker: string): Promise<void> {
    if (blocker === this.#blocker) return;
    const { positionId, exitBlocker } = this.#watch;
    const mine = exitBlocker === '' || exitBlocker === this.#blocker;
    if (blocker !== '') this.#options.logger.info({ positionId, blocker }, 'an exit is due and cannot start');
    if (blocker !== '' || mine) await this.#options.db.transaction((tx) => setExitBlocker(tx, positionId, blocker));
    if (this.#blocker === '') this.#blockedAt = this.#options.clock.now();
    this.#blocker = blocker;
  }

  async #readAgain(): Promise<void> {
    const [watch] = await findExitWatches(this.#options.db, [this.#watch.positionId]);
    if (watch) this.#watch = watch;
  }
}

function factsOf(watch: ExitWatch): PositionFacts {
  const { entryPrice, openedAt, entryTokens, soldTokens } = watch;
  return { entryPrice, openedAt, remainingTokens: entryTokens - soldTokens };
}
