import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { seededRandom } from '../../../shared/core/random.js';
import type { Bot } from '../crash/bot.js';
import type { Follower } from '../crash/follower.js';
import { expectWholeStream } from '../crash/stream-truth.js';
import { startEmbeddedFleet } from './embedded-fleet.js';
import { type EndFigures, expectEndTruth, expectVerified, settled } from './end-truth.js';
import type { Fleet } from './fleet.js';
import { type LoadFigures, runLoad } from './load.js';
import { letLoose, type MonkeyFigures } from './monkey.js';
import { startPostgresFleet } from './postgres-fleet.js';
import { SlotCount } from './slot-count.js';
import { Trader } from './trader.js';
import { Witness } from './witness.js';

/** Which processes are killed, and on what database they stand. */
export type ChaosStore = 'embedded' | 'postgres';

export interface ChaosOptions {
  readonly store: ChaosStore;
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

const FLEETS: Readonly<Record<ChaosStore, () => Promise<Fleet>>> = {
  embedded: startEmbeddedFleet,
  postgres: startPostgresFleet,
};

const SLOTS = 3;
/** Orders per kill: enough that every kill meets some. */
const ORDERS_PER_KILL = 10;
const LIVE_MAX = 12;
/** One order in this many is followed all the time; at the end all are read. */
const FOLLOWED = 4;
/** A blockhash lives for 7.5 s, and an order may need all its attempts. */
const SETTLED_WITHIN_MS = 120_000;

/**
 * A fleet of processes under load, in bad weather, while they are killed and frozen at random. At the end the weather clears,
 * everything comes to rest, and all that was promised must hold. Throws what does not.
 */
export async function runChaos({ store, seed, kills, minutesMax, log }: ChaosOptions): Promise<ChaosFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-chaos-'));
  const witness = new Witness(path.join(folder, 'witness.jsonl'));
  let fleet: Fleet | undefined;
  let trader: Trader | undefined;
  let slots: SlotCount | undefined;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), minutesMax * 60_000);
  try {
    fleet = await FLEETS[store]();
    const { bot, venue, heldSlots } = fleet;
    slots = new SlotCount(heldSlots);
    trader = new Trader(fleet.requestorAddresses, witness);
    const followers = new Map<string, Follower>();
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
      letLoose({ fleet, random: seededRandom(seed), kills, log }, stop.signal).finally(() => loadStop.abort()),
    ]);
    log(`${monkey.killedAt.length} kills done; ${accepted} orders; waiting for rest`);
    await venue.disarmAll();
    const world = { bot, venue, trader, witness };
    const settledMs = await settled(world, SETTLED_WITHIN_MS);
    const end = await expectEndTruth(world);
    await slots.stop();
    expect(slots.most, 'orders that held a slot at once').to.be.within(1, SLOTS);
    await expectStreams(bot, end, followers);
    await expectVerified(await fleet.openDatabase(), world);
    const nextFillMs = fillsAfter(monkey.killedAt, end);
    return { monkey, load, end, settledMs, nextFillMs, slotsMost: slots.most, followed: followers.size };
  } catch (error) {
    if (fleet) process.stderr.write(`${fleet.logs}\n`);
    throw error;
  } finally {
    clearTimeout(timer);
    trader?.close();
    await slots?.stop().catch(() => undefined);
    await fleet?.close();
    witness.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** S1: whoever followed from the start was told the same as one who reads it all now, and both end with the order's end. */
async function expectStreams(bot: Bot, { orders }: EndFigures, followers: Map<string, Follower>): Promise<void> {
  for (const { orderReqId, status } of orders) {
    const end = status === OrderStatus.CANCELLED ? OrderStatus.CANCELLED : OrderStatus.FILLED;
    await expectWholeStream(bot, followers.get(orderReqId) ?? bot.follow(orderReqId), end);
  }
}

function fillsAfter(killedAt: readonly number[], { orders }: EndFigures): number[] {
  const fills = orders.flatMap(({ filledAt }) => (filledAt ? [filledAt.getTime()] : [])).sort((a, b) => a - b);
  return killedAt.flatMap((at) => {
    const next = fills.find((fill) => fill > at);
    return next === undefined ? [] : [next - at];
  });
}
