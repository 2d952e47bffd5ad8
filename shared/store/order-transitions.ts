import { formatAmount, SOL_DECIMALS } from '../core/decimals.js';
import { ExitlaneError } from '../core/errors.js';
import type { FailureReason, StatusBody, StatusReason } from '../order/message.js';
import { isRunning, isTerminal, type Order, type OrderStatus } from '../order/order.js';
import { statesBefore } from '../order/transitions.js';
import { nextSlippageBps } from '../position/exit-ladder.js';
import type { Transaction } from './database.js';
import { appendMessage } from './messages.js';
import { type OrderRow, orderOf } from './order-row.js';

/**
 * Every change of an order's state goes through {@link moveOrder}: one conditional write on (fence, state) with its message,
 * inside the caller's transaction.
 */

/** Key of the queue hint that says: a retry or an expiry has a new time. */
export const DUE_TIME_SET = 'due';

/** Key of the queue hint that says: an exit waits, and may start although every slot is taken (P8). */
export const EXIT_WAITS = 'exit';

/** Key of the queue hint that says: a slot was given back, whatever the tasks that run here still hold. */
export const SLOT_FREED = 'slot';

/** By what right a change is made. */
export type Claim = { readonly orderId: string; readonly fence: bigint };

export interface Move {
  readonly to: OrderStatus;
  readonly reason: StatusReason;
  /** For people. */
  readonly detail: string;
  /** Narrower than the transition table allows. */
  readonly from?: readonly OrderStatus[];
  /** Further columns and their values, set by the same write. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** SQL for columns whose value is an expression; never holds user input. */
  readonly setSql?: readonly string[];
  /** Number of the attempt that the message is about. */
  readonly attempt?: number;
  /** Why the execution failed that ends with this move; for who counts. */
  readonly failure?: FailureReason;
  /** Gives the slot back although the order runs on; leaving the running states always does. */
  readonly freesSlot?: boolean;
}

/** Columns that move() may set; keeps the statement's text out of callers' hands. */
const SETTABLE = new Set([
  'tx_signature',
  'attempt_count',
  'last_error',
  'expected_price',
  'filled_lamports',
  'filled_tokens',
  'fee_lamports',
  'rent_lamports',
  'actual_price',
  'slippage_bps',
  'position_id',
  'lease_owner',
  'next_retry_at',
  'max_slippage_bps',
]);

/**
 * Moves the order if the fence is current and the state allows it; otherwise changes nothing and throws STALE_FENCE, on which
 * the caller stops its task. Leaving the running states gives the slot and the lease back in the same write.
 */
export async function moveOrder(tx: Transaction, claim: Claim, move: Move): Promise<Order> {
  const from = move.from ?? statesBefore(move.to);
  const params: unknown[] = [claim.orderId, claim.fence, from, move.to, move.reason];
  const assignments = ['status = $4', 'reason = $5', 'updated_at = exitlane_now()', ...(move.setSql ?? [])];
  for (const [column, value] of Object.entries(move.set ?? {})) {
    if (!SETTABLE.has(column)) throw new Error(`column ${column} is not settable by a transition`);
    params.push(value);
    assignments.push(`${column} = $${params.length}`);
  }
  const leaves = !isRunning(move.to);
  if (leaves || move.freesSlot) {
    const releasedAt = 'CASE WHEN holds_slot THEN exitlane_now() ELSE slot_released_at END';
    assignments.push('holds_slot = false', `slot_released_at = ${releasedAt}`);
  }
  if (leaves) assignments.push('lease_owner = NULL', 'lease_until = NULL');
  if (move.to !== 'FAILED') assignments.push('next_retry_at = NULL');
  if (move.to === 'PENDING') assignments.push('queued_at = exitlane_now()');
  const { rows } = await tx.query<OrderRow>(
    `UPDATE orders SET ${assignments.join(', ')} WHERE order_id = $1 AND fence = $2 AND status = ANY($3) RETURNING *`,
    params,
  );
  if (!rows[0]) throw staleFence(claim);
  const order = orderOf(rows[0]);
  await appendMessage(tx, order.orderId, { kind: 'status', body: statusBody(order, move.detail, move.attempt) });
  tx.moved({ order, attempt: move.attempt, failure: move.failure });
  if (isTerminal(order.status)) await tx.query('UPDATE order_totals SET ended = ended + 1 WHERE id = 1');
  // Wakes claims: only a new waiting order or a freed slot can make one possible.
  if (order.status === 'PENDING') tx.hint('queue', order.orderId);
  else if (leaves || move.freesSlot) tx.hint('queue', SLOT_FREED);
  if (order.status === 'PENDING' && order.orderType === 'EXIT') tx.hint('queue', EXIT_WAITS);
  if (order.nextRetryAt !== null) tx.hint('queue', DUE_TIME_SET);
  return order;
}

/** The status message that tells where `order` stands now. */
export function statusBody(order: Order, detail: string, attempt?: number): StatusBody {
  const filled = order.status === 'FILLED';
  return {
    status: order.status,
    reason: order.reason,
    detail,
    attemptCount: order.attemptCount,
    ...(attempt === undefined ? {} : { attempt }),
    ...(order.txSignature === '' ? {} : { txSignature: order.txSignature }),
    ...(order.expectedPrice === null ? {} : { expectedPrice: order.expectedPrice }),
    ...(order.nextRetryAt === null ? {} : { nextRetryAt: order.nextRetryAt.toISOString() }),
    ...(filled && order.filledLamports !== null ? { amountSol: formatAmount(order.filledLamports, SOL_DECIMALS) } : {}),
    ...(filled && order.filledTokens !== null
      ? { amountTokens: formatAmount(order.filledTokens, order.decimals) }
      : {}),
    ...(filled && order.actualPrice !== null ? { actualPrice: order.actualPrice } : {}),
    ...(filled && order.slippageBps !== null ? { slippageBps: order.slippageBps } : {}),
    ...(filled && order.feeLamports !== null ? { feeSol: formatAmount(order.feeLamports, SOL_DECIMALS) } : {}),
    ...(order.positionId === null ? {} : { positionId: order.positionId }),
  };
}

export interface Failure {
  readonly reason: FailureReason;
  /** What happened, for people; becomes `last_error`. */
  readonly error: string;
  /** Delay until the next try, from the retry policy. */
  readonly retryDelayMs: number;
  /** No later try can fare better: an ENTRY ends with this reason. */
  readonly definitive?: boolean;
  readonly attempt?: number;
  /** SOL and tokens are untouched, but the network's fee may be spent. */
  readonly feeLamports?: bigint;
}

/**
 * Ends one execution without a fill (E3): counts it, stores error and reason, and either sets the time of the next try or, with
 * the attempts used up, ends the order. A definitive failure ends an ENTRY at once; an EXIT must get out and uses all its tries
 * (X5), since what cannot be traded now may be tradable again. Give this only proven failures: unknown is never failed.
 */
export async function failOrder(tx: Transaction, claim: Claim, order: Order, failure: Failure): Promise<Order> {
  const attemptCount = order.attemptCount + 1;
  const common = { attempt_count: attemptCount, last_error: failure.error };
  // Only an attempt's own end may end what it left on its way.
  const from: readonly OrderStatus[] = failure.attempt === undefined ? ['SUBMITTED'] : ['CONFIRMING'];
  if (failure.definitive === true && order.orderType === 'ENTRY') {
    return moveOrder(tx, claim, {
      to: 'CANCELLED',
      reason: failure.reason,
      detail: `${failure.error} No later try can fare better: the entry ends after attempt ${attemptCount} of ${order.maxAttempts}.`,
      from,
      failure: failure.reason,
      set: common,
      ...(failure.attempt === undefined ? {} : { attempt: failure.attempt }),
    });
  }
  if (attemptCount < order.maxAttempts) {
    const { priority, maxSlippageBps: currentBps, slippageCapBps: capBps } = order;
    const nextBps = nextSlippageBps({ priority, currentBps, capBps });
    const within = nextBps === currentBps ? '' : `, within ${nextBps} bps`;
    return moveOrder(tx, claim, {
      to: 'FAILED',
      reason: failure.reason,
      detail: `${failure.error} Attempt ${attemptCount} of ${order.maxAttempts}; next in ${(failure.retryDelayMs / 1000).toFixed(1)} s${within}.`,
      from,
      failure: failure.reason,
      set: { ...common, max_slippage_bps: nextBps },
      setSql: [`next_retry_at = exitlane_now() + interval '1 millisecond' * ${Math.round(failure.retryDelayMs)}`],
      ...(failure.attempt === undefined ? {} : { attempt: failure.attempt }),
    });
  }
  return moveOrder(tx, claim, {
    to: 'CANCELLED',
    reason: 'ATTEMPTS_EXHAUSTED',
    detail: `${failure.error} All ${order.maxAttempts} attempts are used up (last reason ${failure.reason}).`,
    from,
    failure: failure.reason,
    set: common,
    ...(failure.attempt === undefined ? {} : { attempt: failure.attempt }),
  });
}

/** What a write under an outdated fence, or from a state that has passed, throws: the caller stops its task. */
export function staleFence(claim: Claim): ExitlaneError {
  const text = `order ${claim.orderId} has moved on: fence ${claim.fence} is not its current one`;
  return new ExitlaneError('STALE_FENCE', text, {
    metadata: { order_id: claim.orderId, fence: claim.fence.toString() },
  });
}
