import { OrderStatus } from '../proto/gen/exitlane/v1/order.js';
import { type Stack, startParts } from '../services/e2e/api/stack.js';
import { buy, messagesOf, sell, statusIn } from '../services/e2e/api/support.js';
import { ManualClock } from '../shared/core/clock.js';
import { call } from '../shared/grpc/client.js';
import type { Database } from '../shared/store/database.js';
import {
  createPostgresDatabase,
  dropPostgresDatabase,
  runOnPostgres,
  stopPostgres,
} from '../shared/store/testing/postgres.js';
import { eventually } from '../shared/store/testing/waiting.js';
import { percentile, times } from './figures.js';

/**
 * P7, P8: how fast a stop-loss starts when entries hold every slot and more of them wait. Requestor, processor and gRPC are the
 * real ones, on a real PostgreSQL; only the execution is simulated, on a clock that stands still, so that the entries stay
 * where they are: asking for quotes, or sent and unconfirmed. Each stop-loss is cancelled when it has started.
 * `node dist/bench/start-latency.js [stop-losses] [waiting entries ...]`
 */
const samples = Number(process.argv[2] ?? 50);
const depths = process.argv.length > 3 ? process.argv.slice(3).map(Number) : [0, 1_000, 100_000];
/** The first ones are not counted: connections are opened and code is compiled. */
const WARM_UPS = 10;
const SLOTS = 3;
/** On the processor's clock. Confirming takes so long that no step of this bench reaches it. */
const PREPARE_MS = 1;
const CONFIRM_MS = 10_000_000;
const PRICE = '0.005';

type Stage = 'SUBMITTED' | 'CONFIRMING';

/** All from the call of SubmitOrder, in milliseconds. */
interface Start {
  /** The stop-loss is committed as waiting. */
  readonly acceptedMs: number;
  /** The claim, and what it took from an entry, is committed. */
  readonly claimedMs: number;
  /** A client that opens the order's stream when the order is acknowledged reads SUBMITTED. */
  readonly seenMs: number;
}

async function measure(stage: Stage, waiting: number): Promise<Start[]> {
  const databaseUrl = await createPostgresDatabase();
  const clock = new ManualClock();
  const stack = await startParts({
    databaseUrl,
    processorClock: clock,
    processor: { executor: 'simulated', simulatedDelaysMs: { prepare: PREPARE_MS, confirm: CONFIRM_MS } },
  });
  try {
    const positionId = await openPosition(stack, clock);
    for (let n = 0; n < SLOTS; n++) await buy(stack, `holds-${n}`, { expectedPrice: PRICE });
    await slotsHeld(stack.db, 'SUBMITTED');
    await addWaiting(databaseUrl, waiting);
    const starts: Start[] = [];
    for (let n = -WARM_UPS; n < samples; n++) {
      if (stage === 'CONFIRMING') await sendAll(stack.db, clock);
      await slotsHeld(stack.db, stage);
      const start = await startOf(stack, `stop-${n}`, positionId);
      if (n >= 0) starts.push(start);
      // In the place of the entry that gave its slot for good.
      if (stage === 'CONFIRMING') await buy(stack, `holds-after-${n}`, { expectedPrice: PRICE });
    }
    return starts;
  } finally {
    await stack.close();
    await dropPostgresDatabase(databaseUrl);
  }
}

async function openPosition(stack: Stack, clock: ManualClock): Promise<string> {
  await buy(stack, 'opens', { expectedPrice: PRICE });
  return eventually('the position', async () => {
    await clock.advance(CONFIRM_MS);
    const { order } = await call(stack.orders, 'getOrder', { id: { $case: 'orderReqId', value: 'opens' } });
    return order?.status === OrderStatus.FILLED && order.positionId;
  });
}

/** Waits until the slots are all taken by entries at this stage. */
async function slotsHeld(db: Database, stage: Stage): Promise<void> {
  await eventually(`${SLOTS} entries ${stage} in the slots`, async () => {
    const { rows } = await db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM orders WHERE holds_slot AND order_type = 'ENTRY' AND status = $1`,
      [stage],
    );
    return rows[0]?.n === SLOTS;
  });
}

/** Lets every entry in a slot be sent. */
async function sendAll(db: Database, clock: ManualClock): Promise<void> {
  await eventually('the entries to be sent', async () => {
    await clock.advance(PREPARE_MS);
    const { rows } = await db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM orders WHERE holds_slot AND status = 'CONFIRMING'`,
    );
    return rows[0]?.n === SLOTS;
  });
}

/** Copies of a waiting entry: what as many calls of SubmitOrder would leave behind. */
async function addWaiting(databaseUrl: string, count: number): Promise<void> {
  if (count === 0) return;
  await runOnPostgres(
    databaseUrl,
    `INSERT INTO orders SELECT copy.* FROM orders o, generate_series(1, $1::int) AS n,
       LATERAL jsonb_populate_record(o, jsonb_build_object('order_id', gen_random_uuid(), 'order_req_id', 'waits-' || n,
         'created_at', clock_timestamp(), 'queued_at', clock_timestamp(), 'status', 'PENDING', 'reason', 'ACCEPTED',
         'fence', 0, 'dispatch_sequence', 0, 'holds_slot', false, 'lease_owner', null, 'lease_until', null,
         'submitted_at', null)) AS copy
     WHERE o.order_req_id = 'holds-0'`,
    [count],
  );
  await runOnPostgres(
    databaseUrl,
    `WITH counters AS (
       INSERT INTO order_sequences (order_id, head) SELECT order_id, 1 FROM orders WHERE order_req_id LIKE 'waits-%' RETURNING order_id
     ), first AS (
       SELECT m.* FROM orders JOIN order_messages m USING (order_id) WHERE order_req_id = 'holds-0' AND sequence = 1
     )
     INSERT INTO order_messages
       SELECT counters.order_id, 1, first.kind, first.text, first.body, first.created_at FROM counters, first`,
  );
  // A server that is not made for tests does this by itself.
  await runOnPostgres(databaseUrl, 'ANALYZE');
}

async function startOf(stack: Stack & { readonly db: Database }, id: string, positionId: string): Promise<Start> {
  const commits: { readonly orderId: string; readonly at: number }[] = [];
  // In the process that commits, listeners hear of it at once.
  const stop = stack.db.onHint('order', (orderId) => commits.push({ orderId, at: performance.now() }));
  const begin = performance.now();
  const exit = { exitReason: 'stop_loss', percent: 100, expectedPrice: PRICE };
  const { orderId } = await sell(stack, id, positionId, exit);
  const submitted = (status: OrderStatus | undefined) => status === OrderStatus.SUBMITTED;
  await messagesOf(stack, id, 0n, (message) => submitted(statusIn(message)?.status));
  const seenMs = performance.now() - begin;
  stop();
  const [accepted, claimed] = commits.filter((commit) => commit.orderId === orderId);
  if (!accepted || !claimed) throw new Error(`the commits of ${id} were not heard of`);
  await cancel(stack, id);
  return { acceptedMs: accepted.at - begin, claimedMs: claimed.at - begin, seenMs };
}

async function cancel(stack: Stack, value: string): Promise<void> {
  const id = { $case: 'orderReqId', value } as const;
  await call(stack.orders, 'cancelOrder', { id, cancelReason: 'measured' });
  await messagesOf(stack, value);
}

const FIGURES = [
  ['submitted to accepted', (start: Start) => start.acceptedMs],
  ['accepted to claimed', (start: Start) => start.claimedMs - start.acceptedMs],
  ['submitted to claimed', (start: Start) => start.claimedMs],
  ['submitted to seen by a client', (start: Start) => start.seenMs],
] as const;

const ms = (value: number) => `${value.toFixed(1)} ms`;
for (const [stage, name] of [
  ['SUBMITTED', 'asking for quotes'],
  ['CONFIRMING', 'sent and unconfirmed'],
] as const) {
  let empty: Start[] | undefined;
  for (const depth of depths) {
    const starts = await measure(stage, depth);
    empty ??= starts;
    console.log(`stop-loss, ${SLOTS} slots held by entries ${name}, ${depth} more waiting (${starts.length} starts)`);
    for (const [what, of] of FIGURES) {
      const [p50, p99] = [50, 99].map((percent) => percentile(starts.map(of), percent)) as [number, number];
      const [e50, e99] = [50, 99].map((percent) => percentile((empty ?? starts).map(of), percent)) as [number, number];
      const ratio = `${times(p50, e50)} and ${times(p99, e99)} behind ${depths[0]}`;
      console.log(`  ${what}: p50 ${ms(p50)}, p99 ${ms(p99)}; ${ratio}`);
    }
  }
}
await stopPostgres();
