import { expect } from 'chai';
import { type Random, seededRandom } from '../core/random.js';
import type { Order } from '../order/order.js';
import { commitAttempt } from './attempts.js';
import { claimNextOrder } from './claim-next.js';
import type { Database } from './database.js';
import { getOrder } from './orders.js';
import { setSlotLimits, setTradingState, type TradingState } from './scheduler-state.js';
import { settleFailure } from './settlement.js';
import { submitOrder } from './submit.js';
import { ClaimModel, type ModelOrder } from './testing/claim-model.js';
import {
  advanceDatabaseTime,
  anotherExit,
  entryDraft,
  LEASE_MS,
  openTestPosition,
  setDatabaseTime,
  testAttempt,
} from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { cancelOrder, requeueDueRetries } from './waiting-orders.js';

/** Random schedules on each store; `SCHEDULES` and `SEED` run more, or one again. PGlite runs the same SQL, slower. */
const SCHEDULES = { postgresql: 400, pglite: 30 };
const STEPS = 20;

const REASONS = ['stop_loss', 'trailing_stop', 'take_profit_1', 'take_profit_2', 'manual', 'time_limit'];
const STATES: readonly TradingState[] = ['ACTIVE', 'ACTIVE', 'ACTIVE', 'EXITS_ONLY', 'HALTED'];

describeOnBothStores('P2 P3 P4 P8 P9 no order starts while a better one is runnable', (open) => {
  let db: Database;
  let positionId: string;
  before(async () => {
    db = await open();
    ({ positionId } = await openTestPosition(db, 10n ** 15n));
    await setDatabaseTime(db, new Date());
  });
  after(() => db.close());

  it('in hundreds of random schedules, told by the counter inside the claim', async function () {
    this.timeout(300_000);
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
    const schedules = Number(process.env.SCHEDULES ?? SCHEDULES[db.kind]);
    for (let n = 0; n < schedules; n++) {
      const random = seededRandom(seed + n);
      const schedule = new Schedule(db, positionId, random);
      try {
        await schedule.run();
      } catch (error) {
        throw new Error(`seed ${seed + n} (SCHEDULES=1 SEED=${seed + n}): ${schedule.log.join(', ')}`, {
          cause: error,
        });
      }
    }
  });
});

class Schedule {
  readonly log: string[] = [];
  readonly #db: Database;
  readonly #positionId: string;
  readonly #random: Random;
  readonly #model = new ClaimModel();
  #dispatchedBefore = 0n;

  constructor(db: Database, positionId: string, random: Random) {
    this.#db = db;
    this.#positionId = positionId;
    this.#random = random;
  }

  async run(): Promise<void> {
    await this.#clear();
    await this.#setLimits();
    for (let step = 0; step < STEPS; step++) await this.#step();
    while (await this.#claim());
  }

  async #step(): Promise<void> {
    const dice = this.#random.next();
    if (dice < 0.38) return this.#submit();
    if (dice < 0.66) return void (await this.#claim());
    if (dice < 0.76) return this.#commit();
    if (dice < 0.84) return this.#fail();
    if (dice < 0.89) return this.#cancel();
    if (dice < 0.95) return this.#retry();
    if (dice < 0.98) return this.#setState();
    return this.#setLimits();
  }

  async #submit(): Promise<void> {
    await advanceDatabaseTime(this.#db, this.#random.next() < 0.3 ? 0 : 1);
    const isEntry = this.#random.next() < 0.55;
    const emergency = this.#random.next() < (isEntry ? 0.02 : 0.15);
    const order = isEntry
      ? (await submitOrder(this.#db, entryDraft({ emergency }))).order
      : await anotherExit(this.#db, this.#positionId, this.#pick(REASONS) ?? 'manual', { emergency });
    this.#model.add(order);
    this.log.push(`submit ${order.orderReqId} at ${order.priority}`);
  }

  /** Claims in the database and in the model; both must say the same. */
  async #claim(): Promise<boolean> {
    const claimed = await claimNextOrder(this.#db, 'test', LEASE_MS);
    const expected = this.#model.claim();
    const displaced = expected.displaced ? ` for ${expected.displaced.order.orderReqId}` : '';
    this.log.push(`claim ${claimed?.orderReqId ?? 'nothing'}${displaced}`);
    expect(claimed?.orderReqId).to.equal(expected.started?.order.orderReqId);
    if (claimed) {
      expect(Number(claimed.dispatchSequence > this.#dispatchedBefore), 'claims are counted').to.equal(1);
      this.#dispatchedBefore = claimed.dispatchSequence;
    }
    const { rows } = await this.#db.query<{ order_id: string }>('SELECT order_id FROM orders WHERE holds_slot');
    const holders = this.#model.holders().map((each) => each.order.orderId);
    expect(rows.map((row) => row.order_id)).to.have.members(holders);
    if (expected.displaced) await this.#expectStatus(expected.displaced);
    return claimed !== undefined;
  }

  async #expectStatus({ order, status }: ModelOrder): Promise<void> {
    expect((await this.#read(order)).status).to.equal(status);
  }

  async #commit(): Promise<void> {
    const running = this.#pick(this.#model.of('SUBMITTED'));
    if (!running) return;
    const order = await this.#read(running.order);
    await this.#db.transaction((tx) => commitAttempt(tx, order, testAttempt()));
    running.status = 'CONFIRMING';
    this.log.push(`commit ${order.orderReqId}`);
  }

  async #fail(): Promise<void> {
    const running = this.#pick([...this.#model.of('SUBMITTED'), ...this.#model.of('CONFIRMING')]);
    if (!running) return;
    const order = await this.#read(running.order);
    const failure = { reason: 'NO_ROUTE' as const, error: 'No route.', retryDelayMs: 1 };
    const attempt =
      running.status === 'CONFIRMING' ? { number: await this.#lastAttempt(order), state: 'DEAD' as const } : undefined;
    const after = await settleFailure(this.#db, order, order, failure, attempt);
    running.status = after.status === 'FAILED' ? 'FAILED' : 'ENDED';
    running.holdsSlot = false;
    this.log.push(`fail ${order.orderReqId}`);
  }

  async #cancel(): Promise<void> {
    const waiting = this.#pick([...this.#model.of('PENDING'), ...this.#model.of('SUBMITTED')]);
    if (!waiting) return;
    await cancelOrder(this.#db, waiting.order.orderId, 'Cancelled.');
    waiting.status = 'ENDED';
    waiting.holdsSlot = false;
    this.log.push(`cancel ${waiting.order.orderReqId}`);
  }

  async #retry(): Promise<void> {
    await advanceDatabaseTime(this.#db, 2);
    for (const order of await requeueDueRetries(this.#db, 100)) {
      const known = this.#model.orders.find((each) => each.order.orderId === order.orderId);
      if (known) known.status = 'PENDING';
      this.log.push(`retry ${order.orderReqId}`);
    }
  }

  async #setState(): Promise<void> {
    const state = this.#pick(STATES) ?? 'ACTIVE';
    await setTradingState(this.#db, { state, changedBy: 'test', changeReason: 'test' });
    this.#model.state = state;
    this.log.push(state);
  }

  async #setLimits(): Promise<void> {
    const maxConcurrent = 1 + Math.floor(this.#random.next() * 3);
    const exitReserved = Math.floor(this.#random.next() * maxConcurrent);
    const limits = { maxConcurrent, exitReserved, emergencyExtra: Math.floor(this.#random.next() * 3) };
    await setSlotLimits(this.#db, limits);
    this.#model.limits = limits;
    this.log.push(`limits ${Object.values(limits).join('/')}`);
  }

  /** Everything but the position and its entry. */
  async #clear(): Promise<void> {
    const left = 'WHERE order_id NOT IN (SELECT entry_order_id FROM positions)';
    for (const table of ['alert_outbox', 'alerts']) await this.#db.query(`DELETE FROM ${table}`);
    for (const table of ['attempts', 'proposals', 'order_messages', 'order_sequences', 'orders']) {
      await this.#db.query(`DELETE FROM ${table} ${left}`);
    }
    await this.#db.query(`UPDATE positions SET reserved_tokens = 0, status = 'OPEN'`);
    await setTradingState(this.#db, { state: 'ACTIVE', changedBy: 'test', changeReason: 'test' });
  }

  async #lastAttempt(order: Order): Promise<number> {
    const { rows } = await this.#db.query<{ n: number }>('SELECT max(number) AS n FROM attempts WHERE order_id = $1', [
      order.orderId,
    ]);
    return rows[0]?.n ?? 0;
  }

  #read(order: Order): Promise<Order> {
    return getOrder(this.#db, { orderId: order.orderId });
  }

  #pick<T>(choices: readonly T[]): T | undefined {
    return choices[Math.floor(this.#random.next() * choices.length)];
  }
}
