import type { Order } from '../order/order.js';
import type { AlertType, NewAlert } from './alert.js';

/** Alerts in words. That of a failed exit is in shared/store/exit-alerts.ts, with the transaction that ends the exit. */

/** Names the fact that an alert is about. */
export function alertKey(alertType: AlertType, id: string): string {
  return `${alertType}:${id}`;
}

/** What alerts need to know of a position. */
export interface AlertedPosition {
  readonly positionId: string;
  readonly mint: string;
  readonly symbol: string;
}

/** A trigger of the exit plan fired, and its exit cannot be made; `why` is the position's exit_blocker. */
export function exitBlockedAlert(position: AlertedPosition, exitReason: string, why: string): NewAlert {
  return {
    ...about(position),
    alertType: 'exit_blocked',
    dedupKey: alertKey('exit_blocked', position.positionId),
    message: `A ${exitReason} exit of ${nameOf(position)} is due and cannot start: ${why}`,
    metadata: { exit_reason: exitReason },
  };
}

/** Nothing of an exit plan can fire without a price; `sinceMs` is how long there has been none, milliseconds. */
export function priceUnavailableAlert(position: AlertedPosition, sinceMs: number, why: string): NewAlert {
  const seconds = Math.round(sinceMs / 1_000);
  return {
    ...about(position),
    alertType: 'price_unavailable',
    dedupKey: alertKey('price_unavailable', position.positionId),
    message: `There has been no usable price of ${nameOf(position)} for ${seconds} s, so that its exit plan cannot fire: ${why}`,
    metadata: { seconds: String(seconds) },
  };
}

/** A transaction is on its way and the chain has not told its fate in time; it is watched on. */
export function orderUnknownAlert(order: Order): NewAlert {
  const what = order.orderType === 'EXIT' ? `${order.exitReason} exit` : 'entry';
  return {
    alertType: 'order_unknown',
    dedupKey: alertKey('order_unknown', order.orderId),
    message: `The ${what} ${order.orderReqId} of ${nameOf(order)} was sent as ${order.txSignature} and has no verdict yet. It is watched on and not sent again under another signature; its tokens stay reserved meanwhile.`,
    orderId: order.orderId,
    positionId: order.positionId,
    mint: order.mint,
    symbol: order.symbol,
    attempts: order.attemptCount,
    metadata: { order_req_id: order.orderReqId, tx_signature: order.txSignature },
  };
}

function about({ positionId, mint, symbol }: AlertedPosition) {
  return { orderId: null, positionId, mint, symbol, attempts: null };
}

function nameOf({ symbol, mint }: { readonly symbol: string; readonly mint: string }): string {
  return symbol === '' ? mint : `${symbol} (${mint})`;
}
