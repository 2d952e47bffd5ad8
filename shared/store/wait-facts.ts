import type { WaitFacts } from '../order/wait-estimate.js';
import type { QueueStats } from './queue-stats.js';

/** What the estimate of waits goes by, from one look at the queue. */
export function waitFacts(stats: QueueStats): WaitFacts {
  return {
    slots: stats.maxConcurrent,
    occupants: stats.running.map(({ priority, orderType, status }) => ({
      priority,
      orderType,
      sent: status === 'CONFIRMING',
    })),
    queued: stats.levels.map(({ priority, queued }) => ({ priority, count: queued })),
    arrivalsPerMinute: stats.levels.map(({ priority, arrivalsPerMinute }) => ({ priority, count: arrivalsPerMinute })),
    holds: stats.holds ?? undefined,
  };
}
