import type { Logger } from '../../../shared/core/logger.js';
import type { FailureReason } from '../../../shared/order/message.js';
import type { Order } from '../../../shared/order/order.js';
import type { Attempt, NewAttempt } from '../../../shared/store/attempts.js';
import type { Fill } from '../../../shared/store/positions.js';
import type { DeadAttempt, LandedAttempt } from '../../../shared/store/settlement.js';

/**
 * How an order becomes a fill. An executor decides what to ask, sign and send; everything it wants to be true it says to
 * its {@link Run}, which writes it to the store by the right of the order's current fence.
 *
 * The rules every executor keeps:
 * - `commitAttempt` comes before the first byte is sent (E7). What it throws means: send nothing.
 * - `fail` is for proven failures. Not knowing is `note('UNKNOWN', ...)` and watching on.
 * - A run with `openAttempt` starts there: the transaction may be on the wire or on chain already.
 * - It ends by exactly one of `settle` and `fail`, or by throwing `run.signal.reason` when the run was stopped.
 */
export interface Executor {
  /** `venue`, `simulated` or `mock`; also the source of its proposals' names. */
  readonly name: string;
  /** Its transactions reach a chain. */
  readonly isReal: boolean;
  execute(run: Run): Promise<void>;
}

export interface Offer {
  readonly proposalId: string;
  readonly source: string;
  readonly lamports: bigint;
  readonly tokens: bigint;
  /** SOL per whole token. */
  readonly price: string;
  readonly note: string;
  readonly expiresAt: Date | null;
}

/** One execution of one order. Every method writes under the current fence and throws STALE_FENCE when it is outdated. */
export interface Run {
  /** As it stood when the run began. */
  readonly order: Order;
  /** The attempt whose fate is not known yet, from a run before this one. */
  readonly openAttempt: Attempt | undefined;
  /** Aborts when the order was taken away (cancelled, taken over) or the processor shuts down. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Puts an offer on the order's queue: NEW. */
  propose(offer: Offer): Promise<void>;
  /** NEW -> ACCEPTED: the order executes at this offer. */
  acceptProposal(proposalId: string): Promise<void>;
  /** Makes sure that this run still has the order, before the wallet signs anything for it. */
  requireRights(): Promise<void>;
  /** Commits the signed attempt, SUBMITTED -> CONFIRMING, and returns its number. Afterwards it may be sent. */
  commitAttempt(attempt: NewAttempt): Promise<number>;
  /** Notes that the attempt was sent for the first time. */
  markSent(attemptNumber: number): Promise<void>;
  /** Notes that the attempt was first seen in a block. */
  markSeen(attemptNumber: number): Promise<void>;
  /** Tells everyone why the order still is CONFIRMING. */
  note(reason: 'UNKNOWN' | 'SETTLING', detail: string): Promise<void>;
  /** The attempt landed: order FILLED, position booked. */
  settle(attempt: LandedAttempt, fill: Fill): Promise<void>;
  /** Nothing of this execution is or will be on chain. */
  fail(failure: ExecutionFailure, attempt?: DeadAttempt): Promise<void>;
}

export interface ExecutionFailure {
  readonly reason: FailureReason;
  /** What happened and what could be done, in one or two sentences for people. */
  readonly error: string;
  /** No later try can fare better: an ENTRY ends with this. An EXIT is tried on all the same (X5). */
  readonly definitive?: boolean;
  /** Network fee of an attempt that landed with an error. */
  readonly feeLamports?: bigint;
}
