import { OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { TradingState, type QueueStats as WireStats } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { durationOf } from '../../../shared/grpc/duration.js';
import { OrderPriority } from '../../../shared/order/priority.js';
import type { QueueStats } from '../../../shared/store/queue-stats.js';

/** The queue as the API shows it. `endedBefore` is the total when this requestor started. */
export function statsToWire(stats: QueueStats, endedBefore: number): WireStats {
  const levels = new Map(stats.levels.map((level) => [level.priority, level]));
  return {
    takenAt: stats.takenAt,
    queued: BigInt(stats.queued),
    queuedEntries: BigInt(stats.queuedEntries),
    queuedExits: BigInt(stats.queuedExits),
    processing: BigInt(stats.processing),
    availableSlots: Math.max(0, stats.maxConcurrent - stats.processing),
    maxConcurrentOrders: stats.maxConcurrent,
    waitingForRetry: BigInt(stats.waitingForRetry),
    processedTotal: BigInt(stats.processedTotal),
    processedSinceStart: BigInt(stats.processedTotal - endedBefore),
    averageWait: stats.averageWaitMs === null ? undefined : durationOf(stats.averageWaitMs),
    priorities: Object.entries(OrderPriority).map(([name, priority]) => {
      const level = levels.get(priority);
      return {
        priority,
        name,
        queued: BigInt(level?.queued ?? 0),
        processing: BigInt(level?.processing ?? 0),
        oldestWaiting: level?.oldestWaitingMs == null ? undefined : durationOf(level.oldestWaitingMs),
        estimatedWaitMin: undefined,
        estimatedWaitMax: undefined,
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
