import type { Clock, Timer } from '../../../shared/core/clock.js';
import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Endpoints } from './endpoints.js';
import { LATE_MS, POLL_BACKOFF_MS_MAX, READING_MS_MAX, STATUSES_PER_CALL_MAX } from './limits.js';
import type { Rpc } from './rpc.js';
import type { SignatureStatus } from './rpc-wire.js';
import { withUrgency } from './urgency.js';
import { type Patience, type Verdict, Watched, type WatchRequest } from './watched.js';

export interface WatcherOptions {
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollIntervalMs: number;
  readonly resendIntervalMs: number;
  readonly confirmTimeoutMs: number;
  readonly settlingNoteMs: number;
}

/**
 * Follows every committed transaction of the process to its verdict, with one poller: a tick per interval, 256 signatures a
 * call, and no tick at all while nothing is watched. A tick starts what is due and waits for none of it: sends, status polls,
 * reads and searches for expired transactions go on side by side, each at most once at a time, so that a hanging endpoint
 * delays nothing else.
 *
 * There are two ways out: landed (a confirmed block has it, and it was read), or dead ({@link Watched.proof}). Errors and time
 * are neither: they lead to another poll. The number watched is bounded by the orders that run.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #patience: Patience;
  readonly #watched = new Set<Watched>();
  #timer: Timer | undefined;
  #polling = false;
  readonly #searching = new Set<Rpc>();
  #failures = 0;
  #nextPollAt = 0;
  #nextSearchAt = 0;
  #closed = false;

  constructor(options: WatcherOptions) {
    const { endpoints, clock, logger, confirmTimeoutMs, settlingNoteMs } = options;
    this.#options = options;
    const independent = new Set(endpoints.all.map(({ host }) => host)).size;
    this.#patience = { clock, confirmTimeoutMs, settlingNoteMs, endpoints: independent };
    if (independent === 1) {
      logger.warn(
        'one RPC endpoint: a transaction counts as dead when it says so twice, which is weaker than two of them',
      );
    }
  }

  /** Transactions without a verdict. */
  get size(): number {
    return this.#watched.size;
  }

  /**
   * Watches until the transaction landed or is proven dead. Rejects with the signal's reason when it aborts, with what `note`
   * throws, or with SHUTTING_DOWN; the transaction lives on then.
   */
  async watch(request: WatchRequest): Promise<Verdict> {
    if (this.#closed) throw shuttingDown();
    request.signal.throwIfAborted();
    const now = this.#options.clock.now();
    const watched = new Watched(request, this.#patience, request.resumed ? now : now + this.#options.resendIntervalMs);
    this.#watched.add(watched);
    this.#timer ??= this.#next();
    try {
      return await watched.verdict;
    } finally {
      this.#watched.delete(watched);
      if (this.#watched.size === 0) this.#stop();
    }
  }

  /** Ends all watches with SHUTTING_DOWN. */
  close(): void {
    this.#closed = true;
    this.#stop();
    for (const watched of this.#watched) watched.fail(shuttingDown());
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #next(): Timer {
    return this.#options.clock.setTimer(() => {
      this.#timer = this.#next();
      this.#tick();
    }, this.#options.pollIntervalMs);
  }

  #tick(): void {
    const { clock, endpoints, resendIntervalMs } = this.#options;
    const now = clock.now();
    for (const watched of this.#watched) {
      if (watched.phase === 'READING') void this.#read(watched);
      else if (now >= watched.nextSendAt) void this.#send(watched);
    }
    if (!this.#polling && now >= this.#nextPollAt) void this.#poll();
    if (now < this.#nextSearchAt) return;
    this.#nextSearchAt = now + resendIntervalMs;
    for (const rpc of endpoints.all) void this.#search(rpc);
  }

  /** The same bytes once more. Whatever comes back decides nothing. */
  async #send(watched: Watched): Promise<void> {
    if (watched.sending) return;
    watched.sending = true;
    watched.nextSendAt = this.#options.clock.now() + this.#options.resendIntervalMs;
    const { signature, bytes, signal } = watched.request;
    try {
      await withUrgency(watched.urgency, () => this.#options.endpoints.sendToAll(bytes, signal));
    } catch (error) {
      this.#options.logger.debug({ signature, err: messageOf(error) }, 'a transaction could not be sent again');
    } finally {
      watched.sending = false;
    }
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    const { endpoints, clock, logger, pollIntervalMs } = this.#options;
    try {
      const confirming = [...this.#watched].filter(({ phase }) => phase === 'CONFIRMING');
      for (const history of [false, true]) {
        const group = confirming.filter(({ needsHistory }) => needsHistory === history);
        await inChunks(group, async (chunk) => {
          const { statuses } = await endpoints.first((rpc) => rpc.signatureStatuses(chunk.map(signatureOf), history));
          chunk.forEach((watched, index) => {
            note(watched, statuses[index]);
          });
        });
      }
      if (this.#failures > 0) logger.info('confirmation polling works again');
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      const pause = Math.min(pollIntervalMs * 2 ** Math.min(this.#failures, 16), POLL_BACKOFF_MS_MAX);
      this.#nextPollAt = clock.now() + pause;
      const level = this.#failures === 1 ? 'warn' : 'debug';
      logger[level]({ err: messageOf(error), watched: this.#watched.size }, 'confirmation polling fails; trying on');
    } finally {
      this.#polling = false;
    }
  }

  /** Reads a landed transaction, from any endpoint that has it. */
  async #read(watched: Watched): Promise<void> {
    if (watched.reading) return;
    watched.reading = true;
    const { endpoints, clock, logger } = this.#options;
    const { signature, signal } = watched.request;
    try {
      for (const rpc of endpoints.all) {
        const transaction = await rpc.transaction(signature, signal).catch((error: unknown) => {
          logger.debug({ signature, err: messageOf(error) }, 'a landed transaction could not be read; trying on');
          return undefined;
        });
        if (transaction) return watched.end({ kind: 'landed', transaction });
      }
      if (clock.now() - watched.readingSince >= READING_MS_MAX) watched.lookAgain();
    } finally {
      watched.reading = false;
    }
  }

  /**
   * Looks on one endpoint for transactions that can no longer land there, and for late ones that the endpoint asked by the
   * polls may not see. Height first, traces after: the order matters.
   */
  async #search(rpc: Rpc): Promise<void> {
    if (this.#searching.has(rpc)) return;
    this.#searching.add(rpc);
    try {
      const confirming = [...this.#watched].filter(({ phase }) => phase === 'CONFIRMING');
      if (confirming.length === 0) return;
      const finalized = await rpc.blockHeight('finalized');
      const expired = ({ request }: Watched) => finalized.height > request.lastValidBlockHeight;
      const lateSince = this.#options.clock.now() - LATE_MS;
      const sought = confirming.filter((watched) => expired(watched) || watched.since <= lateSince);
      await inChunks(sought, async (chunk) => {
        const { slot, statuses } = await rpc.signatureStatuses(chunk.map(signatureOf), true);
        for (const [index, watched] of chunk.entries()) {
          if (note(watched, statuses[index]) || !expired(watched) || slot < finalized.slot) continue;
          watched.needsHistory = true;
          await this.#concludeDeath(rpc, watched, finalized.slot);
        }
      });
    } catch (error) {
      this.#options.logger.debug({ host: rpc.host, err: messageOf(error) }, 'cannot look for late transactions');
    } finally {
      this.#searching.delete(rpc);
    }
  }

  async #concludeDeath(rpc: Rpc, watched: Watched, finalizedSlot: bigint): Promise<void> {
    const { signature, lastValidBlockHeight } = watched.request;
    const transaction = await rpc.transaction(signature);
    if (transaction) return watched.end({ kind: 'landed', transaction });
    watched.proof.noTrace(rpc.host, finalizedSlot);
    if (watched.phase !== 'CONFIRMING' || !watched.proof.complete) return;
    const detail = `The transaction ${signature} expired at block height ${lastValidBlockHeight} without landing.`;
    watched.end({ kind: 'dead', detail });
  }
}

/** Draws the conclusion from a status; true if there is one at all. */
function note(watched: Watched, status: SignatureStatus | undefined): boolean {
  if (!status) return false;
  watched.proof.reset();
  watched.seen();
  if (status.commitment !== 'processed') watched.found();
  return true;
}

function signatureOf({ request }: Watched): string {
  return request.signature;
}

async function inChunks<Item>(items: readonly Item[], work: (chunk: Item[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += STATUSES_PER_CALL_MAX)
    await work(items.slice(at, at + STATUSES_PER_CALL_MAX));
}

function shuttingDown(): ExitlaneError {
  return new ExitlaneError('SHUTTING_DOWN', 'the processor is shutting down; another one watches on');
}
