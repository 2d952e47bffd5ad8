import { orderUnknownAlert } from '../../../shared/alert/known-alerts.js';
import { failpoint } from '../../../shared/core/failpoints.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Random } from '../../../shared/core/random.js';
import { span } from '../../../shared/core/trace.js';
import { freesSlot } from '../../../shared/order/message.js';
import type { Order } from '../../../shared/order/order.js';
import { type RetryPolicy, retryDelayMs } from '../../../shared/order/retry-policy.js';
import { raiseAlert } from '../../../shared/store/alerts.js';
import { type Attempt, commitAttempt, type NewAttempt, noteAttempt } from '../../../shared/store/attempts.js';
import { markSimulated, readClaimed, requireFence } from '../../../shared/store/claims.js';
import type { Database } from '../../../shared/store/database.js';
import { moveOrder, staleFence } from '../../../shared/store/order-transitions.js';
import type { Fill } from '../../../shared/store/positions.js';
import { insertProposal, moveProposal } from '../../../shared/store/proposals.js';
import { type DeadAttempt, type LandedAttempt, settleFailure, settleFill } from '../../../shared/store/settlement.js';
import type { ExecutionFailure, Offer, Run } from './executor.js';

export interface StoreRunOptions {
  readonly db: Database;
  readonly order: Order;
  readonly openAttempt: Attempt | undefined;
  /** The newest fence this run was dialled with. */
  readonly fence: () => bigint;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly random: Random;
  readonly retryPolicy: RetryPolicy;
}

/** A run that writes to the store. Every write is one transaction under the current fence. */
export class StoreRun implements Run {
  readonly openAttempt: Attempt | undefined;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly #options: StoreRunOptions;
  #order: Order;
  #committed: boolean;

  constructor(options: StoreRunOptions) {
    this.#options = options;
    this.#order = options.order;
    this.openAttempt = options.openAttempt;
    this.#committed = options.openAttempt !== undefined;
    this.signal = options.signal;
    this.logger = options.logger;
  }

  get order(): Order {
    return this.#order;
  }

  /** An attempt is in the store whose fate is not known: only the chain may end the order. */
  get hasCommitted(): boolean {
    return this.#committed;
  }

  /** Nothing of this order will be on a chain; its position neither. */
  async markSimulated(): Promise<void> {
    this.#order = await markSimulated(this.#options.db, this.#claim());
  }

  async propose(offer: Offer): Promise<void> {
    const { orderId, decimals } = this.#order;
    await this.#options.db.transaction(async (tx) => {
      await requireFence(tx, this.#claim(), 'SUBMITTED');
      await insertProposal(tx, { ...offer, orderId }, decimals);
    });
    failpoint('processor.propose.after');
  }

  async acceptProposal(proposalId: string): Promise<void> {
    await this.#options.db.transaction(async (tx) => {
      await requireFence(tx, this.#claim(), 'SUBMITTED');
      await moveProposal(tx, this.#order, proposalId, 'ACCEPTED');
    });
    failpoint('processor.accept.after');
  }

  async requireRights(): Promise<void> {
    this.signal.throwIfAborted();
    const { status } = await readClaimed(this.#options.db, this.#claim());
    if (status !== 'SUBMITTED') throw staleFence(this.#claim());
  }

  async commitAttempt(attempt: NewAttempt): Promise<number> {
    this.signal.throwIfAborted();
    failpoint('processor.commit.before');
    const { order, number } = await span('commit', () =>
      this.#options.db.transaction((tx) => commitAttempt(tx, this.#claim(), attempt)),
    );
    this.#committed = true;
    failpoint('processor.commit.after');
    this.#order = order;
    return number;
  }

  async markSent(attemptNumber: number): Promise<void> {
    await noteAttempt(this.#options.db, this.#claim(), attemptNumber, 'SENT');
    failpoint('processor.sent.after');
  }

  async markSeen(attemptNumber: number): Promise<void> {
    await noteAttempt(this.#options.db, this.#claim(), attemptNumber, 'SEEN');
  }

  async note(reason: 'UNKNOWN' | 'SETTLING', detail: string): Promise<void> {
    this.#order = await this.#options.db.transaction(async (tx) => {
      // P8: with the confirmation time over, nothing is left to do but watch.
      const move = { to: 'CONFIRMING', reason, detail, from: ['CONFIRMING'], freesSlot: freesSlot(reason) } as const;
      const moved = await moveOrder(tx, this.#claim(), move);
      if (reason === 'UNKNOWN') await raiseAlert(tx, orderUnknownAlert(moved));
      return moved;
    });
  }

  async settle(attempt: LandedAttempt, fill: Fill): Promise<void> {
    failpoint('processor.settle.before');
    const order = await settleFill(this.#options.db, this.#claim(), this.#order, attempt, fill);
    failpoint('processor.settle.after');
    this.#committed = false;
    this.#order = order;
  }

  async fail(failure: ExecutionFailure, attempt?: DeadAttempt): Promise<void> {
    const retryMs = retryDelayMs(this.#order.attemptCount + 1, this.#options.retryPolicy, this.#options.random);
    const withDelay = { ...failure, retryDelayMs: retryMs };
    failpoint('processor.fail.before');
    const order = await settleFailure(this.#options.db, this.#claim(), this.#order, withDelay, attempt);
    failpoint('processor.fail.after');
    this.#committed = false;
    this.#order = order;
  }

  #claim() {
    return { orderId: this.#order.orderId, fence: this.#options.fence() };
  }
}
