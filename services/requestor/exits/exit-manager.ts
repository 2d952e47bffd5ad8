import type { Clock, Timer } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import {
  type AcceptedPrice,
  judgePrice,
  type KnownPrices,
  PRICE_LIMITS_DEFAULT,
  type PriceReading,
} from '../../../shared/position/price-sanity.js';
import { saveCurrentPrices } from '../../../shared/store/current-prices.js';
import type { Database } from '../../../shared/store/database.js';
import { type ExitWatch, findExitWatches, listExitWatches } from '../../../shared/store/exit-plans.js';
import type { ExitMakerOptions } from './exit-maker.js';
import { GuardIndex } from './guard-index.js';
import { PositionAlarms } from './position-alarms.js';
import { PositionGuard } from './position-guard.js';
import { PriceLink, type PriceLinkOptions } from './price-link.js';

export interface ExitManagerOptions {
  readonly db: Database;
  readonly openPrices: PriceLinkOptions['open'];
  readonly config: ExitMakerOptions['config'];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Positions read per query. */
const PAGE = 500;

/** Makes up for lost hints; looks for prices that stopped coming; bounds how far behind the stored prices are. */
const ROUND_MS = 5_000;
const PRICE_WRITE_MS = 500;

/**
 * Watches the prices of all open positions and makes exits when their plans say so (X9). Every reading is judged first (X10); an
 * accepted price goes to the guards of the positions that hold the token, each of which looks at one price at a time.
 */
export class ExitManager {
  readonly #options: ExitManagerOptions;
  readonly #guards = new GuardIndex();
  readonly #known = new Map<string, KnownPrices>();
  readonly #unwritten = new Map<string, AcceptedPrice>();
  readonly #link: PriceLink;
  readonly #alarms: PositionAlarms;
  readonly #stop = new AbortController();
  #stopHints: () => void = () => undefined;
  #round: Timer | undefined;
  #writing: Timer | undefined;
  #busy: Promise<void> = Promise.resolve();
  #failing = false;

  constructor(options: ExitManagerOptions) {
    this.#options = options;
    this.#alarms = new PositionAlarms(options);
    const { openPrices: open, clock, logger } = options;
    this.#link = new PriceLink({ open, clock, logger, onReading: (mint, reading) => this.#hear(mint, reading) });
  }

  /** Reads the open positions and begins to watch their prices. */
  async start(): Promise<void> {
    const { db, logger } = this.#options;
    this.#stopHints = db.onHint('position', (positionId) => this.#reload(positionId === '' ? undefined : [positionId]));
    await this.#readAll();
    logger.info({ positions: this.#guards.size }, 'watching the prices of open positions');
    this.#arm();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#stopHints();
    this.#round?.cancel();
    this.#writing?.cancel();
    await this.#link.close();
    await this.#busy;
    await Promise.all(this.#guards.all().map((guard) => guard.close()));
  }

  #arm(): void {
    this.#round = this.#options.clock.setTimer(() => {
      this.#enqueue(async () => {
        await this.#readAll();
        await this.#alarms.look(this.#guards.all());
      });
      if (!this.#stop.signal.aborted) this.#arm();
    }, ROUND_MS);
  }

  #reload(positionIds: readonly string[] | undefined): void {
    this.#enqueue(async () => {
      if (positionIds) this.#take(await findExitWatches(this.#options.db, positionIds));
      else await this.#readAll();
    });
  }

  /** Reads take turns, so that an older state never replaces a newer one. */
  #enqueue(work: () => Promise<void>): void {
    this.#busy = this.#busy.then(async () => {
      if (this.#stop.signal.aborted) return;
      try {
        await work();
        this.#failing = false;
      } catch (error) {
        // Once per outage: this is tried several times a second.
        const level = this.#failing ? 'debug' : 'warn';
        this.#options.logger[level]({ err: messageOf(error) }, 'could not read or write positions; trying again');
        this.#failing = true;
      }
    });
  }

  async #readAll(): Promise<void> {
    let afterPositionId: string | undefined;
    const seen = new Set<string>();
    for (;;) {
      const page = await listExitWatches(this.#options.db, { afterPositionId, limit: PAGE });
      for (const { positionId } of page) seen.add(positionId);
      this.#take(page);
      afterPositionId = page.at(-1)?.positionId;
      if (page.length < PAGE) break;
    }
    for (const positionId of this.#guards.positionIds()) if (!seen.has(positionId)) this.#drop(positionId);
    this.#watchMints();
  }

  #take(watches: readonly ExitWatch[]): void {
    for (const watch of watches) {
      if (watch.status === 'CLOSED') this.#drop(watch.positionId);
      else this.#guard(watch);
    }
    this.#watchMints();
  }

  #guard(watch: ExitWatch): void {
    const guard = this.#guards.get(watch.positionId);
    if (guard) guard.update(watch);
    else this.#guards.add(new PositionGuard(watch, this.#options));
    // What the first price is compared with: the last one before a restart, or the position's own entry.
    const { mint, lastPrice, entryPrice, openedAt } = watch;
    const first = lastPrice ?? { value: entryPrice, observedAt: openedAt, source: 'entry' };
    if (!this.#known.has(mint)) this.#known.set(mint, { last: first });
  }

  #drop(positionId: string): void {
    void this.#guards.remove(positionId)?.close();
  }

  #watchMints(): void {
    const mints = this.#guards.mints();
    for (const mint of [...this.#known.keys()]) if (!mints.has(mint)) this.#known.delete(mint);
    this.#link.watch(mints);
  }

  #hear(mint: string, reading: PriceReading): void {
    const { clock, logger } = this.#options;
    const judged = judgePrice(reading, this.#known.get(mint) ?? {}, new Date(clock.now()), PRICE_LIMITS_DEFAULT);
    this.#known.set(mint, judged.known);
    if (judged.verdict === 'accept') {
      this.#accept(mint, judged.price);
      return;
    }
    const level = judged.verdict === 'second_look' ? 'info' : 'debug';
    logger[level]({ mint, verdict: judged.verdict, detail: judged.detail }, 'a price is not used');
  }

  #accept(mint: string, price: AcceptedPrice): void {
    this.#unwritten.set(mint, price);
    this.#writing ??= this.#options.clock.setTimer(() => this.#writePrices(), PRICE_WRITE_MS);
    for (const guard of this.#guards.of(mint)) guard.look(price);
  }

  #writePrices(): void {
    this.#writing = undefined;
    const prices = new Map(this.#unwritten);
    this.#unwritten.clear();
    this.#enqueue(() => saveCurrentPrices(this.#options.db, prices));
  }
}
