import type { Logger } from '../../../shared/core/logger.js';
import type { Rpc } from './rpc.js';
import { isOutage } from './venue-error.js';

/** The RPC endpoints of a venue. A call goes to the one that worked last; when it is out, to the others in turn. */
export class Endpoints {
  readonly all: readonly Rpc[];
  readonly #logger: Logger;
  #preferred = 0;

  constructor(all: readonly Rpc[], logger: Logger) {
    if (all.length === 0) throw new RangeError('a venue needs at least one Solana RPC endpoint');
    this.all = all;
    this.#logger = logger;
  }

  /** The first answer, starting at the preferred endpoint; only outages lead to the next. The last error if all are out. */
  async first<T>(work: (rpc: Rpc) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let last: unknown;
    for (let tried = 0; tried < this.all.length; tried++) {
      const at = (this.#preferred + tried) % this.all.length;
      const rpc = this.all[at];
      if (!rpc) break;
      try {
        const answer = await work(rpc);
        this.#preferred = at;
        return answer;
      } catch (error) {
        signal?.throwIfAborted();
        if (!isOutage(error)) throw error;
        last = error;
      }
    }
    throw last;
  }

  /**
   * Hands the same bytes to every endpoint. Resolves when one took them, else rejects with the preferred one's error; an
   * error does not mean that nobody has them.
   */
  async sendToAll(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const sends = await Promise.allSettled(this.all.map((rpc) => rpc.sendRaw(bytes, signal)));
    signal?.throwIfAborted();
    const failed = sends.filter((each) => each.status === 'rejected');
    if (failed.length < sends.length) {
      if (failed.length > 0) this.#logger.debug({ failed: failed.length }, 'some endpoints did not take a transaction');
      return;
    }
    const preferred = sends[this.#preferred];
    throw preferred?.status === 'rejected' ? preferred.reason : failed[0]?.reason;
  }
}
