import type { Clock } from '../../../shared/core/clock.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { STREAM_FALLBACK_LOOK_MS, STREAM_PAGE_MESSAGES } from '../../../shared/core/limits.js';
import type { OrderMessage } from '../../../shared/order/message.js';
import { isTerminal } from '../../../shared/order/order.js';
import type { Database } from '../../../shared/store/database.js';
import { readMessages } from '../../../shared/store/messages.js';
import type { OrderHub } from './order-hub.js';

export interface ReadLogOptions {
  readonly db: Database;
  readonly hub: OrderHub;
  readonly clock: Clock;
  readonly orderId: string;
  readonly afterSequence: bigint;
  readonly signal: AbortSignal;
  /** Yields `undefined` after this long without a message; default: never. */
  readonly idleMs?: number;
  /** Reading ends, once the log is empty, when this settles; default: only a terminal message ends it. */
  readonly until?: Promise<void>;
}

/** O6: what a slow reader had not read yet may be removed under it; then it is told so, and never skips in silence. */
function refuseGap(cursor: bigint, next: OrderMessage | undefined): void {
  if (next === undefined || next.sequence === cursor + 1n) return;
  const earliest = next.sequence;
  throw new ExitlaneError(
    'CURSOR_OUT_OF_RANGE',
    `messages ${cursor + 1n} to ${earliest - 1n} are no longer kept: pass after_sequence ${earliest - 1n}`,
    { metadata: { earliest_sequence: String(earliest), head_sequence: String(earliest) } },
  );
}

/**
 * The messages of one order, in order, from a cursor on, as they come: read from the log page by page, so that a slow reader
 * costs one page of memory and a lost hint costs a second. Ends after the terminal message.
 */
export async function* readLog(options: ReadLogOptions): AsyncGenerator<OrderMessage | undefined, void, void> {
  const { db, hub, clock, orderId, signal } = options;
  let cursor = options.afterSequence;
  let news = true;
  let wake: () => void = () => {};
  const note = () => {
    news = true;
    wake();
  };
  let over = false;
  void options.until?.then(() => {
    over = true;
    note();
  });
  const unfollow = hub.follow(orderId, note);
  signal.addEventListener('abort', note, { once: true });
  let idleSince = clock.now();
  try {
    for (;;) {
      signal.throwIfAborted();
      const lastLook = over;
      news = false;
      const page = await readMessages(db, orderId, cursor, STREAM_PAGE_MESSAGES);
      refuseGap(cursor, page[0]);
      for (const message of page) {
        yield message;
        cursor = message.sequence;
        if (message.kind === 'status' && isTerminal(message.body.status)) return;
      }
      if (page.length > 0) idleSince = clock.now();
      if (page.length === STREAM_PAGE_MESSAGES) continue;
      if (lastLook) return;
      if (options.idleMs !== undefined && clock.now() - idleSince >= options.idleMs) {
        yield undefined;
        idleSince = clock.now();
      }
      if (!news) {
        await new Promise<void>((resolve) => {
          const timer = clock.setTimer(note, STREAM_FALLBACK_LOOK_MS);
          wake = () => {
            timer.cancel();
            resolve();
          };
        });
        wake = () => {};
      }
    }
  } finally {
    unfollow();
    signal.removeEventListener('abort', note);
  }
}
