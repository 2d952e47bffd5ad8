/**
 * What the console's server tells the page, over HTTP and SSE. Both sides import this folder; nothing here needs a browser or
 * Node. Times are milliseconds since the Unix epoch, spans are milliseconds, amounts and prices are the API's decimal strings
 * ("" where there is none), null stands where the API leaves a value unset.
 */

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

export interface PriorityView {
  readonly priority: number;
  readonly name: string;
  readonly queued: number;
  readonly processing: number;
  readonly oldestWaitingMs: number | null;
  readonly estimatedWaitMinMs: number | null;
  readonly estimatedWaitMaxMs: number | null;
}

export interface RunningView {
  readonly orderId: string;
  readonly orderReqId: string;
  readonly type: OrderTypeName;
  readonly priority: number;
  readonly tokenSymbol: string;
  readonly status: OrderStatusName;
  readonly since: number | null;
}

export interface QueueView {
  readonly takenAt: number;
  readonly queued: number;
  readonly queuedEntries: number;
  readonly queuedExits: number;
  readonly processing: number;
  readonly availableSlots: number;
  readonly maxConcurrentOrders: number;
  readonly exitReservedSlots: number;
  readonly emergencyExtraSlots: number;
  readonly watching: number;
  readonly waitingForRetry: number;
  readonly processedTotal: number;
  readonly processedSinceStart: number;
  readonly averageWaitMs: number | null;
  readonly arrivalsPerMinute: number;
  readonly completionsPerMinute: number;
  readonly tradingState: TradingStateName;
  readonly priorities: readonly PriorityView[];
  readonly running: readonly RunningView[];
}

/** One point of the charts; null where the queue was not known. */
export interface SampleView {
  readonly at: number;
  readonly entries: number | null;
  readonly exits: number | null;
  readonly running: number | null;
  readonly averageWaitMs: number | null;
  readonly arrivals: number | null;
  readonly completions: number | null;
}

export interface TradingView {
  readonly state: TradingStateName;
  readonly changedBy: string;
  readonly changeReason: string;
  readonly changedAt: number | null;
}

export interface EndpointView {
  readonly name: string;
  readonly url: string;
  readonly healthy: boolean;
  readonly lastError: string;
}

/** One service as the console sees it. What it said last stays when it is down. */
export interface ServiceView {
  readonly service: ServiceName;
  readonly address: string;
  /** null until the first answer or failure. */
  readonly up: boolean | null;
  /** Since when it is up or down, as far as the console saw it. */
  readonly since: number;
  /** When it last answered; null if it never did. */
  readonly lastSeen: number | null;
  /** Why it is down; empty while it is up. */
  readonly error: string;
  readonly version: string;
  readonly nodeVersion: string;
  readonly mode: ModeName;
  readonly database: string;
  readonly schemaVersion: number;
  readonly startedAt: number | null;
  readonly endpoints: readonly EndpointView[];
}

export interface GateLevelView {
  readonly level: string;
  readonly inFlight: number;
  readonly waiting: number;
  readonly callsTotal: number;
  readonly averageWaitMs: number | null;
  readonly waitMaxMs: number | null;
  readonly refusedTotal: number;
}

export interface GateHostView {
  readonly host: string;
  readonly budget: number | null;
  readonly budgetLeft: number | null;
  readonly reserved: number | null;
  readonly windowMs: number | null;
  readonly resetsAt: number | null;
  readonly limitedUntil: number | null;
  readonly inFlight: number;
  readonly waiting: number;
  readonly limitedTotal: number;
  readonly overBudgetTotal: number;
}

export interface GateView {
  readonly levels: readonly GateLevelView[];
  readonly hosts: readonly GateHostView[];
}

export interface AuditView {
  readonly sequence: number;
  readonly at: number | null;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
}

export interface AuditPageView {
  /** The requestor keeps an audit log that can be read. */
  readonly available: boolean;
  readonly entries: readonly AuditView[];
}
