import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { seededRandom } from '../../../shared/core/random.js';
import type { Follower } from '../crash/follower.js';
import { Stack } from '../crash/stack.js';
import { expectWholeStream } from '../crash/stream-truth.js';
import { type EndFigures, expectEndTruth, settled } from './end-truth.js';
import { type LoadFigures, runLoad } from './load.js';
import { letLoose, type MonkeyFigures } from './monkey.js';
import { SlotCount } from './slot-count.js';
import { Trader } from './trader.js';
import { Witness } from './witness.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly kills: number;
  readonly minutesMax: number;
  readonly log: (line: string) => void;
}

export interface ChaosFigures {
  readonly monkey: MonkeyFigures;
  readonly load: LoadFigures;
  readonly end: EndFigures;
  /** Milliseconds from the last deed until no order was on its way. */
  readonly settledMs: number;
  /** Milliseconds from each kill until the next order of anybody was filled. */
  readonly nextFillMs: readonly number[];
  readonly slotsMost: number;
  /** Streams that were followed from the first message on, through everything. */
  readonly followed: number;
}

const SLOT_MS = 50;
const SLOTS = 3;
/** Orders are tried again within the run, and say UNKNOWN while the venue is in trouble. */
const PROCESSOR_ENV = { RETRY_FIRST_DELAY_MS: '200', RETRY_MAX_DELAY_MS: '4000', CONFIRM_TIMEOUT_SECONDS: '5' };
/** Orders per kill: enough that every kill meets some. */
const ORDERS_PER_KILL = 10;
const LIVE_MAX = 12;
/** One order in this many is followed all the time; at the end all are read. */
const FOLLOWED = 4;
/** A blockhash lives for 7.5 s, and an order may need all its attempts. */
const SETTLED_WITHIN_MS = 120_000;

/**
 * Two requestors and two processors on one database, each requestor with a processor of its own, under load, in bad weather,
 * while processes are killed and frozen at random. At the end the weather clears, everything comes to rest, and all that was
 * promised must hold. Throws what does not.
 */
export async function runChaos({ seed, kills, minutesMax, log }: ChaosOptions): Promise<ChaosFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-chaos-'));
  const witness = new Witness(path.join(folder, 'witness.jsonl'));
  let stack: Stack | undefined;
  let trader: Trader | undefined;
  let slots: SlotCount | undefined;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), minutesMax * 60_000);
  try {
    stack = await Stack.start({ requestors: 2, processors: 2, slotMs: SLOT_MS, processorEnv: PROCESSOR_ENV });
    await Promise.all([stack.secondProcessor.start(), stack.secondRequestor.start()]);
    slots = await SlotCount.start(stack.databaseUrl);
    trader = new Trader(stack.requestorAddresses, witness);
    const followers = new Map<string, Follower>();
    const { bot } = stack;
    let accepted = 0;
    const onAccepted = (orderReqId: string) => {
      accepted += 1;
      if (accepted % FOLLOWED === 0) followers.set(orderReqId, bot.follow(orderReqId));
    };
    const loadStop = new AbortController();
    const ordersMax = kills * ORDERS_PER_KILL;
    const loading = runLoad({ trader, seed, ordersMax, liveMax: LIVE_MAX, onAccepted }, loadStop.signal);
    const [load, monkey] = await Promise.all([
      loading.catch((error: unknown) => {
        stop.abort();
        throw error;
      }),
      letLoose({ stack, random: seededRandom(seed), kills, log }, stop.signal).finally(() => loadStop.abort()),
    ]);
    log(`${monkey.killedAt.length} kills done; ${accepted} orders; waiting for rest`);
    await stack.venue.disarmAll();
    const world = { stack, trader, witness };
    const settledMs = await settled(world, SETTLED_WITHIN_MS);
    const end = await expectEndTruth(world);
    await slots.stop();
    expect(slots.most, 'orders that held a slot at once').to.be.within(1, SLOTS);
    await expectStreams(stack, end, followers);
    const nextFillMs = fillsAfter(monkey.killedAt, end);
    return { monkey, load, end, settledMs, nextFillMs, slotsMost: slots.most, followed: followers.size };
  } catch (error) {
    if (stack) process.stderr.write(`${stack.logs}\n`);
    throw error;
  } finally {
    clearTimeout(timer);
    trader?.close();
    await slots?.stop();
    await stack?.close();
    witness.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** S1: whoever followed from the start was told the same as one who reads it all now, and both end with the order's end. */
async function expectStreams(stack: Stack, { orders }: EndFigures, followers: Map<string, Follower>): Promise<void> {
  for (const { orderReqId, status } of orders) {
    const end = status === OrderStatus.CANCELLED ? OrderStatus.CANCELLED : OrderStatus.FILLED;
    await expectWholeStream(stack.bot, followers.get(orderReqId) ?? stack.bot.follow(orderReqId), end);
  }
}

function fillsAfter(killedAt: readonly number[], { orders }: EndFigures): number[] {
  const fills = orders.flatMap(({ filledAt }) => (filledAt ? [filledAt.getTime()] : [])).sort((a, b) => a - b);
  return killedAt.flatMap((at) => {
    const next = fills.find((fill) => fill > at);
    return next === undefined ? [] : [next - at];
  });
}
