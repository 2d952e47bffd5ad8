/** Orders whose cursors are remembered; the oldest are forgotten first. */
const CURSORS_MAX = 100_000;

/**
 * How far any reader of this processor has been sent each order's queue: what GetOrderQueueStats counts from. A number for
 * people, not part of delivery - readers bring their own cursor - so it lives in memory and starts at 0 with the process.
 */
export class ReadCursors {
  readonly #cursors = new Map<string, bigint>();

  advance(orderReqId: string, sequence: bigint): void {
    const before = this.#cursors.get(orderReqId);
    if (before !== undefined && before >= sequence) return;
    this.#cursors.delete(orderReqId);
    this.#cursors.set(orderReqId, sequence);
    if (this.#cursors.size > CURSORS_MAX) {
      const oldest = this.#cursors.keys().next();
      if (!oldest.done) this.#cursors.delete(oldest.value);
    }
  }

  /** Messages up to `head` that no reader has been sent. */
  unread(orderReqId: string, head: bigint): bigint {
    const cursor = this.#cursors.get(orderReqId) ?? 0n;
    return head > cursor ? head - cursor : 0n;
  }

  /** The order is over and its last message was sent. */
  forget(orderReqId: string): void {
    this.#cursors.delete(orderReqId);
  }
}
