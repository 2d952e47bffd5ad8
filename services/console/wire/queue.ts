import type {
  GetTradingStateResponse,
  PriorityStats,
  QueueStats,
  RunningOrder,
} from '../../../proto/gen/exitlane/v1/queue_service.js';
import type { PriorityView, QueueView, RunningView, SampleView, TradingStateName, TradingView } from '../model/view.js';
import { nameOf, spanOf, timeOf } from './basics.js';
import { statusOf, typeOf } from './orders.js';

export const TRADING_STATES = ['ACTIVE', 'EXITS_ONLY', 'HALTED'] as const;

export function tradingStateOf(value: string): TradingStateName {
  return nameOf('TRADING_STATE_', TRADING_STATES, value);
}

export function tradingView(response: GetTradingStateResponse): TradingView {
  const { changedBy, changeReason, changedAt } = response;
  return { state: tradingStateOf(response.state), changedBy, changeReason, changedAt: timeOf(changedAt) };
}

export function queueView(stats: QueueStats): QueueView {
  return {
    takenAt: stats.takenAt?.getTime() ?? 0,
    queued: Number(stats.queued),
    queuedEntries: Number(stats.queuedEntries),
    queuedExits: Number(stats.queuedExits),
    processing: Number(stats.processing),
    availableSlots: stats.availableSlots,
    maxConcurrentOrders: stats.maxConcurrentOrders,
    exitReservedSlots: stats.exitReservedSlots,
    emergencyExtraSlots: stats.emergencyExtraSlots,
    watching: Number(stats.watching),
    waitingForRetry: Number(stats.waitingForRetry),
    processedTotal: Number(stats.processedTotal),
    processedSinceStart: Number(stats.processedSinceStart),
    averageWaitMs: spanOf(stats.averageWait),
    arrivalsPerMinute: stats.arrivalsPerMinute,
    completionsPerMinute: stats.completionsPerMinute,
    tradingState: tradingStateOf(stats.tradingState),
    priorities: stats.priorities.map(priorityView),
    running: stats.running.map(runningView),
  };
}

function priorityView(level: PriorityStats): PriorityView {
  return {
    priority: level.priority,
    name: level.name,
    queued: Number(level.queued),
    processing: Number(level.processing),
    oldestWaitingMs: spanOf(level.oldestWaiting),
    estimatedWaitMinMs: spanOf(level.estimatedWaitMin),
    estimatedWaitMaxMs: spanOf(level.estimatedWaitMax),
  };
}

function runningView(order: RunningOrder): RunningView {
  return {
    orderId: order.orderId,
    orderReqId: order.orderReqId,
    type: typeOf(order.orderType),
    priority: order.priority,
    tokenSymbol: order.tokenSymbol,
    status: statusOf(order.status),
    since: timeOf(order.since),
  };
}

/** A point of the charts; without a queue it is a gap. */
export function sampleOf(at: number, queue: QueueView | undefined): SampleView {
  return {
    at,
    entries: queue?.queuedEntries ?? null,
    exits: queue?.queuedExits ?? null,
    running: queue?.processing ?? null,
    averageWaitMs: queue?.averageWaitMs ?? null,
    arrivals: queue?.arrivalsPerMinute ?? null,
    completions: queue?.completionsPerMinute ?? null,
  };
}
