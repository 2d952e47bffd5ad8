import type { Order, OrderStatus, OrderType } from '../order/order.js';
import type { OrderPriority } from '../order/priority.js';

/** A row of `orders` as pg returns it: int8 and numeric are strings. */
export interface OrderRow {
  order_id: string;
  order_req_id: string;
  client: string;
  request_id: string;
  payload_hash: string;
  order_type: OrderType;
  priority: OrderPriority;
  emergency: boolean;
  mint: string;
  symbol: string;
  decimals: number;
  requested_lamports: string | null;
  requested_tokens: string | null;
  expected_price: string | null;
  max_slippage_bps: number;
  slippage_cap_bps: number | null;
  signal_score: number | null;
  signal_reason: string;
  position_id: string | null;
  exit_reason: string;
  exit_plan: Record<string, unknown>;
  is_simulated: boolean;
  status: OrderStatus;
  reason: string;
  tx_signature: string;
  attempt_count: number;
  max_attempts: number;
  last_error: string;
  filled_lamports: string | null;
  filled_tokens: string | null;
  fee_lamports: string | null;
  rent_lamports: string | null;
  actual_price: string | null;
  slippage_bps: number | null;
  created_at: Date;
  queued_at: Date;
  submitted_at: Date | null;
  filled_at: Date | null;
  updated_at: Date;
  expires_at: Date | null;
  next_retry_at: Date | null;
  fence: string;
  lease_owner: string | null;
  lease_until: Date | null;
  holds_slot: boolean;
  dispatch_sequence: string;
}

const units = (text: string | null): bigint | null => (text === null ? null : BigInt(text));

/** Postgres keeps a numeric's trailing zeros; the API does not show them. */
export function trimPrice(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

export function orderOf(row: OrderRow): Order {
  return {
    orderId: row.order_id,
    orderReqId: row.order_req_id,
    client: row.client,
    requestId: row.request_id,
    payloadHash: row.payload_hash,
    orderType: row.order_type,
    priority: row.priority,
    emergency: row.emergency,
    mint: row.mint,
    symbol: row.symbol,
    decimals: row.decimals,
    requestedLamports: units(row.requested_lamports),
    requestedTokens: units(row.requested_tokens),
    expectedPrice: row.expected_price === null ? null : trimPrice(row.expected_price),
    maxSlippageBps: row.max_slippage_bps,
    slippageCapBps: row.slippage_cap_bps,
    signalScore: row.signal_score,
    signalReason: row.signal_reason,
    positionId: row.position_id,
    exitReason: row.exit_reason,
    exitPlan: row.exit_plan,
    isSimulated: row.is_simulated,
    status: row.status,
    reason: row.reason,
    txSignature: row.tx_signature,
    attemptCount: row.attempt_count,
    maxAttempts: row.max_attempts,
    lastError: row.last_error,
    filledLamports: units(row.filled_lamports),
    filledTokens: units(row.filled_tokens),
    feeLamports: units(row.fee_lamports),
    rentLamports: units(row.rent_lamports),
    actualPrice: row.actual_price === null ? null : trimPrice(row.actual_price),
    slippageBps: row.slippage_bps,
    createdAt: row.created_at,
    queuedAt: row.queued_at,
    submittedAt: row.submitted_at,
    filledAt: row.filled_at,
    updatedAt: row.updated_at,
    expiresAt: row.expires_at,
    nextRetryAt: row.next_retry_at,
    fence: BigInt(row.fence),
    leaseOwner: row.lease_owner,
    leaseUntil: row.lease_until,
    holdsSlot: row.holds_slot,
    dispatchSequence: BigInt(row.dispatch_sequence),
  };
}
