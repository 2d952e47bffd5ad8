import type { Attempt, Order } from '../../../proto/gen/exitlane/v1/order.js';
import type { QueueStats } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { whyItStands } from '../why.js';
import { attemptStateName, bps, dateTime, levelName, orderTypeName, price, statusName } from './format.js';
import { type Style, statusColour } from './style.js';
import { type Column, facts, table } from './table.js';
import { plain, wrap } from './text.js';

export interface View {
  readonly width: number | undefined;
  readonly style: Style;
  readonly ellipsis: string;
}

/** `cli-<uuid>` in full: an id is there to be copied. */
const ID_WIDTH = 40;

/** Orders as a table, one line each. */
export function orderTable(orders: readonly Order[], { width, style, ellipsis }: View): string[] {
  const columns: Column<Order>[] = [
    { title: 'ORDER_REQ_ID', cell: ({ orderReqId }) => plain(orderReqId), squeeze: 'shorten', least: ID_WIDTH },
    { title: 'TYPE', cell: typeOf },
    { title: 'TOKEN', cell: tokenOf, squeeze: 'shorten', least: 6 },
    {
      title: 'STATUS',
      cell: ({ status }) => statusName(status),
      paint: (text, { status }) => statusColour(style, statusName(status))(text),
    },
    {
      title: 'REASON',
      cell: ({ reason, status }) => (reason === statusName(status) ? '' : plain(reason)),
      least: 10,
      leaves: 4,
    },
    { title: 'SOL', cell: ({ amountSol }) => amountSol, align: 'right', leaves: 2 },
    {
      title: 'PRICE',
      cell: ({ actualPrice, expectedPrice }) => price(actualPrice || expectedPrice),
      align: 'right',
      leaves: 3,
    },
    { title: 'SLIPPAGE', cell: ({ slippageBps }) => bps(slippageBps), align: 'right', leaves: 5 },
    { title: 'CREATED', cell: ({ createdAt }) => dateTime(createdAt), leaves: 1 },
    { title: 'ORDER_ID', cell: ({ orderId }) => orderId, leaves: 6 },
  ];
  return table(columns, orders, { width, heading: style.bold, ellipsis });
}

/** `ENTRY`, or why an exit sells. */
function typeOf({ orderType, exitReason, emergency }: Order): string {
  const name = orderTypeName(orderType);
  const reason = plain(exitReason);
  const what = reason === '' ? name : reason;
  return emergency && reason !== 'emergency' ? `${what} !` : what;
}

function tokenOf({ tokenSymbol, tokenAddress }: Order): string {
  return plain(tokenSymbol) || tokenAddress;
}

/** Everything about one order, its attempts, and why it stands where it stands. */
export function orderDetails(order: Order, queue: QueueStats | undefined, view: View): string[] {
  const { style } = view;
  const status = statusName(order.status);
  const why = wrap(whyItStands(order, queue), (view.width ?? 100) - 2).map((line) => `  ${line}`);
  const attempts = order.attempts.length === 0 ? [] : ['', ...attemptLines(order.attempts, view)];
  return [
    statusColour(style, status)(style.bold(status)),
    ...why,
    '',
    ...facts(orderFacts(order), style.dim),
    ...attempts,
  ];
}

function orderFacts(order: Order): [string, string][] {
  const slippage = bps(order.slippageBps);
  const level = `${order.priority} (${order.emergency ? 'EMERGENCY' : levelName(order.priority)})`;
  const status = statusName(order.status);
  return [
    ['order_req_id', plain(order.orderReqId)],
    ['order_id', order.orderId],
    ['type', `${orderTypeName(order.orderType)}${order.exitReason === '' ? '' : `, ${plain(order.exitReason)}`}`],
    ['priority', level],
    ['token', [plain(order.tokenSymbol), order.tokenAddress].filter(Boolean).join('  ')],
    ['reason', order.reason === status ? '' : plain(order.reason)],
    ['amount_sol', order.amountSol],
    ['amount_tokens', order.amountTokens],
    ['expected_price', order.expectedPrice === '' ? '' : `${order.expectedPrice} SOL`],
    ['actual_price', order.actualPrice === '' ? '' : `${order.actualPrice} SOL`],
    [
      'slippage',
      slippage === '' ? `at most ${order.maxSlippageBps} bps` : `${slippage} (at most ${order.maxSlippageBps})`,
    ],
    ['fee_sol', order.feeSol],
    ['signature', plain(order.txSignature)],
    ['position_id', order.positionId],
    ['simulated', order.isSimulated ? 'yes: nothing is on a chain' : ''],
    ['failed attempts', `${order.attemptCount} of ${order.maxAttempts}`],
    ['last_error', plain(order.lastError)],
    ['next_retry_at', dateTime(order.nextRetryAt)],
    ['expires_at', dateTime(order.expiresAt)],
    ['created_at', dateTime(order.createdAt)],
    ['submitted_at', dateTime(order.submittedAt)],
    ['filled_at', dateTime(order.filledAt)],
    ['started as', order.dispatchSequence === 0n ? '' : `number ${order.dispatchSequence} of all orders`],
  ];
}

function attemptLines(attempts: readonly Attempt[], { width, style, ellipsis }: View): string[] {
  const columns: Column<Attempt>[] = [
    { title: 'ATTEMPT', cell: ({ number }) => String(number), align: 'right' },
    { title: 'STATE', cell: ({ state }) => attemptStateName(state) },
    { title: 'SIGNATURE', cell: ({ txSignature }) => plain(txSignature), squeeze: 'shorten', least: 13 },
    { title: 'FEE_SOL', cell: ({ feeSol }) => feeSol, align: 'right', leaves: 3 },
    { title: 'SENT', cell: ({ sentAt }) => dateTime(sentAt), leaves: 1 },
    { title: 'RESOLVED', cell: ({ resolvedAt }) => dateTime(resolvedAt), leaves: 2 },
    { title: 'ERROR', cell: ({ error }) => plain(error), least: 12 },
  ];
  return table(columns, attempts, { width, heading: style.bold, ellipsis });
}
