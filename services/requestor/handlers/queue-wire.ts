import { OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { TradingState, type QueueStats as WireStats } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { durationOf } from '../../../shared/grpc/duration.js';
import { OrderPriority, priorityName } from '../../../shared/order/priority.js';
import { estimateWait } from '../../../shared/order/wait-estimate.js';
import type { QueueStats } from '../../../shared/store/queue-stats.js';
import type { TradingState as TradingStateName } from '../../../shared/store/scheduler-state.js';
import { waitFacts } from '../../../shared/store/wait-facts.js';

/** The queue as the API shows it. `endedBefore` is the total when this requestor started. */
export function statsToWire(stats: QueueStats, endedBefore: number): WireStats {
  const facts = waitFacts(stats);
  return {
    takenAt: stats.takenAt,
    queued: BigInt(stats.queued),
    queuedEntries: BigInt(stats.queuedEntries),
    queuedExits: BigInt(stats.queuedExits),
    processing: BigInt(stats.processing),
    watching: BigInt(stats.watching),
    exitReservedSlots: stats.exitReserved,
    emergencyExtraSlots: stats.emergencyExtra,
    availableSlots: Math.max(0, stats.maxConcurrent - stats.processing),
    maxConcurrentOrders: stats.maxConcurrent,
    waitingForRetry: BigInt(stats.waitingForRetry),
    processedTotal: BigInt(stats.processedTotal),
    processedSinceStart: BigInt(stats.processedTotal - endedBefore),
    averageWait: stats.averageWaitMs === null ? undefined : durationOf(stats.averageWaitMs),
    priorities: stats.levels.map((level) => {
      const wait = mayStart(level.priority, stats.tradingState) ? estimateWait(level.priority, facts) : undefined;
      return {
        priority: level.priority,
        name: priorityName(level.priority),
        queued: BigInt(level.queued),
        processing: BigInt(level.processing),
        oldestWaiting: level.oldestWaitingMs === null ? undefined : durationOf(level.oldestWaitingMs),
        estimatedWaitMin: wait && durationOf(wait.minMs),
        estimatedWaitMax: wait && durationOf(wait.maxMs),
      };
    }),
    arrivalsPerMinute: stats.arrivalsPerMinute,
    completionsPerMinute: stats.completionsPerMinute,
    tradingState: TradingState[stats.tradingState],
    running: stats.running.map((order) => ({
      orderId: order.orderId,
      orderReqId: order.orderReqId,
      orderType: OrderType[order.orderType],
      priority: order.priority,
      tokenSymbol: order.symbol,
      status: OrderStatus[order.status],
      since: order.since,
    })),
  };
}

/** P9: while the trading state holds a level back, no number says how long. */
function mayStart(priority: number, state: TradingStateName): boolean {
  if (state === 'HALTED') return priority === OrderPriority.EMERGENCY;
  return state === 'ACTIVE' || priority !== OrderPriority.ENTRY;
}
