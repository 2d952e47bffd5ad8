import type { NewAlert } from '../../../shared/alert/alert.js';
import { alertKey, exitBlockedAlert, priceUnavailableAlert } from '../../../shared/alert/known-alerts.js';
import type { Clock } from '../../../shared/core/clock.js';
import { timeLimitAt } from '../../../shared/position/exit-rules.js';
import { PRICE_LIMITS_DEFAULT } from '../../../shared/position/price-sanity.js';
import { raiseAlert, resolveAlertOf } from '../../../shared/store/alerts.js';
import type { Database } from '../../../shared/store/database.js';
import type { ExitWatch } from '../../../shared/store/exit-plans.js';
import { lockPosition } from '../../../shared/store/positions.js';
import type { PositionGuard } from './position-guard.js';

/** A price or an exit may be late for a moment; after this long a person should know. */
const ALERT_AFTER_MS = 60_000;

/**
 * Tells when a position cannot be guarded (X7, X12): no usable price comes, or an exit that is due cannot start. Alerts are taken
 * back when it is over. Stop-losses and emergencies by hand still work meanwhile, at the last known price.
 */
export class PositionAlarms {
  readonly #db: Database;
  readonly #clock: Clock;
  /** Positions of which it is known that nothing is wrong: no need to say so again. */
  readonly #quiet = new Set<string>();

  constructor({ db, clock }: { readonly db: Database; readonly clock: Clock }) {
    this.#db = db;
    this.#clock = clock;
  }

  async look(guards: readonly PositionGuard[]): Promise<void> {
    const known = new Set(guards.map(({ watch }) => watch.positionId));
    for (const positionId of [...this.#quiet]) if (!known.has(positionId)) this.#quiet.delete(positionId);
    for (const guard of guards) await this.#lookAt(guard);
  }

  async #lookAt(guard: PositionGuard): Promise<void> {
    const { watch } = guard;
    const now = this.#clock.now();
    const silentMs = now - (watch.lastPrice?.observedAt ?? watch.openedAt).getTime();
    const isPriced = silentMs <= PRICE_LIMITS_DEFAULT.maxAgeMs;
    if (!isPriced) {
      const limit = timeLimitAt(watch.plan, watch);
      const isDue = limit !== undefined && limit.getTime() <= now && !watch.state.fired.includes('time_limit');
      if (isDue) await guard.noteBlocked('time_limit is due, but there is no current price: it waits for the next one');
    }
    const blocked = guard.blocked(now);
    if (silentMs > ALERT_AFTER_MS) {
      await this.#raise(watch, priceUnavailableAlert(watch, silentMs, 'an emergency exit takes the last known price.'));
    }
    if (blocked && blocked.forMs > ALERT_AFTER_MS) {
      await this.#raise(watch, exitBlockedAlert(watch, blocked.why.split(' ')[0] ?? '', blocked.why));
    }
    if (isPriced && !blocked) await this.#calm(watch);
  }

  /** Not about a position that was closed meanwhile. */
  async #raise(watch: ExitWatch, alert: NewAlert): Promise<void> {
    this.#quiet.delete(watch.positionId);
    await this.#db.transaction(async (tx) => {
      if ((await lockPosition(tx, watch.positionId)).status !== 'CLOSED') await raiseAlert(tx, alert);
    });
  }

  async #calm({ positionId }: ExitWatch): Promise<void> {
    if (this.#quiet.has(positionId)) return;
    await this.#db.transaction(async (tx) => {
      const remark = { by: 'exitlane', note: 'Prices come, and nothing holds an exit up.' };
      await resolveAlertOf(tx, alertKey('price_unavailable', positionId), remark);
      await resolveAlertOf(tx, alertKey('exit_blocked', positionId), remark);
    });
    this.#quiet.add(positionId);
  }
}
