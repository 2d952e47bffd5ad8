import type { Clock, Timer } from '../../../shared/core/clock.js';
import { DeathProof } from './death-proof.js';
import type { LandedTransaction } from './landed-transaction.js';
import { currentUrgency } from './urgency.js';

/** A committed transaction whose fate is wanted. */
export interface WatchRequest {
  readonly signature: string;
  /** The signed bytes, sent again until there is a verdict. */
  readonly bytes: Uint8Array;
  readonly lastValidBlockHeight: bigint;
  /** It was sent by a run before this one: it may be old. */
  readonly resumed: boolean;
  /** Told once, when a block first shows the transaction. Nothing hangs on it. */
  readonly seen?: () => Promise<void>;
  /** Tells everyone why it takes so long. A rejection ends the watch with it. */
  readonly note: (reason: 'UNKNOWN' | 'SETTLING', detail: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What became of it: in a confirmed block (maybe with an error), or proven never to be. */
export type Verdict = { kind: 'landed'; transaction: LandedTransaction } | { kind: 'dead'; detail: string };

export interface Patience {
  readonly clock: Clock;
  readonly confirmTimeoutMs: number;
  readonly settlingNoteMs: number;
  /** Endpoints on different hosts. */
  readonly endpoints: number;
}

/**
 * One transaction under watch.
 *
 *   CONFIRMING -> READING    a confirmed block has it; its balances are being read
 *   READING -> CONFIRMING    it stayed unreadable: look for it again
 *   either -> ended          landed and read, proven dead, or its run was stopped
 */
export class Watched {
  readonly request: WatchRequest;
  readonly verdict: Promise<Verdict>;
  readonly proof: DeathProof;
  /** That of its order, whose run began the watch: the watcher works for many. */
  readonly urgency = currentUrgency();
  phase: 'CONFIRMING' | 'READING' = 'CONFIRMING';
  ended = false;
  /** A send, or a read, of this transaction is under way. */
  sending = false;
  reading = false;
  nextSendAt: number;
  /** Clock time at which the watch began. */
  readonly since: number;
  /** Clock time since which it is read. */
  readingSince = 0;
  /** Whether a node may have forgotten it, unless it looks into its history. */
  needsHistory: boolean;
  readonly #patience: Patience;
  readonly #unknownTimer: Timer;
  #settlingTimer: Timer | undefined;
  #seen = false;
  #overdue = false;
  #notedUnknown = false;
  #resolve: (verdict: Verdict) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;

  constructor(request: WatchRequest, patience: Patience, nextSendAt: number) {
    this.request = request;
    this.#patience = patience;
    this.nextSendAt = nextSendAt;
    this.since = patience.clock.now();
    this.needsHistory = request.resumed;
    this.proof = new DeathProof(patience.endpoints);
    this.verdict = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { clock, confirmTimeoutMs } = patience;
    this.#unknownTimer = clock.setTimer(() => {
      this.#overdue = true;
      this.#noteUnknown();
    }, confirmTimeoutMs);
    request.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** A block shows it. */
  seen(): void {
    if (this.ended || this.#seen) return;
    this.#seen = true;
    // A note for people: when it cannot be written, the verdict will say the same.
    this.request.seen?.().catch(() => undefined);
  }

  /** A confirmed block has it. */
  found(): void {
    if (this.ended || this.phase === 'READING') return;
    this.phase = 'READING';
    const { clock, settlingNoteMs } = this.#patience;
    this.readingSince = clock.now();
    this.#settlingTimer ??= clock.setTimer(() => {
      this.#note('SETTLING', `${this.request.signature} landed, but its balances cannot be read yet; reading on.`);
    }, settlingNoteMs);
  }

  lookAgain(): void {
    this.phase = 'CONFIRMING';
    this.needsHistory = true;
    this.#noteUnknown();
  }

  end(verdict: Verdict): void {
    if (this.#close()) this.#resolve(verdict);
  }

  fail(reason: unknown): void {
    if (this.#close()) this.#reject(reason);
  }

  readonly #onAbort = () => this.fail(this.request.signal.reason);

  /** Once, when it is overdue and nobody knows where it is. */
  #noteUnknown(): void {
    if (!this.#overdue || this.#notedUnknown || this.phase !== 'CONFIRMING') return;
    this.#notedUnknown = true;
    const seconds = Math.round(this.#patience.confirmTimeoutMs / 1000);
    this.#note('UNKNOWN', `No verdict on ${this.request.signature} after ${seconds} s. It is not failed; watching on.`);
  }

  #note(reason: 'UNKNOWN' | 'SETTLING', detail: string): void {
    if (this.ended) return;
    this.request.note(reason, detail).catch((error: unknown) => this.fail(error));
  }

  #close(): boolean {
    if (this.ended) return false;
    this.ended = true;
    this.#unknownTimer.cancel();
    this.#settlingTimer?.cancel();
    this.request.signal.removeEventListener('abort', this.#onAbort);
    return true;
  }
}
