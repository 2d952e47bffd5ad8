import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { isAbortOf } from '../../../shared/core/abort.js';
import type { Clock } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import { failpoint } from '../../../shared/core/failpoints.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Order } from '../../../shared/order/order.js';
import { raiseFence } from '../../../shared/store/claims.js';
import type { Database } from '../../../shared/store/database.js';
import type { ProcessorLink } from '../processor-link.js';

export interface OrderRunnerOptions {
  readonly db: Database;
  readonly link: Pick<ProcessorLink, 'executeOrder'>;
  readonly owner: string;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Waits between dials of one order: short at first, since a processor usually is back at once. */
const REDIAL_MS_MIN = 50;
const REDIAL_MS_MAX = 1_000;

/** While the last status told is one of these, the order still needs somebody to run it. */
const RUNNING: ReadonlySet<OrderStatus> = new Set([OrderStatus.SUBMITTED, OrderStatus.CONFIRMING]);

/**
 * Runs one claimed order: one ExecuteOrder stream until the processor says that the run has ended. A broken stream is resumed
 * after the last message seen, never restarted: each new dial first raises the fence, so that whatever ran under the old one
 * can write nothing, and the processor goes on from the committed attempts. Ends quietly when the order is no longer ours.
 */
export function createOrderRunner(options: OrderRunnerOptions): (claimed: Order, signal: AbortSignal) => Promise<void> {
  const { db, link, owner, leaseMs, clock } = options;
  return async (claimed, signal) => {
    const logger = options.logger.child({ orderId: claimed.orderId, orderReqId: claimed.orderReqId });
    let fence = claimed.fence;
    let lastSequence = 0n;
    let failures = 0;
    let running = true;
    for (;;) {
      try {
        failpoint('requestor.dial.before');
        const request = { orderId: claimed.orderId, fence, afterSequence: lastSequence };
        for await (const { event } of link.executeOrder(request, signal)) {
          failures = 0;
          if (event?.$case === 'ended') break;
          if (event?.$case !== 'message') continue;
          if (lastSequence === 0n) failpoint('requestor.dial.first-message');
          lastSequence = event.value.sequence;
          if (event.value.content?.$case === 'status') running = RUNNING.has(event.value.content.value.status);
          logger.debug({ sequence: lastSequence.toString(), message: event.value.text }, 'order message');
        }
        failpoint('requestor.run.ended');
        if (!running) return;
        logger.warn('the stream ended but the order has not; dialling again');
      } catch (error) {
        if (isAbortOf(signal, error)) throw error;
        logger.warn(
          { error: messageOf(error), lastSequence: lastSequence.toString() },
          'stream to the processor broke',
        );
      }
      const delay = Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** failures);
      failures += 1;
      await clock.sleep(delay, signal);
      failpoint('requestor.fence.before');
      const raised = await raiseFence(db, { orderId: claimed.orderId, fence }, owner, leaseMs).catch(
        (error: unknown) => {
          logger.warn({ error: messageOf(error) }, 'could not raise the fence; trying again');
          return 'unknown' as const;
        },
      );
      failpoint('requestor.fence.after');
      if (raised === 'unknown') continue;
      if (!raised) return;
      fence = raised.fence;
    }
  };
}
