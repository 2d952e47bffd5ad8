import { expect } from 'chai';
import { type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { type Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { formatAmount, parseAmount } from '../../../shared/core/decimals.js';
import type { Database } from '../../../shared/store/database.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import type { LedgerLine } from '../../sandbox/ledger.js';
import { exitCodeOf, reportLines, VerifyExit } from '../../verify/render.js';
import { verify } from '../../verify/verify.js';
import type { Bot } from '../crash/bot.js';
import { landedSwaps } from '../crash/ledger.js';
import { expectFilledOnce, expectWallet } from '../crash/truth.js';
import type { VenueControl } from '../crash/venue.js';
import type { Trader } from './trader.js';
import type { Witness } from './witness.js';

export interface World {
  readonly bot: Bot;
  readonly venue: VenueControl;
  readonly trader: Trader;
  readonly witness: Witness;
}

export interface EndFigures {
  readonly orders: readonly Order[];
  /** Of them, exits that were made because one on the wire died: they sell what it did not (X11). */
  readonly followers: number;
  readonly filled: number;
  readonly cancelled: number;
  readonly landed: number;
  /** Swaps of an order beyond its first: must be 0. */
  readonly landedTwice: number;
}

/** Waits until no order is on its way: the milliseconds that took. */
export async function settled({ trader }: Pick<World, 'trader'>, withinMs: number): Promise<number> {
  const from = performance.now();
  await eventually('every order to end', async () => (await trader.liveOrders()).length === 0, withinMs);
  return performance.now() - from;
}

/**
 * What must hold when everything has come to rest, whatever was killed on the way: every acknowledged order is there, no other
 * is but followers, each ended, filled ones by exactly one swap of theirs and cancelled ones by none (E7), no other swap exists, positions
 * hold what was bought and not sold (X8), and so does the wallet (E10).
 */
export async function expectEndTruth({ bot, venue, trader, witness }: World): Promise<EndFigures> {
  const orders: Order[] = [];
  for (const { orderReqId } of await trader.allOrders()) orders.push(await bot.order(orderReqId));
  const ledger = venue.ledger();
  const swaps = landedSwaps(ledger);
  const landedTwice = countLandedTwice(orders, swaps);
  expect(landedTwice, 'swaps beyond the first of an order').to.equal(0);
  const isFollower = ({ orderReqId }: Order) => orderReqId.startsWith(FOLLOWER) || trader.wishes.has(orderReqId);
  const followers = orders.filter(isFollower);
  expectFollowing(followers, orders);
  const seen = new Set(witness.lines().map(({ orderReqId }) => orderReqId));
  expectWitnessed(
    orders.filter((order) => !isFollower(order) || seen.has(order.orderReqId)),
    witness,
  );
  const filled = orders.filter(({ status }) => status === OrderStatus.FILLED);
  const cancelled = orders.filter(({ status }) => status === OrderStatus.CANCELLED);
  const others = orders.filter((order) => !filled.includes(order) && !cancelled.includes(order));
  expect(others.map(({ orderReqId, status }) => `${orderReqId} ${status}`)).to.deep.equal([]);
  for (const order of filled) expectFilledOnce(order, ledger);
  for (const order of cancelled) expectNothingLanded(order, swaps);
  expect(swaps, 'swaps that landed').to.have.length(filled.length);
  expectPositions(await trader.allPositions(), filled);
  await expectWallet(venue, filled, ledger);
  return {
    orders,
    followers: followers.length,
    filled: filled.length,
    cancelled: cancelled.length,
    landed: swaps.length,
    landedTwice,
  };
}

/** The checker that operators run finds nothing either. Closes the database. */
export async function expectVerified(
  db: Database,
  { venue, witness }: Pick<World, 'venue' | 'witness'>,
): Promise<void> {
  try {
    const { wallet } = await venue.state();
    const report = await verify({ db, ledger: venue.ledgerPath, witness: witness.path, wallet });
    const broken = report.checks.filter(({ violations }) => violations.length > 0);
    expect(broken, reportLines({ ok: false, checks: broken }).join('\n')).to.deep.equal([]);
    expect(exitCodeOf(report)).to.equal(VerifyExit.CLEAN);
  } finally {
    await db.close();
  }
}

function countLandedTwice(orders: readonly Order[], swaps: readonly LedgerLine[]): number {
  const landed = new Set(swaps.map(({ signature }) => signature));
  return orders.reduce((sum, { attempts }) => {
    return sum + Math.max(0, attempts.filter(({ txSignature }) => landed.has(txSignature)).length - 1);
  }, 0);
}

/** Begins the order_req_id of one more order of a request that has its own; the dead exit's order_id comes after it. */
const FOLLOWER = 'follow:';

/** X11: each took over, from an exit of the same position that died on the wire, all its tokens. */
function expectFollowing(followers: readonly Order[], orders: readonly Order[]): void {
  for (const follower of followers) {
    const { orderReqId, orderType, positionId, amountTokens } = follower;
    const dead = orders.find((order) =>
      orderReqId.startsWith(FOLLOWER) ? `${FOLLOWER}${order.orderId}` === orderReqId : mayBeFollowedBy(order, follower),
    );
    const { status, reason } = dead ?? {};
    expect({ status, reason }, `the exit that ${orderReqId} follows`).to.deep.equal({
      status: OrderStatus.CANCELLED,
      reason: 'SUPERSEDED',
    });
    expect({ orderType, positionId, amountTokens }, orderReqId).to.deep.equal({
      orderType: OrderType.EXIT,
      positionId: dead?.positionId,
      amountTokens: dead?.amountTokens,
    });
  }
}

function mayBeFollowedBy({ orderId, positionId, reason, amountTokens }: Order, follower: Order): boolean {
  const sameTokens = positionId === follower.positionId && amountTokens === follower.amountTokens;
  return sameTokens && reason === 'SUPERSEDED' && orderId < follower.orderId;
}

function expectWitnessed(orders: readonly Order[], witness: Witness): void {
  const promised = new Map(witness.lines().map((line) => [line.orderReqId, line]));
  const ids = orders.map(({ orderReqId }) => orderReqId);
  expect(ids, 'orders that exist, against those acknowledged').to.have.members([...promised.keys()]);
  for (const order of orders) {
    const { orderId, mint, orderType } = promised.get(order.orderReqId) ?? {};
    const type = order.orderType === OrderType.ENTRY ? 'ENTRY' : 'EXIT';
    expect({ orderId, mint, orderType }, order.orderReqId).to.deep.equal({
      orderId: order.orderId,
      mint: order.tokenAddress,
      orderType: type,
    });
  }
}

/** Ended without a fill: none of its attempts is on the chain, and none may still get there. */
export function expectNothingLanded(order: Order, swaps: readonly LedgerLine[]): void {
  const signatures = new Set(order.attempts.map(({ txSignature }) => txSignature));
  const landed = swaps.filter(({ signature }) => signatures.has(signature));
  expect(landed, `landed swaps of ${order.orderReqId}, which is ${order.status}`).to.deep.equal([]);
  const open = order.attempts.filter(({ resolvedAt }) => resolvedAt === undefined);
  expect(open, `attempts of ${order.orderReqId} without a fate`).to.deep.equal([]);
}

function expectPositions(positions: readonly Position[], filled: readonly Order[]): void {
  const entries = filled.filter(({ orderType }) => orderType === OrderType.ENTRY);
  expect(
    positions.map(({ entryOrderId }) => entryOrderId),
    'positions, one for each filled entry',
  ).to.have.members(entries.map(({ orderId }) => orderId));
  for (const position of positions) {
    const { positionId, tokenDecimals } = position;
    const exits = filled.filter((each) => each.orderType === OrderType.EXIT && each.positionId === positionId);
    const units = (text: string) => {
      const amount = parseAmount(text, tokenDecimals);
      return amount.ok ? amount.units : 0n;
    };
    const sold = exits.reduce((sum, { amountTokens }) => sum + units(amountTokens), 0n);
    const { soldTokens, reservedTokens, status } = position;
    expect(units(soldTokens), `sold of position ${positionId}`).to.equal(sold);
    expect(
      units(reservedTokens),
      `reserved of position ${positionId}, ${formatAmount(sold, tokenDecimals)} sold`,
    ).to.equal(0n);
    expect(status, `status of position ${positionId}`).not.to.equal(PositionStatus.EXIT_PENDING);
  }
}
