/**
 * The exit storm: as many exits as entries at once, in random order and urgency, from several clients. Trading is HALTED while they
 * are submitted, so that all of them wait; emergency exits run all the same. Then it is ACTIVE and everything runs.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Order, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient, type SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { type QueueStats, TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import type { Random } from '../../../shared/core/random.js';
import { call, connect } from '../../../shared/grpc/client.js';
import { EXIT_REASONS } from '../../../shared/order/order.js';
import type { Database } from '../../../shared/store/database.js';
import { createPostgresDatabase, dropPostgresDatabase } from '../../../shared/store/testing/postgres.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import type { VerifyReport } from '../../verify/report.js';
import { verify } from '../../verify/verify.js';
import { type Stack, startParts } from '../api/stack.js';
import { entryRequest, exitRequest, orderIn } from '../api/support.js';
import { readStormOrders, type StormOrder } from './storm-orders.js';

export interface StormOptions {
  /** Exits, each of a position of its own, and as many entries. */
  readonly size: number;
  readonly random: Random;
  /** The longest that opening the positions, or running the storm, may take. */
  readonly withinMs: number;
}

export interface StormResult {
  /** What was acknowledged, in the order of the acknowledgements. */
  readonly acknowledged: readonly string[];
  /** Orders other than emergency exits that had been claimed when trading still was HALTED. */
  readonly claimedWhileHalted: number;
  /** Emergency exits that were filled by then. */
  readonly filledWhileHalted: number;
  /** Every order of the storm, in the order of the claims. */
  readonly orders: readonly StormOrder[];
  /** Of the checker, with the acknowledgements as witness. */
  readonly report: VerifyReport;
  readonly openedMs: number;
  readonly submittedMs: number;
  readonly ranMs: number;
}

/** Clients, and calls that each has under way at once. */
const CLIENTS = 4;
const CALLS_PER_CLIENT = 8;
/** One order in so many is an emergency. An entry that says so is still an entry, and does not run while HALTED. */
const EMERGENCY_EXIT_EACH = 20;
const EMERGENCY_ENTRY_EACH = 50;
const PRICE = '0.005';

/** On a fresh PostgreSQL, with execution on paper that takes no time: what is tried is the queue. */
export async function runStorm(options: StormOptions): Promise<StormResult> {
  const databaseUrl = await createPostgresDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-storm-'));
  const stack = await startParts({
    databaseUrl,
    processor: { executor: 'simulated', simulatedDelaysMs: { prepare: 0, confirm: 0 } },
  });
  try {
    return await storm(stack, options, path.join(folder, 'witness.jsonl'));
  } finally {
    await stack.close();
    await dropPostgresDatabase(databaseUrl);
    await rm(folder, { recursive: true, force: true });
  }
}

async function storm(
  stack: Stack & { readonly db: Database },
  { size, random, withinMs }: StormOptions,
  witness: string,
): Promise<StormResult> {
  const opening = stopwatch();
  const entries = Array.from({ length: size }, (_, n) => entryRequest(`opens-${n}`, { expectedPrice: PRICE }));
  await submitAll(stack, entries);
  await allEnded(stack, withinMs);
  const positions = await positionsOf(stack.db);
  const openedMs = opening();

  await change(stack, TradingState.HALTED);
  const submitting = stopwatch();
  const acknowledged = await submitAll(stack, shuffled(requestsOf(positions, random), random));
  const submittedMs = submitting();
  await writeFile(witness, acknowledged.map(witnessLine).join(''));
  await emergenciesEnded(stack, withinMs);
  const halted = await readStormOrders(stack.db);

  const running = stopwatch();
  await change(stack, TradingState.ACTIVE);
  await allEnded(stack, withinMs);
  return {
    acknowledged: acknowledged.map(({ orderReqId }) => orderReqId),
    claimedWhileHalted: halted.filter((order) => !order.emergencyExit && order.dispatched > 0).length,
    filledWhileHalted: halted.filter((order) => order.emergencyExit && order.status === 'FILLED').length,
    ranMs: running(),
    orders: await readStormOrders(stack.db),
    report: await verify({ db: stack.db, witness }),
    openedMs,
    submittedMs,
  };
}

function requestsOf(positions: readonly string[], random: Random): SubmitOrderRequest[] {
  const exits = positions.map((positionId, n) => {
    const exitReason = EXIT_REASONS[random.int(0, EXIT_REASONS.length - 2)] ?? 'manual';
    // A stop-loss sells all (X4).
    const percent = exitReason === 'stop_loss' ? 100 : random.int(1, 100);
    const emergency = n % EMERGENCY_EXIT_EACH === 0;
    return exitRequest(`storm-exit-${n}`, positionId, { exitReason, percent, emergency, expectedPrice: PRICE });
  });
  const entries = positions.map((_, n) => {
    const emergency = n % EMERGENCY_ENTRY_EACH === 0;
    return entryRequest(`storm-entry-${n}`, { emergency, expectedPrice: PRICE });
  });
  return [...exits, ...entries];
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Submits from all clients at once; what was acknowledged. */
async function submitAll(stack: Stack, requests: readonly SubmitOrderRequest[]): Promise<Order[]> {
  const left = [...requests].reverse();
  const acknowledged: Order[] = [];
  const work = async (client: OrderServiceClient) => {
    for (let request = left.pop(); request; request = left.pop())
      acknowledged.push(orderIn(await call(client, 'submitOrder', request)));
  };
  const clients = Array.from({ length: CLIENTS }, () => connect(OrderServiceClient, stack.requestorAddress));
  try {
    await Promise.all(clients.flatMap((client) => Array.from({ length: CALLS_PER_CLIENT }, () => work(client))));
    return acknowledged;
  } finally {
    for (const client of clients) client.close();
  }
}

function witnessLine({ orderReqId, orderId, orderType, tokenAddress: mint, amountSol }: Order): string {
  const amount = orderType === OrderType.ENTRY ? { amountSol } : {};
  return `${JSON.stringify({ orderReqId, orderId, orderType, mint, ...amount })}\n`;
}

function change(stack: Stack, state: TradingState) {
  return call(stack.queue, 'setTradingState', { state, changedBy: 'storm', changeReason: 'exit storm' });
}

const allEnded = (stack: Stack, withinMs: number) =>
  quiet(stack, 'every order to end', withinMs, ({ queued }) => queued === 0n);

/** P9: while HALTED only what is neither an emergency nor an exit may be left. */
const emergenciesEnded = (stack: Stack, withinMs: number) => {
  const entriesLeft = ({ priorities, queuedEntries }: QueueStats) => {
    const urgent = priorities.find(({ priority }) => priority === 0)?.queued ?? 0n;
    const entries = priorities.find(({ priority }) => priority === 100)?.queued ?? 0n;
    return urgent === queuedEntries - entries;
  };
  return quiet(stack, 'every emergency exit to end', withinMs, entriesLeft);
};

/** Waits until nothing runs and the queue is as it should be. */
async function quiet(stack: Stack, what: string, withinMs: number, done: (stats: QueueStats) => boolean) {
  const look = async () => {
    const { stats } = await call(stack.queue, 'getQueueStats', {});
    return stats && stats.processing + stats.watching + stats.waitingForRetry === 0n && done(stats);
  };
  await eventually(what, look, withinMs);
}

async function positionsOf(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ position_id: string }>('SELECT position_id FROM positions ORDER BY position_id');
  return rows.map((row) => row.position_id);
}

function stopwatch(): () => number {
  const begin = performance.now();
  return () => Math.round(performance.now() - begin);
}
