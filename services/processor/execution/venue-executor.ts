import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import { failpoint } from '../../../shared/core/failpoints.js';
import type { Logger } from '../../../shared/core/logger.js';
import { span } from '../../../shared/core/trace.js';
import { withUrgency } from '../venue/urgency.js';
import type { Venue } from '../venue/venue.js';
import type { Signer } from '../wallet/signer.js';
import type { Executor, Run } from './executor.js';
import { conclude } from './venue-executor-conclude.js';
import { acceptQuote, nextBlockhash, prepareSwap, Refused } from './venue-executor-prepare.js';

export interface VenueExecutorOptions {
  readonly venue: Venue;
  /** Undefined: no key is loaded. New orders fail with NO_WALLET; attempts on their way are still followed to their end. */
  readonly signer: Signer | undefined;
  readonly logger: Logger;
}

/** An attempt that is committed and may be anywhere. */
interface Committed {
  readonly number: number;
  readonly signature: string;
  readonly bytes: Uint8Array;
  readonly lastValidBlockHeight: bigint;
  readonly resumed: boolean;
}

/**
 * Executes orders through Jupiter (E2):
 *
 *   quote -> proposal -> swap transaction -> policy and simulation -> sign -> commit -> send -> watch -> settle or fail
 *
 * Before the commit every refusal and outage is a failure of this execution, because nothing is signed. After it only the
 * chain's word counts: sending may fail in any way, and the watch goes on.
 */
export class VenueExecutor implements Executor {
  readonly name = 'venue';
  readonly isReal = true;
  readonly #options: VenueExecutorOptions;

  constructor(options: VenueExecutorOptions) {
    this.#options = options;
  }

  /** Its critical calls go before those of less urgent orders (A6). */
  execute(run: Run): Promise<void> {
    return withUrgency(
      () => run.order.priority,
      () => this.#execute(run),
    );
  }

  async #execute(run: Run): Promise<void> {
    const attempt = run.openAttempt ? resumed(run.openAttempt) : await this.#begin(run);
    if (!attempt) return;
    if (run.openAttempt?.state !== 'SENT') await this.#send(run, attempt);
    await this.#follow(run, attempt);
  }

  /** Up to the commit. Undefined when the execution failed before it. */
  async #begin(run: Run): Promise<Committed | undefined> {
    const { signer } = this.#options;
    if (!signer) {
      await run.fail({
        reason: 'NO_WALLET',
        error: 'No wallet key is loaded; start the processor with a keypair file.',
      });
      return undefined;
    }
    try {
      return await this.#commitSwap(run, signer);
    } catch (error) {
      run.signal.throwIfAborted();
      if (!(error instanceof Refused)) throw error;
      const { reason, message, definitive } = error;
      run.logger.info({ reason, definitive, err: message }, 'execution refused before anything was signed');
      await run.fail({ reason, error: message, definitive });
      return undefined;
    }
  }

  /** One quote, and its swap built until its transaction is like no other order's. */
  async #commitSwap(run: Run, signer: Signer): Promise<Committed> {
    const { venue } = this.#options;
    const accepted = await acceptQuote(run, venue);
    for (;;) {
      const prepared = await prepareSwap(run, venue, signer, accepted);
      run.signal.throwIfAborted();
      const { signature, bytes, blockhash, lastValidBlockHeight, quote, proposalId, price } = prepared;
      try {
        const number = await run.commitAttempt({
          signature,
          rawTransaction: bytes,
          blockhash,
          lastValidBlockHeight,
          quote,
          proposalId,
          expectedPrice: price,
        });
        return { number, signature, bytes, lastValidBlockHeight, resumed: false };
      } catch (error) {
        if (!(error instanceof ExitlaneError) || error.reason !== 'TRANSACTION_TAKEN') throw error;
        run.logger.debug({ signature }, 'another order committed the same transaction; building one on the next block');
        await nextBlockhash(venue, blockhash, run.signal);
      }
    }
  }

  /** The first send. An error says nothing about where the bytes are. */
  async #send(run: Run, { number, signature, bytes }: Committed): Promise<void> {
    run.signal.throwIfAborted();
    try {
      failpoint('processor.send.before');
      await span('send', () => this.#options.venue.endpoints.sendToAll(bytes, run.signal));
      failpoint('processor.send.after');
    } catch (error) {
      run.signal.throwIfAborted();
      run.logger.warn(
        { attempt: number, signature, err: messageOf(error) },
        'first send failed; sending again until a verdict',
      );
    }
    await run.markSent(number);
  }

  async #follow(run: Run, attempt: Committed): Promise<void> {
    const { signature, bytes, lastValidBlockHeight } = attempt;
    const { watcher } = this.#options.venue;
    const watched = {
      signature,
      bytes,
      lastValidBlockHeight,
      resumed: attempt.resumed,
      seen: () => run.markSeen(attempt.number),
      note: (reason: 'UNKNOWN' | 'SETTLING', detail: string) => run.note(reason, detail),
      signal: run.signal,
    };
    const verdict = await span('confirm', () => watcher.watch(watched));
    run.signal.throwIfAborted();
    failpoint('processor.verdict.after');
    run.logger.info({ attempt: attempt.number, signature, verdict: verdict.kind }, 'attempt has a verdict');
    await span('settle', () => conclude(run, attempt.number, bytes, verdict));
  }
}

function resumed(attempt: NonNullable<Run['openAttempt']>): Committed {
  if (attempt.rawTransaction.length === 0) {
    throw new Error(`attempt ${attempt.number} of order ${attempt.orderId} is not a transaction of this venue`);
  }
  const { number, signature, rawTransaction: bytes, lastValidBlockHeight } = attempt;
  return { number, signature, bytes, lastValidBlockHeight, resumed: true };
}
