/**
 * What the console's server tells the page, over HTTP and SSE. Both sides import this folder; nothing here needs a browser or
 * Node. Times are milliseconds since the Unix epoch, spans are milliseconds, amounts and prices are the API's decimal strings
 * ("" where there is none), null stands where the API leaves a value unset.
 */

export type * from './system-view.js';

export type OrderStatusName = 'PENDING' | 'SUBMITTED' | 'CONFIRMING' | 'FILLED' | 'FAILED' | 'CANCELLED' | 'UNKNOWN';
export type OrderTypeName = 'ENTRY' | 'EXIT' | 'UNKNOWN';
export type AttemptStateName = 'PERSISTED' | 'SENT' | 'SEEN' | 'LANDED' | 'LANDED_FAILED' | 'DEAD' | 'UNKNOWN';
export type ProposalStateName = 'NEW' | 'ACCEPTED' | 'REJECTED' | 'EXPIRED' | 'UNKNOWN';
export type PositionStatusName = 'OPEN' | 'EXIT_PENDING' | 'PARTIAL_EXIT' | 'CLOSED' | 'UNKNOWN';
export type TradingStateName = 'ACTIVE' | 'EXITS_ONLY' | 'HALTED' | 'UNKNOWN';
export type AlertStateName = 'OPEN' | 'ACKNOWLEDGED' | 'RESOLVED' | 'UNKNOWN';
export type SeverityName = 'INFO' | 'WARNING' | 'CRITICAL' | 'UNKNOWN';
export type ModeName = 'SIMULATION' | 'SANDBOX' | 'LIVE' | 'UNKNOWN';
export type ServiceName = 'requestor' | 'processor';
export type Role = 'viewer' | 'operator';

/** One order; units as in `order.proto`. */
export interface OrderView {
  readonly orderId: string;
  readonly orderReqId: string;
  readonly type: OrderTypeName;
  readonly tokenAddress: string;
  readonly tokenSymbol: string;
  readonly amountSol: string;
  readonly amountTokens: string;
  readonly expectedPrice: string;
  readonly actualPrice: string;
  readonly maxSlippageBps: number;
  readonly slippageBps: number | null;
  readonly positionId: string;
  readonly exitReason: string;
  readonly emergency: boolean;
  readonly isSimulated: boolean;
  readonly status: OrderStatusName;
  readonly reason: string;
  readonly txSignature: string;
  readonly attemptCount: number;
  readonly maxAttempts: number;
  readonly lastError: string;
  readonly nextRetryAt: number | null;
  readonly createdAt: number | null;
  readonly submittedAt: number | null;
  readonly filledAt: number | null;
  readonly updatedAt: number | null;
  readonly expiresAt: number | null;
  readonly isTerminal: boolean;
  readonly canRetry: boolean;
  readonly priority: number;
  readonly feeSol: string;
  readonly rentSol: string;
  readonly dispatchSequence: number;
}

export interface AttemptView {
  readonly number: number;
  readonly txSignature: string;
  readonly state: AttemptStateName;
  readonly slot: number;
  readonly error: string;
  readonly feeSol: string;
  readonly createdAt: number | null;
  readonly sentAt: number | null;
  readonly seenAt: number | null;
  readonly resolvedAt: number | null;
}

/** One order with its attempts, oldest first. */
export interface OrderDetailView {
  readonly order: OrderView;
  readonly attempts: readonly AttemptView[];
}

export interface OrderPageView {
  readonly orders: readonly OrderView[];
  /** Empty at the end. */
  readonly nextPageToken: string;
}

/** One message of an order's queue, as its timeline shows it. */
export interface MessageView {
  readonly sequence: number;
  readonly at: number | null;
  readonly text: string;
  readonly status: StatusMessageView | null;
  readonly proposal: ProposalView | null;
}

export interface StatusMessageView {
  readonly status: OrderStatusName;
  readonly reason: string;
  readonly detail: string;
  readonly attempt: number;
  readonly txSignature: string;
  readonly amountSol: string;
  readonly amountTokens: string;
  readonly expectedPrice: string;
  readonly actualPrice: string;
  readonly slippageBps: number | null;
  readonly feeSol: string;
  readonly nextRetryAt: number | null;
}

export interface ProposalView {
  readonly proposalId: string;
  readonly source: string;
  readonly state: ProposalStateName;
  readonly amountSol: string;
  readonly amountTokens: string;
  readonly price: string;
  readonly expiresAt: number | null;
  readonly note: string;
}

export interface TakeProfitView {
  readonly gainPercent: number;
  readonly sellPercent: number;
}

/** What is null is off. */
export interface ExitPlanView {
  readonly stopLossPercent: number | null;
  readonly trailingStopPercent: number | null;
  readonly trailingActivationPercent: number | null;
  readonly takeProfits: readonly TakeProfitView[];
  readonly timeLimitMs: number | null;
  readonly stagnationWindowMs: number | null;
  readonly stagnationPercent: number | null;
}

export interface PositionView {
  readonly positionId: string;
  readonly entryOrderId: string;
  readonly tokenAddress: string;
  readonly tokenSymbol: string;
  readonly tokenDecimals: number;
  readonly status: PositionStatusName;
  readonly entryPrice: string;
  readonly entryAmountSol: string;
  readonly entryAmountTokens: string;
  readonly soldTokens: string;
  readonly reservedTokens: string;
  readonly availableTokens: string;
  readonly realizedPnl: string;
  readonly unrealizedPnl: string;
  readonly currentPrice: string;
  /** When the price was asked for, by the console's clock: the API tells its age. */
  readonly currentPriceAt: number | null;
  readonly feesSol: string;
  readonly exitReason: string;
  readonly lastExitOrderId: string;
  readonly lastExitPrice: string;
  readonly lastExitAt: number | null;
  readonly openedAt: number | null;
  readonly closedAt: number | null;
  readonly finalPnl: string;
  readonly exitBlocker: string;
  readonly exitPlan: ExitPlanView | null;
  readonly isSimulated: boolean;
}

export interface PnlView {
  readonly realizedPnl: string;
  readonly unrealizedPnl: string;
  readonly feesSol: string;
  readonly openPositions: number;
  readonly closedPositions: number;
  readonly positionsWithoutPrice: number;
}

export interface AlertView {
  readonly alertId: string;
  readonly alertType: string;
  readonly severity: SeverityName;
  readonly state: AlertStateName;
  readonly title: string;
  readonly message: string;
  readonly orderId: string;
  readonly positionId: string;
  readonly tokenAddress: string;
  readonly tokenSymbol: string;
  readonly requiresAction: boolean;
  readonly attempts: number | null;
  readonly repeats: number;
  readonly createdAt: number | null;
  readonly lastRaisedAt: number | null;
  readonly acknowledgedAt: number | null;
  readonly acknowledgedBy: string;
  readonly acknowledgeNote: string;
  readonly resolvedAt: number | null;
  readonly resolvedBy: string;
  readonly resolveNote: string;
  readonly deliveries: readonly DeliveryView[];
}

export interface DeliveryView {
  readonly event: string;
  readonly sender: string;
  readonly state: string;
  readonly attempts: number;
  readonly lastError: string;
}
