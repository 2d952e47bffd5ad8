import { type Order, OrderStatus } from '../../proto/gen/exitlane/v1/order.js';
import { type QueueStats, TradingState } from '../../proto/gen/exitlane/v1/queue_service.js';
import { dateTime, levelName, wireDuration } from './render/format.js';
import { plain } from './render/text.js';

/** Why an order stands where it stands and what happens next, in a sentence or two. With the queue it can tell more. */
export function whyItStands(order: Order, queue: QueueStats | undefined): string {
  switch (order.status) {
    case OrderStatus.PENDING:
      return whyItWaits(order, queue);
    case OrderStatus.SUBMITTED:
      return 'In a slot: it is being quoted and signed. Nothing that could land is committed yet.';
    case OrderStatus.CONFIRMING:
      return whyItConfirms(order);
    case OrderStatus.FILLED:
      return 'Landed on chain and settled.';
    case OrderStatus.FAILED:
      return `${lastError(order)}Nothing of it is on chain. Attempt ${order.attemptCount} of ${order.maxAttempts} failed; it returns to the queue ${dateTime(order.nextRetryAt) || 'soon'}.`;
    case OrderStatus.CANCELLED:
      return whyItEnded(order);
    default:
      return 'This version does not know its status: update exitlane.';
  }
}

function whyItWaits(order: Order, queue: QueueStats | undefined): string {
  const place = `Waits for a slot at priority ${order.priority} (${levelName(order.priority)}).`;
  if (!queue) return place;
  const isEntry = order.priority >= 100;
  if (queue.tradingState === TradingState.HALTED && !order.emergency) {
    return `${place} Trading is HALTED: only emergency exits start.`;
  }
  if (queue.tradingState === TradingState.EXITS_ONLY && isEntry) {
    return `${place} Trading is EXITS_ONLY: no entry starts.`;
  }
  const level = queue.priorities.find(({ priority }) => priority === order.priority);
  const better = queue.priorities
    .filter(({ priority }) => priority < order.priority)
    .reduce((sum, { queued }) => sum + queued, 0n);
  const slots = `${queue.processing} of ${queue.maxConcurrentOrders} slots are in use, ${better} more urgent orders wait before it.`;
  const estimate = level?.estimatedWaitMax
    ? ` A new order of its level waits at most about ${wireDuration(level.estimatedWaitMax)}.`
    : '';
  return `${place} ${slots}${estimate}`;
}

function whyItConfirms(order: Order): string {
  if (order.reason === 'UNKNOWN') {
    return 'Its transaction may be on the wire and may still land: it is watched until the chain decides. No second one is signed.';
  }
  if (order.reason === 'SETTLING') return 'Its transaction landed; the amounts are being read from the chain.';
  return 'Its transaction is committed and sent: the chain decides now.';
}

function whyItEnded(order: Order): string {
  switch (order.reason) {
    case 'ATTEMPTS_EXHAUSTED':
      return `${lastError(order)}All ${order.maxAttempts} attempts are used up. Nothing was traded.`;
    case 'TOKEN_NOT_TRADABLE':
    case 'EXECUTOR_ERROR':
      return `${lastError(order)}No later try could fare better (${order.reason}). Nothing was traded.`;
    case 'EXPIRED':
      return `It was still waiting at ${dateTime(order.expiresAt) || 'its expiry'} and was not to trade later. Nothing was traded.`;
    case 'CANCELLED_BY_CLIENT':
      return 'Somebody cancelled it. Nothing was traded.';
    case 'RESTORED':
      return 'It was unfinished in a backup that was restored. Whether it traded after that, only the chain can tell.';
    default:
      return `${lastError(order)}It ended without a fill${order.reason === '' ? '' : ` (${plain(order.reason)})`}.`;
  }
}

function lastError(order: Order): string {
  const text = plain(order.lastError);
  if (text === '') return '';
  return /[.!?]$/.test(text) ? `${text} ` : `${text}. `;
}
