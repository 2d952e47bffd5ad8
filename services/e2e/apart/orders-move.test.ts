import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { expectVerified } from '../chaos/end-truth.js';
import { Trader } from '../chaos/trader.js';
import { Witness } from '../chaos/witness.js';
import type { Follower } from '../crash/follower.js';
import { type Claimed, SlotWatch } from '../crash/slot-watch.js';
import { expectWholeStream } from '../crash/stream-truth.js';
import { expectAllFilledOnce } from '../crash/truth.js';
import { UpStack } from './up-stack.js';

const SLOTS = 3;
/**
 * The stream breaks in the instant in which its process dies; 50 ms later the requestor dials again, and reaches who lives. The rest is a
 * busy machine: an idle one needs 100 ms.
 */
const MOVED_WITHIN_MS = 5_000;
/** A quote of the killed processor takes longer than its order needs elsewhere. */
const SLOW_MS = 4_000;

describe('O3 E7 E8 P4 a processor is killed, and its orders go on at the other one', function () {
  this.timeout(120_000);
  this.slow(30_000);
  let stack: UpStack;
  let watch: SlotWatch;
  let witness: Witness;
  let trader: Trader;
  const accepted: string[] = [];
  before(async () => {
    stack = await UpStack.start();
    watch = await SlotWatch.start(stack.databaseUrl);
    witness = new Witness(`${stack.settings.folder}/witness.jsonl`);
    trader = new Trader([stack.requestorAddress], witness);
    // From here on every requestor knows every processor.
    const followers = [...(await buy('first')), ...(await buy('second'))];
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') process.stderr.write(`${stack?.logs}\n`);
    await stack?.venue.disarmAll();
    await stack?.venue.resume();
  });
  after(async () => {
    trader?.close();
    witness?.close();
    await watch?.stop();
    await stack?.close();
  });

  /** Three orders, which take all slots. */
  async function buy(name: string): Promise<Follower[]> {
    const ids = Array.from({ length: SLOTS }, (_, index) => `${name}-${index + 1}`);
    for (const id of ids) await stack.bot.buy(id, 'WIF', `0.${accepted.length + ids.indexOf(id) + 1}`);
    accepted.push(...ids);
    return ids.map((id) => stack.bot.follow(id));
  }

  async function running(): Promise<Claimed[]> {
    return (await watch.claims()).filter(({ holdsSlot }) => holdsSlot);
  }

  /**
   * Kills the first processor and leaves it dead. Orders whose fence grew were dialled anew, which only the other one can have answered:
   * how many, and the milliseconds until the last of them.
   */
  async function killFirst(followers: readonly Follower[]): Promise<{ moved: number; tookMs: number }> {
    const before = await running();
    expect(before, 'orders in slots').to.have.length(SLOTS);
    const from = performance.now();
    await stack.end('processor-1', 'SIGKILL');
    const tookMs = await eventually('an order to be dialled anew', async () => {
      const now = await watch.claims();
      return movedOf(before, now) > 0 && performance.now() - from;
    });
    await stack.venue.resume();
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    const moved = movedOf(before, await watch.claims());
    expect(stack.alive, 'what lives').not.to.include('processor-1');
    return { moved, tookMs };
  }

  async function expectGoodEnd(followers: readonly Follower[], { moved, tookMs }: { moved: number; tookMs: number }) {
    // One requestor has at least two of the three, and dials the processors in turn.
    expect(moved, 'orders that moved').to.be.within(1, SLOTS);
    expect(tookMs, 'ms until they had moved').to.be.below(MOVED_WITHIN_MS);
    for (const follower of followers) await expectWholeStream(stack.bot, follower);
    const orders = await expectAllFilledOnce(stack, accepted);
    for (const { attempts, orderReqId } of orders) expect(attempts, orderReqId).to.have.length(1);
    expect((await stack.bringBack()).started).to.deep.equal(['processor-1']);
    await expectVerified(await stack.openDatabase(), { venue: stack.venue, witness });
  }

  it('orders that were sent are watched on and settled there (CONFIRMING, no blocks)', async () => {
    await stack.venue.pause();
    const followers = await buy('sent');
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.CONFIRMING)));
    await eventually('all to be sent', async () => (await stack.venue.state()).pendingTransactions === SLOTS);
    await expectGoodEnd(followers, await killFirst(followers));
  });

  it('orders that were not signed yet are quoted and sent there (SUBMITTED, the quotes are slow)', async () => {
    await stack.venue.arm({ fault: 'slow', on: 'quote', count: SLOTS, ms: SLOW_MS });
    const followers = await buy('unsigned');
    await eventually('every quote to be asked for', async () => (await stack.venue.state()).faults.length === 0);
    const before = await running();
    expect(before).to.have.length(SLOTS);
    const from = performance.now();
    await stack.end('processor-1', 'SIGKILL');
    const first = await eventually('a fill', () => followers.find(({ statuses }) => isFilled(statuses)));
    const tookMs = performance.now() - from;
    expect(stack.alive, 'what lives').not.to.include('processor-1');
    expect(tookMs, `ms until ${first.orderReqId} was filled`).to.be.below(SLOW_MS + MOVED_WITHIN_MS);
    // Those of the other processor still wait for their quotes.
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    const moved = movedOf(before, await watch.claims());
    expect(moved, 'orders that moved').to.be.within(1, SLOTS);
    for (const follower of followers) await expectWholeStream(stack.bot, follower);
    await expectAllFilledOnce(stack, accepted);
    expect((await stack.bringBack()).started).to.deep.equal(['processor-1']);
    await expectVerified(await stack.openDatabase(), { venue: stack.venue, witness });
  });
});

function isFilled(statuses: Follower['statuses']): boolean {
  return statuses.some(({ status }) => status === OrderStatus.FILLED);
}

/** Orders that were dialled again since: each dial raises the fence first. */
function movedOf(before: readonly Claimed[], now: readonly Claimed[]): number {
  return before.filter(({ orderReqId, fence }) =>
    now.some((each) => each.orderReqId === orderReqId && each.fence > fence),
  ).length;
}
