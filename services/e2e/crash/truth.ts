import { expect } from 'chai';
import { AttemptState, type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { formatAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import type { LedgerLine } from '../../sandbox/ledger.js';
import type { Bot } from './bot.js';
import { landedSwaps, swapOf } from './ledger.js';
import type { VenueControl } from './venue.js';

/** What must hold of every order after any crash, checked against the sandbox's ledger. */

/** SOL of a new sandbox wallet, in lamports. */
const FUNDED_LAMPORTS = 1_000n * 10n ** BigInt(SOL_DECIMALS);

interface World {
  readonly bot: Bot;
  readonly venue: VenueControl;
}

/**
 * E7, E10: each of these orders is FILLED by exactly one landed swap and says what that swap moved; no other order and no other
 * swap exists; and the wallet holds what the fills and the fees leave. Returns the orders as they stand.
 */
export async function expectAllFilledOnce(world: World, orderReqIds: readonly string[]): Promise<Order[]> {
  const { bot, venue } = world;
  const listed = (await bot.orders()).map(({ orderReqId }) => orderReqId);
  expect(listed, 'orders that exist').to.have.members([...orderReqIds]);
  const orders = await Promise.all(orderReqIds.map((orderReqId) => bot.order(orderReqId)));
  const ledger = venue.ledger();
  for (const order of orders) expectFilledOnce(order, ledger);
  expect(landedSwaps(ledger), 'swaps that landed').to.have.length(orders.length);
  await expectWallet(venue, orders, ledger);
  return orders;
}

/** The order is FILLED, and its attempts put exactly one swap on the chain. */
export function expectFilledOnce(order: Order, ledger: readonly LedgerLine[]): void {
  const { orderReqId } = order;
  expect(order.status, `${orderReqId} (${order.lastError})`).to.equal(OrderStatus.FILLED);
  const signatures = new Set(order.attempts.map(({ txSignature }) => txSignature));
  const landed = landedSwaps(ledger).filter(({ signature }) => signatures.has(signature));
  expect(landed, `landed swaps of ${orderReqId}`).to.have.length(1);
  expect(order.txSignature).to.equal(landed[0]?.signature);
  const open = order.attempts.filter(({ resolvedAt }) => resolvedAt === undefined);
  expect(open, `attempts of ${orderReqId} without a fate`).to.deep.equal([]);
  const booked = order.attempts.filter(({ state }) => state === AttemptState.LANDED);
  expect(booked.map(({ txSignature }) => txSignature)).to.deep.equal([order.txSignature]);
  for (const line of landed) expectAmounts(order, line);
}

function expectAmounts(order: Order, line: LedgerLine): void {
  const swap = swapOf(line, order.tokenAddress);
  const buys = order.orderType === OrderType.ENTRY;
  const [lamports, tokens] = buys ? [-swap.lamports, swap.tokens] : [swap.lamports, -swap.tokens];
  const { amountSol, amountTokens, feeSol } = order;
  expect({ amountSol, amountTokens, feeSol }, order.orderReqId).to.deep.equal({
    amountSol: formatAmount(lamports, SOL_DECIMALS),
    amountTokens: formatAmount(tokens, order.tokenDecimals),
    feeSol: formatAmount(swap.feeLamports, SOL_DECIMALS),
  });
}

/** The chain's own balances against what the orders say. Failed transactions that landed cost their fee. */
export async function expectWallet(venue: VenueControl, orders: readonly Order[], ledger: readonly LedgerLine[]) {
  const { wallet } = await venue.state();
  const failedFees = ledger.filter(({ err }) => err !== null).reduce((sum, { fee }) => sum + BigInt(fee), 0n);
  let lamports = FUNDED_LAMPORTS - failedFees;
  const tokens = new Map<string, bigint>();
  for (const order of orders) {
    const sign = order.orderType === OrderType.ENTRY ? 1n : -1n;
    lamports -= sign * units(order.amountSol, SOL_DECIMALS) + units(order.feeSol, SOL_DECIMALS);
    const held = tokens.get(order.tokenAddress) ?? 0n;
    tokens.set(order.tokenAddress, held + sign * units(order.amountTokens, order.tokenDecimals));
  }
  const holdings = await venue.holdings(wallet);
  expect(holdings.lamports, 'lamports in the wallet and its token accounts').to.equal(lamports);
  expect(withoutZeros(holdings.tokens), 'tokens in the wallet').to.deep.equal(withoutZeros(tokens));
}

function units(text: string, decimals: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}

function withoutZeros(amounts: ReadonlyMap<string, bigint>): Record<string, string> {
  const kept = [...amounts].filter(([, amount]) => amount !== 0n).map(([mint, amount]) => [mint, String(amount)]);
  return Object.fromEntries(kept);
}
