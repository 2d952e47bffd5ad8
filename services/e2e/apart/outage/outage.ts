import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { OrderStatus } from '../../../../proto/gen/exitlane/v1/order.js';
import { eventually } from '../../../../shared/store/testing/waiting.js';
import { type EndFigures, expectEndTruth, expectVerified, settled } from '../../chaos/end-truth.js';
import { type LoadFigures, runLoad } from '../../chaos/load.js';
import { SlotCount } from '../../chaos/slot-count.js';
import { Trader } from '../../chaos/trader.js';
import { Witness } from '../../chaos/witness.js';
import type { Follower } from '../../crash/follower.js';
import { expectWholeStream } from '../../crash/stream-truth.js';
import { UpStack } from '../up-stack.js';

/** One process that goes away. */
export interface Deed {
  readonly victim: string;
  /** SIGKILL is a power cut; SIGINT asks PostgreSQL to stop as an operator does. */
  readonly signal: 'SIGKILL' | 'SIGINT';
  /** Somebody else does its work meanwhile: it comes back only when that was seen. */
  readonly covered: boolean;
}

/**
 * Every process once. The sandbox too: to the services it is a venue that is gone and comes back with everything that was confirmed, as a
 * real one would. Its ledger, by which all is judged in the end, is written before a client hears of a block.
 */
export const EACH_ONCE: readonly Deed[] = [
  { victim: 'processor-1', signal: 'SIGKILL', covered: true },
  { victim: 'requestor-1', signal: 'SIGKILL', covered: true },
  { victim: 'console', signal: 'SIGKILL', covered: true },
  { victim: 'sandbox', signal: 'SIGKILL', covered: false },
  { victim: 'processor-2', signal: 'SIGKILL', covered: true },
  { victim: 'requestor-2', signal: 'SIGKILL', covered: true },
  { victim: 'postgres', signal: 'SIGKILL', covered: false },
  { victim: 'postgres', signal: 'SIGINT', covered: false },
];

export interface Done extends Deed {
  /** From the end of the process until the next order of anybody was filled, ms. */
  readonly nextFillMs: number;
  /** From `make up` until all is ready again, ms. */
  readonly backMs: number;
}

export interface OutageFigures {
  readonly done: readonly Done[];
  readonly load: LoadFigures;
  readonly end: EndFigures;
  readonly slotsMost: number;
  readonly followed: number;
}

export interface OutageOptions {
  readonly deeds: Iterable<Deed>;
  readonly seed: number;
  readonly log: (line: string) => void;
}

const SLOTS = 3;
const LIVE_MAX = 12;
/** One order in this many is followed from the first message on, through everything. */
const FOLLOWED = 4;
/** What nobody covers for stays away this long. */
const AWAY_MS = 1_000;
/** Orders in between, so that every deed meets some. */
const PAUSE_MS = 400;
/** A dead requestor's leases run out after 4 s; the rest is a busy machine. */
const FILL_WITHIN_MS = 30_000;
/** A blockhash lives for 7.5 s, and an order may need all its attempts. */
const SETTLED_WITHIN_MS = 120_000;

/** What `make up` starts, under load, while its processes go away one after the other. Throws whatever promise was not kept. */
export async function runOutage({ deeds, seed, log }: OutageOptions): Promise<OutageFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-outage-'));
  const witness = new Witness(path.join(folder, 'witness.jsonl'));
  const stack = await UpStack.start();
  const trader = new Trader([stack.requestorAddress], witness);
  const slots = new SlotCount(() => stack.heldSlots());
  const stop = new AbortController();
  try {
    const { bot, venue } = stack;
    const followers = new Map<string, Follower>();
    let accepted = 0;
    const onAccepted = (orderReqId: string) => {
      accepted += 1;
      if (accepted % FOLLOWED === 0) followers.set(orderReqId, bot.follow(orderReqId));
    };
    const options = { trader, seed, ordersMax: Number.POSITIVE_INFINITY, liveMax: LIVE_MAX, onAccepted };
    const loading = runLoad(options, stop.signal);
    const [load, done] = await Promise.all([loading, performAll(stack, deeds, log).finally(() => stop.abort())]);
    log(`${done.length} outages done; ${accepted} orders; waiting for rest`);
    const world = { bot, venue, trader, witness };
    await settled(world, SETTLED_WITHIN_MS);
    const end = await expectEndTruth(world);
    await slots.stop();
    expect(slots.most, 'orders that held a slot at once').to.be.within(1, SLOTS);
    for (const { orderReqId, status } of end.orders) {
      const last = status === OrderStatus.CANCELLED ? OrderStatus.CANCELLED : OrderStatus.FILLED;
      await expectWholeStream(bot, followers.get(orderReqId) ?? bot.follow(orderReqId), last);
    }
    expect(await stack.notReady(), 'processes that are not ready').to.deep.equal([]);
    await expectVerified(await stack.openDatabase(), world);
    return { done, load, end, slotsMost: slots.most, followed: followers.size };
  } catch (error) {
    process.stderr.write(`${stack.logs}\n`);
    throw error;
  } finally {
    stop.abort();
    trader.close();
    await slots.stop().catch(() => undefined);
    await stack.close();
    witness.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function performAll(stack: UpStack, deeds: Iterable<Deed>, log: (line: string) => void): Promise<Done[]> {
  const done: Done[] = [];
  for (const deed of deeds) {
    const each = await perform(stack, deed);
    done.push(each);
    log(doneLine(each));
  }
  return done;
}

async function perform(stack: UpStack, deed: Deed): Promise<Done> {
  const { victim, signal, covered } = deed;
  const begun = Date.now();
  await eventually('orders to run', async () => ((await stack.filledSince(begun)) ?? 0) > 0, FILL_WITHIN_MS);
  await pause(PAUSE_MS);
  const others = stack.alive.filter((name) => name !== victim);
  await stack.end(victim, signal);
  const at = Date.now();
  if (covered) await fillAfter(stack, at);
  else await pause(AWAY_MS);
  expect(stack.alive, `who is left without ${victim}`).to.have.members(others);
  const { tookMs: backMs, started } = await stack.bringBack();
  expect(started, 'what make up had to start').to.deep.equal([victim]);
  await fillAfter(stack, at);
  const rows = await stack.query('SELECT min(filled_at) AS first FROM orders WHERE filled_at > $1', [new Date(at)]);
  return { ...deed, nextFillMs: Number(rows?.[0]?.first) - at, backMs };
}

async function fillAfter(stack: UpStack, at: number): Promise<void> {
  await eventually('the next fill', async () => ((await stack.filledSince(at)) ?? 0) > 0, FILL_WITHIN_MS);
}

export function doneLine({ victim, signal, nextFillMs, backMs }: Done): string {
  const what = `${victim} ${signal === 'SIGKILL' ? 'killed' : 'stopped'}`;
  return `${what.padEnd(20)}  next fill after ${nextFillMs} ms; back ${Math.round(backMs)} ms after make up`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
