import type { Rpc } from './rpc.js';
import { isOutage } from './venue-error.js';

/** The RPC endpoints of a venue. A call goes to the one that worked last; when it is out, to the others in turn. */
export class Endpoints {
  readonly all: readonly Rpc[];
  #preferred = 0;

  constructor(all: readonly Rpc[]) {
    if (all.length === 0) throw new RangeError('a venue needs at least one Solana RPC endpoint');
    this.all = all;
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
   * Hands the same bytes to every endpoint. Resolves as soon as one took them; rejects with the preferred one's error when none
   * did, which does not mean that nobody has them.
   */
  async sendToAll(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const sends = this.all.map((rpc) => rpc.sendRaw(bytes, signal));
    try {
      await Promise.any(sends);
    } catch {
      signal?.throwIfAborted();
      await sends[this.#preferred];
    }
  }
}
