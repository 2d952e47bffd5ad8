import { isAbortOf } from '../../../shared/core/abort.js';
import { outsideOfCalls } from '../../../shared/core/call-context.js';
import type { Clock } from '../../../shared/core/clock.js';
import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import { failpoint } from '../../../shared/core/failpoints.js';
import type { Logger } from '../../../shared/core/logger.js';
import { type OrderFacts, runForOrder } from '../../../shared/core/order-context.js';
import type { Random } from '../../../shared/core/random.js';
import { orderSpan } from '../../../shared/core/trace.js';
import { isRunning, type Order } from '../../../shared/order/order.js';
import { requestIdOfOrder } from '../../../shared/order/order-move.js';
import { RETRY_POLICY_DEFAULT, type RetryPolicy } from '../../../shared/order/retry-policy.js';
import { findOpenAttempt } from '../../../shared/store/attempts.js';
import { listConfirming, readClaimed } from '../../../shared/store/claims.js';
import type { Database } from '../../../shared/store/database.js';
import type { Executor } from './executor.js';
import { StoreRun } from './store-run.js';

export interface SupervisorOptions {
  readonly db: Database;
  /** Which executor an order runs on. */
  readonly executorFor: (order: Order) => Executor;
  readonly clock: Clock;
  readonly random: Random;
  /** When failed orders are tried again; default {@link RETRY_POLICY_DEFAULT}. */
  readonly retryPolicy?: RetryPolicy | undefined;
  readonly logger: Logger;
}

/** One order at work in this process. */
export interface ActiveRun {
  /** Settles when the run has ended, however it did. Never rejects. */
  readonly ended: Promise<void>;
}

interface Entry extends ActiveRun {
  fence: bigint;
  readonly stop: AbortController;
}

/** Waits between two tries of a run whose executor or database failed in a way that says nothing about the order. */
const RESTART_MS_MIN = 200;
const RESTART_MS_MAX = 5_000;

/**
 * Keeps one run per order. Dialling an order that runs already adopts its new fence; otherwise the run starts from what the
 * store says: a committed attempt is watched on, without one the order is executed anew. A run outlives the stream that started
 * it: only an outdated fence (takeover, cancel) or the shutdown ends it early.
 */
export class RunSupervisor {
  readonly #options: SupervisorOptions;
  readonly #runs = new Map<string, Entry>();
  #closing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get activeRuns(): number {
    return this.#runs.size;
  }

  /** @throws STALE_FENCE, ORDER_NOT_FOUND or SHUTTING_DOWN. */
  async execute(orderId: string, fence: bigint): Promise<ActiveRun> {
    this.#refuseWhileClosing();
    const order = await readClaimed(this.#options.db, { orderId, fence });
    const running = this.#runs.get(orderId);
    if (running && fence > running.fence + 1n) {
      // Raised more than once since this run was dialled: another processor may have had the order meanwhile, and what the run
      // knows of it may be over. A new one starts from what the store says.
      running.stop.abort(new ExitlaneError('STALE_FENCE', `order ${orderId} was raised past fence ${running.fence}`));
      await running.ended;
      return this.execute(orderId, fence);
    }
    if (running) {
      // The next fence is the same requestor's next dial, or the first of one that took over. The right only ever grows.
      if (fence > running.fence) running.fence = fence;
      return running;
    }
    if (!isRunning(order.status)) return { ended: Promise.resolve() };
    return this.#start(orderId, fence);
  }

  /**
   * Takes every order with a committed attempt under watch again (E8), by the fence it has: a processor that starts does not
   * wait for a requestor to dial, and several processors may watch the same attempt, since only one of them can settle it.
   * Returns how many.
   */
  async recover(): Promise<number> {
    const confirming = await listConfirming(this.#options.db);
    for (const { orderId, fence } of confirming) if (!this.#runs.has(orderId)) this.#start(orderId, fence);
    return confirming.length;
  }

  /**
   * Somebody may have taken the order away from its run here, which would notice only with its next write: looks, and stops the
   * run at once if so. Never rejects.
   */
  async recheck(orderId: string): Promise<void> {
    const entry = this.#runs.get(orderId);
    if (!entry) return;
    try {
      await readClaimed(this.#options.db, { orderId, fence: entry.fence });
    } catch (error) {
      if (error instanceof ExitlaneError && error.reason === 'STALE_FENCE') entry.stop.abort(error);
      else this.#options.logger.warn({ orderId, err: error }, 'could not look whether a run still has its order');
    }
  }

  /** Stops every run where it stands; committed attempts are taken up again after the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    const reason = new ExitlaneError('SHUTTING_DOWN', 'the processor is shutting down');
    for (const entry of this.#runs.values()) entry.stop.abort(reason);
    await Promise.all([...this.#runs.values()].map((entry) => entry.ended));
  }

  #refuseWhileClosing(): void {
    if (!this.#closing) return;
    throw new ExitlaneError('SHUTTING_DOWN', 'the processor is shutting down', { retryDelayMs: 250 });
  }

  #start(orderId: string, fence: bigint): Entry {
    // The close may have come while the order was read: a run that begins after it would never be stopped.
    this.#refuseWhileClosing();
    const entry: Entry = { fence, stop: new AbortController(), ended: Promise.resolve() };
    // It settles for whoever owns the order: what the call that dialled it may see, or may not, is no business of the run.
    const ended = outsideOfCalls(() => this.#supervise(orderId, entry)).finally(() => this.#runs.delete(orderId));
    Object.assign(entry, { ended });
    this.#runs.set(orderId, entry);
    return entry;
  }

  /** Runs the order until nothing is left to do for it here. */
  async #supervise(orderId: string, entry: Entry): Promise<void> {
    const { clock } = this.#options;
    const logger = this.#options.logger.child({ orderId });
    let facts: OrderFacts | undefined;
    for (let failures = 0; !entry.stop.signal.aborted; failures++) {
      const fence = entry.fence;
      try {
        const claim = { orderId, fence };
        const order = await readClaimed(this.#options.db, claim);
        if (!isRunning(order.status)) return;
        const known = { orderId, requestId: requestIdOfOrder(order) };
        facts = known;
        await runForOrder(known, () => orderSpan(known, 'execute', () => this.#execute(order, entry, logger)));
        return;
      } catch (error) {
        if (isAbortOf(entry.stop.signal, error)) return;
        const stale = error instanceof ExitlaneError && error.reason === 'STALE_FENCE';
        // A new fence came in while the old one was in use: go on under it. Otherwise somebody else has the order.
        if (stale && entry.fence === fence) return;
        if (stale) continue;
        const say = () => logger.error({ err: error }, 'a run failed unexpectedly; taking it up again');
        if (facts) runForOrder(facts, say);
        else say();
        const delay = Math.min(RESTART_MS_MAX, RESTART_MS_MIN * 2 ** failures);
        await clock.sleep(delay, entry.stop.signal).catch(() => undefined);
      }
    }
  }

  async #execute(order: Order, entry: Entry, parent: Logger): Promise<void> {
    const { db, executorFor, random, retryPolicy = RETRY_POLICY_DEFAULT } = this.#options;
    const logger = parent.child({ orderReqId: order.orderReqId });
    failpoint('processor.run.before');
    const openAttempt = await findOpenAttempt(db, order.orderId);
    const run = new StoreRun({
      db,
      order,
      openAttempt,
      fence: () => entry.fence,
      signal: entry.stop.signal,
      logger,
      random,
      retryPolicy,
    });
    try {
      const executor = executorFor(order);
      if (await mayRun(executor, run)) await executor.execute(run);
    } catch (error) {
      const definitive = !(error instanceof ExitlaneError) && !run.hasCommitted && !run.signal.aborted;
      // A defect before anything was committed ends the execution as a failure; afterwards only the chain may say so.
      if (!definitive) throw error;
      logger.error({ err: error }, 'the executor failed before an attempt was committed');
      await run.fail({ reason: 'EXECUTOR_ERROR', error: `The executor failed: ${messageOf(error)}.` });
    }
  }
}

/**
 * Keeps what is simulated and what is real apart (E4): an entry that a simulating processor takes becomes a simulated one before
 * anything else happens, a real position is never sold by one, and a real transaction on its way is never settled by one.
 */
async function mayRun(executor: Executor, run: StoreRun): Promise<boolean> {
  if (executor.isReal || run.order.isSimulated) return true;
  if (run.openAttempt) {
    const text = `attempt ${run.openAttempt.signature} is real, and this processor only simulates: start one on the venue`;
    throw new ExitlaneError('VENUE_UNAVAILABLE', text);
  }
  if (run.order.orderType === 'ENTRY') {
    await run.markSimulated();
    return true;
  }
  const error = 'The position is real, and this processor only simulates: nothing was sold.';
  await run.fail({ reason: 'NO_WALLET', error });
  return false;
}
