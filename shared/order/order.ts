import type { OrderPriority } from './priority.js';

/**
 * An order as the store knows it. Amounts are base units (lamports, the mint's smallest unit), prices decimal strings in
 * SOL per whole token, times UTC. DESIGN.md, "Words", defines the terms.
 */
export type OrderType = 'ENTRY' | 'EXIT';
export type OrderStatus = 'PENDING' | 'SUBMITTED' | 'CONFIRMING' | 'FILLED' | 'FAILED' | 'CANCELLED';

/** Reasons an EXIT may carry (X2); the text decides the priority (P1). */
export const EXIT_REASONS = [
  'stop_loss',
  'take_profit_1',
  'take_profit_2',
  'take_profit_3',
  'trailing_stop',
  'time_limit',
  'stagnation',
  'manual',
  'emergency',
] as const;

export interface Order {
  readonly orderId: string;
  readonly orderReqId: string;
  /** Whose it is: the client that submitted it, an exit's its position's; empty if nobody was asked. */
  readonly client: string;
  /** Of the call that made it; empty for what the exit manager made. */
  readonly requestId: string;
  readonly payloadHash: string;
  readonly orderType: OrderType;
  readonly priority: OrderPriority;
  readonly emergency: boolean;
  readonly mint: string;
  readonly symbol: string;
  readonly decimals: number;
  /** ENTRY: lamports to spend. */
  readonly requestedLamports: bigint | null;
  /** EXIT: token base units to sell. */
  readonly requestedTokens: bigint | null;
  readonly expectedPrice: string | null;
  readonly maxSlippageBps: number;
  /** Slippage may step up to this, attempt by attempt; null: it stays. */
  readonly slippageCapBps: number | null;
  /** Of an entry made from a signal. */
  readonly signalScore: number | null;
  readonly signalReason: string;
  readonly positionId: string | null;
  readonly exitReason: string;
  readonly exitPlan: Record<string, unknown>;
  readonly isSimulated: boolean;
  readonly status: OrderStatus;
  readonly reason: string;
  readonly txSignature: string;
  readonly attemptCount: number;
  readonly maxAttempts: number;
  readonly lastError: string;
  readonly filledLamports: bigint | null;
  readonly filledTokens: bigint | null;
  readonly feeLamports: bigint | null;
  /** Lamports deposited in the wallet's own token accounts with the fill; negative: came back. */
  readonly rentLamports: bigint | null;
  readonly actualPrice: string | null;
  readonly slippageBps: number | null;
  readonly createdAt: Date;
  readonly queuedAt: Date;
  readonly submittedAt: Date | null;
  readonly filledAt: Date | null;
  readonly updatedAt: Date;
  readonly expiresAt: Date | null;
  readonly nextRetryAt: Date | null;
  readonly fence: bigint;
  readonly leaseOwner: string | null;
  readonly leaseUntil: Date | null;
  readonly holdsSlot: boolean;
  readonly dispatchSequence: bigint;
}

export function isTerminal(status: OrderStatus): boolean {
  return status === 'FILLED' || status === 'CANCELLED';
}

/** SUBMITTED and CONFIRMING: a processor is, or should be, at work on it. */
export function isRunning(status: OrderStatus): boolean {
  return status === 'SUBMITTED' || status === 'CONFIRMING';
}
