import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { isAbortOf } from '../../../shared/core/abort.js';
import type { Clock } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import { failpoint } from '../../../shared/core/failpoints.js';
import type { Logger } from '../../../shared/core/logger.js';
import { runForOrder } from '../../../shared/core/order-context.js';
import { orderSpan } from '../../../shared/core/trace.js';
import { endsRun, freesSlot } from '../../../shared/order/message.js';
import type { Order } from '../../../shared/order/order.js';
import { requestIdOfOrder } from '../../../shared/order/order-move.js';
import type { OrderHolding } from '../../../shared/queue/order-holding.js';
import type { TaskContext } from '../../../shared/queue/task.js';
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

type RunContext = Pick<TaskContext, 'signal' | 'releaseSlot'>;

/** What a run has heard so far. */
interface Heard {
  lastSequence: bigint;
  /** The order still needs somebody to run it. */
  running: boolean;
  /** Dials in a row that brought nothing. */
  failures: number;
}

/**
 * Runs one claimed order: one ExecuteOrder stream until the processor says that the run has ended. A broken stream is resumed
 * after the last message seen, never restarted: each new dial first raises the fence, so that whatever ran under the old one
 * can write nothing, and the processor goes on from the committed attempts. Ends quietly when the order is no longer ours, at
 * once when it was taken away (cancelled, interrupted for an exit); goes on without its slot when that was handed over.
 */
export function createOrderRunner(options: OrderRunnerOptions) {
  const { db, link, owner, leaseMs, clock } = options;

  /** Reads one stream to its end; true when the order was taken away. */
  async function follow(holding: OrderHolding, fence: bigint, heard: Heard, signal: AbortSignal, logger: Logger) {
    const request = { orderId: holding.order.orderId, fence, afterSequence: heard.lastSequence };
    for await (const { event } of link.executeOrder(request, signal)) {
      heard.failures = 0;
      if (event?.$case === 'ended') break;
      if (event?.$case !== 'message') continue;
      if (heard.lastSequence === holding.order.headSequence) failpoint('requestor.dial.first-message');
      heard.lastSequence = event.value.sequence;
      logger.debug({ sequence: heard.lastSequence.toString(), message: event.value.text }, 'order message');
      if (event.value.content?.$case !== 'status') continue;
      const { status, reason } = event.value.content.value;
      heard.running = RUNNING.has(status);
      if (endsRun(reason)) return true;
      if (freesSlot(reason)) holding.noteSlotFreed();
    }
    failpoint('requestor.run.ended');
    return false;
  }

  /** The order under its next fence; undefined when it is not ours any more, `unknown` when nobody could say. */
  async function raise(orderId: string, fence: bigint, logger: Logger): Promise<Order | undefined | 'unknown'> {
    failpoint('requestor.fence.before');
    try {
      return await raiseFence(db, { orderId, fence }, owner, leaseMs);
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'could not raise the fence; trying again');
      return 'unknown';
    } finally {
      failpoint('requestor.fence.after');
    }
  }

  async function runOrder(holding: OrderHolding, signal: AbortSignal, logger: Logger): Promise<void> {
    const { orderId, headSequence } = holding.order;
    let { fence } = holding.order;
    const heard: Heard = { lastSequence: headSequence, running: true, failures: 0 };
    for (;;) {
      try {
        failpoint('requestor.dial.before');
        if (await follow(holding, fence, heard, signal, logger)) return;
        if (!heard.running) return;
        logger.warn('the stream ended but the order has not; dialling again');
      } catch (error) {
        if (isAbortOf(signal, error)) throw error;
        const lastSequence = heard.lastSequence.toString();
        logger.warn({ error: messageOf(error), lastSequence }, 'stream to the processor broke');
      }
      const delay = Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** heard.failures);
      heard.failures += 1;
      await clock.sleep(delay, signal);
      const raised = await raise(orderId, fence, logger);
      if (raised === 'unknown') continue;
      if (!raised) return;
      if (!raised.holdsSlot) holding.noteSlotFreed();
      fence = raised.fence;
    }
  }

  const runHeld = async (holding: OrderHolding, { signal, releaseSlot }: RunContext) => {
    const { orderId, orderReqId } = holding.order;
    const logger = options.logger.child({ orderId, orderReqId });
    holding.onSlotFreed(() => {
      if (!releaseSlot())
        logger.warn('too many orders are watched already; this one keeps its place here until it ends');
    });
    try {
      await runOrder(holding, AbortSignal.any([signal, holding.lost]), logger);
    } catch (error) {
      if (signal.aborted || !holding.lost.aborted) throw error;
      logger.info('the order is not held here any more');
    }
  };

  return (holding: OrderHolding, context: RunContext): Promise<void> => {
    const facts = { orderId: holding.order.orderId, requestId: requestIdOfOrder(holding.order) };
    return runForOrder(facts, () => orderSpan(facts, 'run', () => runHeld(holding, context)));
  };
}
