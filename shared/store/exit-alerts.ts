import { alertKey } from '../alert/known-alerts.js';
import { formatAmount } from '../core/decimals.js';
import type { Order } from '../order/order.js';
import { raiseAlert, resolveAlertOf, resolvePositionAlerts } from './alerts.js';
import type { Transaction } from './database.js';
import { setExitBlocker } from './exit-plans.js';
import { getPosition } from './positions.js';

/** What the end of an execution tells people (X5, X12); part of the transaction that ends it. */

/** The exit is given up: a critical alert, and the position says why it has not exited. */
export async function tellFailedExit(tx: Transaction, order: Order): Promise<void> {
  if (order.positionId === null) return;
  const { attemptCount: attempts, lastError } = order;
  const amount = formatAmount(order.requestedTokens ?? 0n, order.decimals);
  const what = `${order.exitReason} exit of ${amount} ${order.symbol || order.mint}`;
  const times = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  await setExitBlocker(tx, order.positionId, `The ${what} failed after ${times}: ${lastError}`);
  await raiseAlert(tx, {
    alertType: 'exit_failed_critical',
    message: `The ${what} failed after ${times}. Last error: ${lastError} Nothing was sold by it; retry the exit when the cause is gone.`,
    dedupKey: alertKey('exit_failed_critical', order.orderId),
    orderId: order.orderId,
    positionId: order.positionId,
    mint: order.mint,
    symbol: order.symbol,
    attempts,
    metadata: { reason: order.reason, exit_reason: order.exitReason, slippage_bps: String(order.maxSlippageBps) },
  });
}

/** Nothing is left to exit from: what was wrong with getting out is over. */
export async function resolveWhenClosed(tx: Transaction, filled: Order): Promise<void> {
  if (filled.positionId === null) return;
  const { status } = await getPosition(tx, filled.positionId);
  if (status !== 'CLOSED') return;
  const note = `The position was closed by ${filled.exitReason} order ${filled.orderReqId}.`;
  await resolvePositionAlerts(tx, filled.positionId, EXIT_ALERTS, { by: 'exitlane', note });
}

const EXIT_ALERTS = ['exit_failed_critical', 'exit_blocked', 'price_unavailable'] as const;

/** The chain has told what became of a transaction that was without a verdict for long. */
export async function resolveWhenKnown(tx: Transaction, order: Order): Promise<void> {
  const note = `The verdict came: the order is ${order.status} (${order.reason}).`;
  await resolveAlertOf(tx, alertKey('order_unknown', order.orderId), { by: 'exitlane', note });
}
