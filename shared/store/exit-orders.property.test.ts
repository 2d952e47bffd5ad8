import { expect } from 'chai';
import { ExitlaneError } from '../core/errors.js';
import { type Random, seededRandom } from '../core/random.js';
import type { Order } from '../order/order.js';
import { commitAttempt } from './attempts.js';
import { claimNextOrder } from './claim-next.js';
import type { Database } from './database.js';
import { getOrder, listOrders } from './orders.js';
import { getPosition } from './positions.js';
import { setSlotLimits } from './scheduler-state.js';
import { settleFailure, settleFill } from './settlement.js';
import { submitOrder } from './submit.js';
import {
  advanceDatabaseTime,
  exitDraft,
  LEASE_MS,
  openTestPosition,
  setDatabaseTime,
  testAttempt,
} from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { cancelOrder, requeueDueRetries } from './waiting-orders.js';

/** Positions on each store; `POSITIONS` and `SEED` run more, or one again. */
const POSITIONS = { postgresql: 100, pglite: 15 };
const STEPS = 18;
const REASONS = ['take_profit_1', 'take_profit_2', 'stop_loss', 'trailing_stop', 'manual', 'time_limit'];
const LAMPORTS_BOUGHT = 1_000_000_000n;
/** A thousandth of a token with 5 decimals (X4). */
const DUST = 100n;

describeOnBothStores('X3 X4 X8 X11 whatever happens to the exits of a position', (open) => {
  let db: Database;
  before(async () => {
    db = await open();
    await setDatabaseTime(db, new Date());
    await setSlotLimits(db, { maxConcurrent: 100, exitReserved: 0, emergencyExtra: 0 });
  });
  after(() => db.close());

  it('it never sells more than it bought, its profit is the ledger of its fills, and in the end nothing is left', async function () {
    this.timeout(300_000);
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
    const positions = Number(process.env.POSITIONS ?? POSITIONS[db.kind]);
    for (let n = 0; n < positions; n++) {
      const life = new Life(db, seededRandom(seed + n));
      try {
        await life.live();
      } catch (error) {
        throw new Error(`seed ${seed + n} (POSITIONS=1 SEED=${seed + n}): ${life.log.join(', ')}`, { cause: error });
      }
    }
  });
});

/** One position from its opening to its last token, with everything that can happen to its exits. */
class Life {
  readonly log: string[] = [];
  readonly #db: Database;
  readonly #random: Random;
  #positionId = '';
  #bought = 0n;
  #proceeds = 0n;
  #sold = 0n;

  constructor(db: Database, random: Random) {
    this.#db = db;
    this.#random = random;
  }

  async live(): Promise<void> {
    this.#bought = 1n + BigInt(Math.floor(this.#random.next() * 10 ** Math.ceil(this.#random.next() * 12)));
    ({ positionId: this.#positionId } = await openTestPosition(this.#db, this.#bought));
    for (let step = 0; step < STEPS; step++) {
      await this.#step();
      await this.#check();
    }
    await this.#sellTheRest();
    const { status, soldTokens, dustTokens } = await this.#check();
    expect({ status, dustTokens }).to.deep.equal({ status: 'CLOSED', dustTokens: this.#bought - soldTokens });
    expect(dustTokens <= DUST, 'what is left over is dust').to.equal(true);
  }

  async #step(): Promise<void> {
    const dice = this.#random.next();
    if (dice < 0.4) return this.#wish();
    if (dice < 0.55) return this.#claim();
    if (dice < 0.7) return this.#commit();
    if (dice < 0.8) return this.#fail();
    if (dice < 0.88) return this.#fill();
    if (dice < 0.93) return this.#cancel();
    return this.#retry();
  }

  async #wish(): Promise<void> {
    const reason = this.#pick(REASONS) ?? 'manual';
    const percent = 1 + Math.floor(this.#random.next() * 100);
    const emergency = this.#random.next() < 0.15;
    try {
      const draft = exitDraft(this.#positionId, reason, { percent }, { emergency, maxAttempts: 3 });
      const { order, follows } = await submitOrder(this.#db, draft);
      this.log.push(`${reason}${emergency ? '!' : ''} ${percent}%: ${follows ? 'follows' : order.requestedTokens}`);
    } catch (error) {
      if (!(error instanceof ExitlaneError)) throw error;
      this.log.push(`${reason}${emergency ? '!' : ''}: ${error.reason}`);
    }
  }

  async #claim(): Promise<void> {
    const claimed = await claimNextOrder(this.#db, 'test', LEASE_MS);
    if (claimed) this.log.push(`claim ${claimed.exitReason}`);
  }

  async #commit(): Promise<void> {
    const order = await this.#one('SUBMITTED');
    if (!order) return;
    await this.#db.transaction((tx) => commitAttempt(tx, order, testAttempt()));
    this.log.push(`commit ${order.exitReason}`);
  }

  async #fail(): Promise<void> {
    const order = (await this.#one('CONFIRMING')) ?? (await this.#one('SUBMITTED'));
    if (!order) return;
    const failure = { reason: 'NO_ROUTE' as const, error: 'No route.', retryDelayMs: 1, feeLamports: 5_000n };
    const attempt =
      order.status === 'CONFIRMING' ? { number: await this.#lastAttempt(order), state: 'DEAD' as const } : undefined;
    const after = await settleFailure(this.#db, order, order, failure, attempt);
    this.log.push(`fail ${order.exitReason}: ${after.status} ${after.reason}`);
  }

  async #fill(): Promise<void> {
    const order = await this.#one('CONFIRMING');
    if (!order) return;
    const tokens = order.requestedTokens ?? 0n;
    const lamports = BigInt(Math.floor(this.#random.next() * 1e9));
    const fill = { tokens, lamports, feeLamports: 5_000n, rentLamports: 0n, price: '0.000001' };
    await settleFill(this.#db, order, order, { number: await this.#lastAttempt(order), slot: 1n }, fill);
    this.#sold += tokens;
    this.#proceeds += lamports;
    this.log.push(`fill ${order.exitReason} ${tokens}`);
  }

  async #cancel(): Promise<void> {
    const order = (await this.#one('PENDING')) ?? (await this.#one('SUBMITTED')) ?? (await this.#one('FAILED'));
    if (!order) return;
    await cancelOrder(this.#db, order.orderId, 'Cancelled.');
    this.log.push(`cancel ${order.exitReason}`);
  }

  async #retry(): Promise<void> {
    await advanceDatabaseTime(this.#db, 2);
    await requeueDueRetries(this.#db, 100);
  }

  /** Whatever still lives fails or lands; then an emergency exit sells what is left. */
  async #sellTheRest(): Promise<void> {
    for (;;) {
      await this.#retry();
      const live = await this.#live();
      if (live.length === 0 && this.#bought - this.#sold <= DUST && this.#sold > 0n) return;
      if (live.length === 0) {
        const draft = exitDraft(
          this.#positionId,
          'emergency',
          { percent: 100 },
          { emergency: true, maxAttempts: 1_000 },
        );
        await submitOrder(this.#db, draft);
      }
      await this.#claim();
      await this.#commit();
      if (this.#random.next() < 0.3) await this.#fail();
      else await this.#fill();
      await this.#check();
    }
  }

  /** What must be true at every moment. */
  async #check() {
    const position = await getPosition(this.#db, this.#positionId);
    const reserved = (await this.#live()).reduce((sum, order) => sum + (order.requestedTokens ?? 0n), 0n);
    expect(position.reservedTokens, 'reserved is what live exits have').to.equal(reserved);
    expect(position.soldTokens, 'sold is what was filled').to.equal(this.#sold);
    expect(position.soldTokens + position.reservedTokens <= this.#bought, 'never oversold').to.equal(true);
    expect(position.proceedsLamports).to.equal(this.#proceeds);
    const cost = (LAMPORTS_BOUGHT * this.#sold) / this.#bought;
    expect(position.realizedPnlLamports, 'profit is the ledger of the fills').to.equal(this.#proceeds - cost);
    expect(position.status === 'EXIT_PENDING', 'EXIT_PENDING while an exit lives').to.equal(reserved > 0n);
    return position;
  }

  async #live(): Promise<Order[]> {
    const statuses = ['PENDING', 'SUBMITTED', 'CONFIRMING', 'FAILED'] as const;
    return listOrders(this.#db, { positionId: this.#positionId, orderType: 'EXIT', statuses, limit: 100 });
  }

  async #one(status: Order['status']): Promise<Order | undefined> {
    const found = this.#pick((await this.#live()).filter((order) => order.status === status));
    return found && getOrder(this.#db, { orderId: found.orderId });
  }

  async #lastAttempt(order: Order): Promise<number> {
    const { rows } = await this.#db.query<{ n: number }>('SELECT max(number) AS n FROM attempts WHERE order_id = $1', [
      order.orderId,
    ]);
    return rows[0]?.n ?? 0;
  }

  #pick<T>(choices: readonly T[]): T | undefined {
    return choices[Math.floor(this.#random.next() * choices.length)];
  }
}
