import { silentLogger } from '../../../../shared/core/logger.js';
import type { Order } from '../../../../shared/order/order.js';
import { OrderPriority } from '../../../../shared/order/priority.js';
import type { Attempt, NewAttempt } from '../../../../shared/store/attempts.js';
import type { Fill } from '../../../../shared/store/positions.js';
import type { DeadAttempt, LandedAttempt } from '../../../../shared/store/settlement.js';
import type { ExecutionFailure, Offer, Run } from '../../execution/executor.js';

/** An order as the store would give it; what is left out is an ENTRY of 1 SOL. */
export function orderOf(given: Partial<Order> & Pick<Order, 'mint' | 'decimals'>): Order {
  const at = new Date(Date.UTC(2026, 0, 1));
  return {
    orderId: '0190a000-0000-7000-8000-000000000001',
    orderReqId: 'test-1',
    client: '',
    requestId: '',
    payloadHash: '',
    orderType: 'ENTRY',
    priority: OrderPriority.ENTRY,
    emergency: false,
    symbol: '',
    requestedLamports: given.orderType === 'EXIT' ? null : 1_000_000_000n,
    requestedTokens: null,
    expectedPrice: null,
    maxSlippageBps: 100,
    slippageCapBps: null,
    signalScore: null,
    signalReason: '',
    positionId: null,
    exitReason: '',
    exitPlan: {},
    isSimulated: false,
    status: 'SUBMITTED',
    reason: 'CLAIMED',
    txSignature: '',
    attemptCount: 0,
    maxAttempts: 5,
    lastError: '',
    filledLamports: null,
    filledTokens: null,
    feeLamports: null,
    rentLamports: null,
    actualPrice: null,
    slippageBps: null,
    createdAt: at,
    queuedAt: at,
    submittedAt: at,
    filledAt: null,
    updatedAt: at,
    expiresAt: null,
    nextRetryAt: null,
    fence: 1n,
    leaseOwner: 'test',
    leaseUntil: at,
    holdsSlot: true,
    dispatchSequence: 0n,
    ...given,
  };
}

export interface Failed {
  readonly failure: ExecutionFailure;
  readonly attempt: DeadAttempt | undefined;
}

/** A run that writes down in memory what an executor says to it, in order. */
export class RecordingRun implements Run {
  readonly order: Order;
  readonly openAttempt: Attempt | undefined;
  readonly logger = silentLogger;
  readonly controller: AbortController = new AbortController();
  readonly signal: AbortSignal = this.controller.signal;
  /** Names of the calls, such as `propose` and `note UNKNOWN`. */
  readonly calls: string[] = [];
  readonly offers: Offer[] = [];
  readonly committed: NewAttempt[] = [];
  readonly settled: { attempt: LandedAttempt; fill: Fill }[] = [];
  readonly failed: Failed[] = [];
  /** Called after each call was recorded; what it throws, the call throws. */
  onCall: (call: string) => void = () => undefined;

  constructor(order: Order, openAttempt?: Attempt) {
    this.order = order;
    this.openAttempt = openAttempt;
  }

  /** Attempts that were seen in a block; not among the calls, since it comes whenever the chain shows it. */
  readonly seen: number[] = [];

  async markSeen(attemptNumber: number): Promise<void> {
    this.seen.push(attemptNumber);
  }

  /** Called before each signature; what it throws keeps the wallet from signing. */
  rights: () => Promise<void> = () => Promise.resolve();

  requireRights(): Promise<void> {
    return this.rights();
  }

  async propose(offer: Offer): Promise<void> {
    this.offers.push(offer);
    this.#record('propose');
  }

  async acceptProposal(): Promise<void> {
    this.#record('accept');
  }

  async commitAttempt(attempt: NewAttempt): Promise<number> {
    this.committed.push(attempt);
    this.#record('commit');
    return 1;
  }

  async markSent(): Promise<void> {
    this.#record('sent');
  }

  async note(reason: 'UNKNOWN' | 'SETTLING'): Promise<void> {
    this.#record(`note ${reason}`);
  }

  async settle(attempt: LandedAttempt, fill: Fill): Promise<void> {
    this.settled.push({ attempt, fill });
    this.#record('settle');
  }

  async fail(failure: ExecutionFailure, attempt?: DeadAttempt): Promise<void> {
    this.failed.push({ failure, attempt });
    this.#record('fail');
  }

  /** A run after a crash: the same order with the attempt that was committed. */
  resume(state: 'PERSISTED' | 'SENT' = 'SENT'): RecordingRun {
    const attempt = this.committed[0];
    if (!attempt) throw new Error('nothing was committed');
    const at = new Date(Date.UTC(2026, 0, 1));
    const { signature, blockhash, lastValidBlockHeight, quote, proposalId } = attempt;
    return new RecordingRun(
      { ...this.order, status: 'CONFIRMING', expectedPrice: attempt.expectedPrice },
      {
        orderId: this.order.orderId,
        number: 1,
        signature,
        rawTransaction: Buffer.from(attempt.rawTransaction),
        blockhash,
        lastValidBlockHeight,
        quote,
        proposalId,
        state,
        slot: null,
        feeLamports: null,
        error: '',
        createdAt: at,
        sentAt: null,
        seenAt: null,
        resolvedAt: null,
      },
    );
  }

  #record(call: string): void {
    this.calls.push(call);
    this.onCall(call);
  }
}
