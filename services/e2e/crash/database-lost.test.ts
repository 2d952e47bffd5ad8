import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { PostgresServer } from '../../../shared/store/testing/postgres-server.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { untilAnswered } from './bot.js';
import { CuttingProxy } from './cutting-proxy.js';
import type { Follower } from './follower.js';
import { Stack, showLogsOf } from './stack.js';
import { expectWholeStream } from './stream-truth.js';
import { expectAllFilledOnce } from './truth.js';

const SLOTS = 3;
/** Enough for the pools and the listeners of both services. */
const NEWBORNS = 12;

describe('E7 E8 E10 S1 the database goes away in the middle of orders and comes back', function () {
  this.slow(15_000);
  let server: PostgresServer;
  let databaseUrl: string;
  let proxy: CuttingProxy;
  let stack: Stack;
  const submitted: string[] = [];
  before(async () => {
    // Of its own: everybody else's sessions would go down with it.
    server = await PostgresServer.start();
    databaseUrl = server.url('postgres');
    proxy = await CuttingProxy.start(databaseUrl);
    stack = await Stack.start({ databaseUrl: proxy.url });
  });
  afterEach(async function () {
    showLogsOf(this, stack);
    await stack.venue.resume();
  });
  after(async () => {
    await stack?.close();
    await proxy?.close();
    await server?.stop();
  });

  async function buy(orderReqId: string): Promise<Follower> {
    const amountSol = `0.${submitted.length + 1}5`;
    await untilAnswered(orderReqId, () => stack.bot.buy(orderReqId, 'JTO', amountSol));
    submitted.push(orderReqId);
    return stack.bot.follow(orderReqId);
  }

  async function buyHeld(name: string, count: number): Promise<Follower[]> {
    await stack.venue.pause();
    const followers: Follower[] = [];
    for (let number = 1; number <= count; number++) followers.push(await buy(`${name}-${number}`));
    await stack.bot.untilCount(OrderStatus.CONFIRMING, SLOTS);
    return followers;
  }

  const OURS = `application_name = 'exitlane' AND pid <> pg_backend_pid()`;

  async function sessions(): Promise<unknown[]> {
    const rows = await runOnPostgres(databaseUrl, `SELECT pid FROM pg_stat_activity WHERE ${OURS}`);
    return rows.map(({ pid }) => pid);
  }

  /** Cuts every session of the services. Their process ids. */
  async function cutSessions(): Promise<unknown[]> {
    const sql = `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OURS}`;
    return (await runOnPostgres(databaseUrl, sql)).map(({ pid }) => pid);
  }

  async function expectGoodEnd(followers: readonly Follower[]): Promise<void> {
    await Promise.all(followers.map((follower) => follower.until(OrderStatus.FILLED)));
    for (const follower of followers) await expectWholeStream(stack.bot, follower);
    await untilAnswered('the list of orders', () => stack.bot.orders());
    await expectAllFilledOnce(stack, submitted);
  }

  it('all sessions are cut again and again: while orders wait for a block, and at each fill', async () => {
    const followers = await buyHeld('cut', 6);
    for (let cuts = 0; cuts < 3; cuts++) {
      const cut = await cutSessions();
      await eventually('new sessions', async () => (await sessions()).some((pid) => !cut.includes(pid)));
    }
    await stack.venue.resume();
    for (let filled = 1; filled <= followers.length; filled++) {
      await eventually(`fill ${filled}`, () => fillsSeen(followers) >= filled, 40_000);
      await cutSessions();
    }
    await expectGoodEnd(followers);
  });

  it('sessions are cut in the moment they begin', async () => {
    const followers = await buyHeld('newborn', 4);
    proxy.cutNewborns(NEWBORNS);
    // Nobody opens a session who has one.
    while (proxy.toCut > 0) {
      await cutSessions();
      const left = proxy.toCut;
      await eventually('another session to begin', () => proxy.toCut < left || left === 0);
    }
    await stack.venue.resume();
    await expectGoodEnd(followers);
  });

  it('the server crashes and recovers while orders run, wait and come in', async () => {
    const followers = await buyHeld('crash', 5);
    const victim = await eventually('a session', async () => (await sessions())[0]);
    // One session that dies without a word makes the server end all of them, and start anew from its log.
    process.kill(Number(victim), 'SIGKILL');
    followers.push(await buy('came-in-meanwhile'));
    await stack.venue.resume();
    await expectGoodEnd(followers);
  });
});

function fillsSeen(followers: readonly Follower[]): number {
  return followers.filter(({ statuses }) => statuses.some(({ status }) => status === OrderStatus.FILLED)).length;
}
