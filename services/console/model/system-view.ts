import type { ModeName, OrderStatusName, OrderTypeName, ServiceName, TradingStateName } from './view.js';

/** The queue, the services and what they run on, as view.ts explains. */

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
  /** Why it is down, or who of several does not answer; empty while all is well. */
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
  readonly entryId: string;
  readonly at: number | null;
  /** The user of the console, where one acted, and who called. */
  readonly who: string;
  /** Address that the call came from. */
  readonly peer: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
}

export interface AuditPageView {
  /** The requestor keeps an audit log that can be read. */
  readonly available: boolean;
  readonly entries: readonly AuditView[];
}
