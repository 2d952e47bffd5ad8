import { duration } from './format.js';
import type { AttemptStateName, OrderStatusName, OrderView, QueueView, TradingStateName } from './view.js';

/** What the API's names mean, in words. */

export const TRADING_MEANING: Readonly<Record<TradingStateName, string>> = {
  ACTIVE: 'All orders start.',
  EXITS_ONLY: 'No entry starts. Exits run.',
  HALTED: 'Only emergency exits start.',
  UNKNOWN: 'Not known.',
};

export const TRADING_LABEL: Readonly<Record<TradingStateName, string>> = {
  ACTIVE: 'Active',
  EXITS_ONLY: 'Exits only',
  HALTED: 'Halted',
  UNKNOWN: 'Unknown',
};

export const STATUS_LABEL: Readonly<Record<OrderStatusName, string>> = {
  PENDING: 'Pending',
  SUBMITTED: 'Submitted',
  CONFIRMING: 'Confirming',
  FILLED: 'Filled',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  UNKNOWN: 'Unknown',
};

export const STATUS_MEANING: Readonly<Record<OrderStatusName, string>> = {
  PENDING: 'Waits for a slot; nothing is signed.',
  SUBMITTED: 'In a slot; nothing is committed that could land.',
  CONFIRMING: 'A signed transaction is committed and may land.',
  FILLED: 'Landed and settled.',
  FAILED: 'This execution failed and nothing of it is on chain; it is tried again.',
  CANCELLED: 'Ended without a fill.',
  UNKNOWN: 'This version of the console does not know this status.',
};

export const ATTEMPT_MEANING: Readonly<Record<AttemptStateName, string>> = {
  PERSISTED: 'Committed, not sent yet',
  SENT: 'Sent',
  SEEN: 'Seen in a block that may still vanish',
  LANDED: 'On chain',
  LANDED_FAILED: 'On chain with an error: the fee is spent, nothing moved',
  DEAD: 'Proven never to land',
  UNKNOWN: 'Not known to this version',
};

const LEVELS: Readonly<Record<number, string>> = {
  0: 'Emergency',
  10: 'Stop-loss',
  20: 'Trailing stop',
  30: 'Take-profit',
  40: 'Manual exit',
  50: 'Other exit',
  100: 'Entry',
};

export function levelLabel(priority: number): string {
  return LEVELS[priority] ?? `Level ${priority}`;
}

/** `take_profit_1` as `take-profit 1`. */
export function exitReasonLabel(reason: string): string {
  const known = /^(stop_loss|take_profit|trailing_stop|time_limit)(?:_(\d))?$/.exec(reason);
  if (!known) return reason.replaceAll('_', ' ');
  const words = (known[1] ?? '').replace('_', known[1] === 'time_limit' || known[1] === 'trailing_stop' ? ' ' : '-');
  return known[2] === undefined ? words : `${words} ${known[2]}`;
}

/** What an order does, in a word or two. */
export function kindLabel({
  type,
  exitReason,
  emergency,
}: Pick<OrderView, 'type' | 'exitReason' | 'emergency'>): string {
  if (emergency) return type === 'ENTRY' ? 'urgent entry' : 'emergency';
  if (type === 'ENTRY') return 'entry';
  return exitReason === '' ? 'exit' : exitReasonLabel(exitReason);
}

/** Why an order stands where it stands and what happens next. With the queue it can tell more. */
export function whyItStands(order: OrderView, queue: QueueView | null, now: number): string {
  switch (order.status) {
    case 'PENDING':
      return whyItWaits(order, queue);
    case 'SUBMITTED':
      return 'In a slot: it is being quoted and signed. Nothing that could land is committed yet.';
    case 'CONFIRMING':
      return whyItConfirms(order);
    case 'FILLED':
      return 'Landed on chain and settled.';
    case 'FAILED':
      return `${sentence(order.lastError)}Nothing of it is on chain. Execution ${order.attemptCount} of ${order.maxAttempts} failed; ${nextTry(order, now)}`;
    case 'CANCELLED':
      return whyItEnded(order);
    default:
      return STATUS_MEANING.UNKNOWN;
  }
}

function whyItWaits(order: OrderView, queue: QueueView | null): string {
  const place = `Waits for a slot as ${levelLabel(order.priority).toLowerCase()} (priority ${order.priority}).`;
  if (!queue) return place;
  if (queue.tradingState === 'HALTED' && !order.emergency)
    return `${place} Trading is halted: only emergency exits start.`;
  if (queue.tradingState === 'EXITS_ONLY' && order.type === 'ENTRY') return `${place} Exits only: no entry starts.`;
  const before = queue.priorities
    .filter(({ priority }) => priority < order.priority)
    .reduce((sum, { queued }) => sum + queued, 0);
  const slots = `${queue.processing} of ${queue.maxConcurrentOrders} slots are in use, ${before} more urgent ${before === 1 ? 'order waits' : 'orders wait'} before it.`;
  const most = queue.priorities.find(({ priority }) => priority === order.priority)?.estimatedWaitMaxMs ?? null;
  return most === null
    ? `${place} ${slots}`
    : `${place} ${slots} A new order of its level waits at most about ${duration(most)}.`;
}

function whyItConfirms({ reason }: OrderView): string {
  if (reason === 'UNKNOWN') {
    return 'Its transaction may be on the wire and may still land: it is watched until the chain decides. No second one is signed.';
  }
  if (reason === 'SETTLING') return 'Its transaction landed; the amounts are being read from the chain.';
  return 'Its transaction is committed and sent: the chain decides now.';
}

function nextTry({ nextRetryAt }: OrderView, now: number): string {
  if (nextRetryAt === null || nextRetryAt <= now) return 'it returns to the queue now.';
  return `it returns to the queue in ${duration(nextRetryAt - now)}.`;
}

function whyItEnded(order: OrderView): string {
  const error = sentence(order.lastError);
  switch (order.reason) {
    case 'ATTEMPTS_EXHAUSTED':
      return `${error}All ${order.maxAttempts} attempts are used up. Nothing was traded.`;
    case 'EXPIRED':
      return 'It was still waiting at its expiry and was not to trade later. Nothing was traded.';
    case 'CANCELLED_BY_CLIENT':
      return 'Somebody cancelled it. Nothing was traded.';
    case 'RESTORED':
      return 'It was unfinished in a backup that was restored. Whether it traded after that, only the chain can tell.';
    default:
      return `${error}It ended without a fill${order.reason === '' ? '' : ` (${order.reason})`}.`;
  }
}

function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  return /[.!?]$/.test(trimmed) ? `${trimmed} ` : `${trimmed}. `;
}
