import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient } from '../../../proto/gen/exitlane/v1/order_service.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { ManualClock, systemClock } from '../../../shared/core/clock.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { call, connect } from '../../../shared/grpc/client.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { advanceDatabaseTime, setDatabaseTime } from '../../../shared/store/testing/drafts.js';
import { createPostgresDatabase, dropPostgresDatabase } from '../../../shared/store/testing/postgres.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { REQUESTOR_DEFAULTS } from '../../requestor/config.js';
import { type Requestor, startRequestor } from '../../requestor/requestor.js';
import { type ClaimSeen, recordClaims, seenClaims } from './claims-seen.js';
import { START_MS, type Stack, startParts } from './stack.js';
import { buy, messagesOf, orderOf, reached, sell, statusIn } from './support.js';

const SLOTS = 3;
/** How long the mock executor takes, on the processor's clock, which only the test moves. */
const EXECUTION_MS = 100;

const SUBMITTED_EXITS = ['manual', 'take_profit_1', 'stop_loss', 'trailing_stop', 'stagnation'];
const DUE_EXITS = ['stop_loss', 'trailing_stop', 'take_profit_1', 'manual', 'stagnation'];

/** One PostgreSQL, one processor, and the requestors `A` and `B` with a database connection, a server and a name of their own. */
describe('P4 P8 two requestors on one PostgreSQL', () => {
  let databaseUrl: string;
  let clock: ManualClock;
  /** Hints may be lost: A hears none about the queue while this is so. */
  let deafA: boolean;
  /** Queries and transactions of A under way: a look that began before it was deaf may still claim. */
  let busyA: number;
  /** Its requestor is A. */
  let a: Stack & { readonly db: Database };
  let b: Stack;
  let closeB: () => Promise<void>;

  async function start(): Promise<void> {
    deafA = false;
    busyA = 0;
    databaseUrl = await createPostgresDatabase();
    clock = new ManualClock();
    a = await startParts({
      databaseUrl,
      processorClock: clock,
      requestorClock: new ManualClock(),
      requestorDatabase: deafable,
      requestor: { owner: 'A' },
    });
    await recordClaims(a.db);
    // Leases do not run out while A, whose clock stands still, does not renew them.
    await setDatabaseTime(a.db, new Date());
  }

  function deafable(db: Database): Database {
    return {
      kind: db.kind,
      schemaVersion: db.schemaVersion,
      query: (sql, params) => countedA(() => db.query(sql, params)),
      transaction: (work) => countedA(() => db.transaction(work)),
      onHint: (topic, listener) =>
        db.onHint(topic, (key) => {
          if (topic !== 'queue' || !deafA) listener(key);
        }),
      close: () => db.close(),
    };
  }

  async function countedA<T>(work: () => Promise<T>): Promise<T> {
    busyA += 1;
    try {
      return await work();
    } finally {
      busyA -= 1;
    }
  }

  /** A hears nothing more about the queue, and what it heard before is done with. */
  async function makeDeafA(): Promise<void> {
    deafA = true;
    // What it heard in this turn, it begins in the next.
    await nextTurn();
    await eventually('A to do nothing', () => busyA === 0);
  }

  async function startB(): Promise<void> {
    const db = await openDatabase({ databaseUrl, logger: silentLogger });
    const config = { ...REQUESTOR_DEFAULTS, port: 0, processorAddress: a.processorAddress };
    const requestor: Requestor = await startRequestor({
      db,
      clock: systemClock,
      logger: silentLogger,
      config: { ...config, owner: 'B' },
    });
    const orders = connect(OrderServiceClient, requestor.address);
    b = { ...a, orders, requestorAddress: requestor.address };
    closeB = async () => {
      orders.close();
      await requestor.close();
      await db.close();
    };
  }

  afterEach(async () => {
    await closeB?.();
    await a?.close();
    await dropPostgresDatabase(databaseUrl);
  });

  const change = (state: TradingState) =>
    call(a.queue, 'setTradingState', { state, changedBy: 'test', changeReason: 'one look at all' });

  /** Lets executions end until all of these are filled. */
  async function runUntilFilled(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await eventually(`${id} to be filled`, async () => {
        if ((await orderOf(a, id)).status === OrderStatus.FILLED) return true;
        await clock.advance(EXECUTION_MS);
        return false;
      });
    }
  }

  async function openAll(names: readonly string[]): Promise<string[]> {
    const ids = names.map((name) => `opens-${name}`);
    for (const id of ids) await buy(a, id);
    await runUntilFilled(ids);
    return Promise.all(ids.map(async (id) => (await orderOf(a, id)).positionId));
  }

  it('one limit and one order for both: every claim is the best of what waits, whoever makes it', async function () {
    this.timeout(START_MS);
    await start();
    const [blocked = '', ...positions] = await openAll(['blocked', ...SUBMITTED_EXITS]);
    // It holds a slot of A, which nothing may take from it.
    await sell(a, 'blocker', blocked, { emergency: true });
    await reached(a, 'blocker', OrderStatus.SUBMITTED);
    await startB();
    await change(TradingState.HALTED);
    const entries = Array.from({ length: 12 }, (_, n) => `entry-${n}`);
    for (const [n, id] of entries.entries()) {
      await buy(n % 2 === 0 ? a : b, id);
      await advanceDatabaseTime(a.db, 1);
    }
    for (const [n, exitReason] of SUBMITTED_EXITS.entries()) {
      await sell(n % 2 === 0 ? b : a, exitReason, positions[n] ?? '', { exitReason });
    }
    await makeDeafA();
    const before = (await seenClaims(a.db)).length;
    await change(TradingState.ACTIVE);
    const [first = '', second = '', ...others] = DUE_EXITS;
    await reached(a, first, OrderStatus.SUBMITTED);
    await reached(a, second, OrderStatus.SUBMITTED);
    deafA = false;
    await runUntilFilled(['blocker', first, second, ...others, ...entries]);

    const claims = (await seenClaims(a.db)).slice(before - 1);
    const [ofA, ...ofB] = claims.slice(0, SLOTS);
    expect(ofA).to.include({ orderReqId: 'blocker', owner: 'A', held: 1 });
    expect(ofB).to.deep.equal([
      { orderReqId: first, owner: 'B', held: 2 },
      { orderReqId: second, owner: 'B', held: 3 },
    ]);
    expect(claims.map(({ orderReqId }) => orderReqId)).to.deep.equal(['blocker', ...DUE_EXITS, ...entries]);
    expect(Math.max(...claims.map(({ held }) => held)), 'slots taken at once').to.equal(SLOTS);
  });

  it('an exit that B accepts and claims takes the slot of an entry that A holds; the entry fills later', async function () {
    this.timeout(START_MS);
    await start();
    const [position = ''] = await openAll(['held']);
    const entries = ['entry-1', 'entry-2', 'entry-3'];
    for (const id of entries) {
      await buy(a, id);
      await reached(a, id, OrderStatus.SUBMITTED);
    }
    await startB();
    await makeDeafA();
    await sell(b, 'stop', position, { exitReason: 'stop_loss', percent: 100 });
    await reached(b, 'stop', OrderStatus.SUBMITTED);

    const byOrder = new Map((await seenClaims(a.db)).map((claim): [string, ClaimSeen] => [claim.orderReqId, claim]));
    expect(entries.map((id) => byOrder.get(id)?.owner)).to.deep.equal(['A', 'A', 'A']);
    expect(byOrder.get('stop')).to.include({ owner: 'B', held: SLOTS });
    expect(await orderOf(b, 'entry-3')).to.include({
      status: OrderStatus.PENDING,
      reason: 'PREEMPTED',
      attemptCount: 0,
    });

    await runUntilFilled(['stop', ...entries]);
    for (const id of entries) expect((await orderOf(a, id)).attempts).to.have.length(1);
    const story = (await messagesOf(a, 'entry-3')).flatMap((message) => statusIn(message)?.reason ?? []);
    expect(story).to.deep.equal(['ACCEPTED', 'CLAIMED', 'PREEMPTED', 'CLAIMED', 'ATTEMPT_COMMITTED', 'FILLED']);
  });
});
