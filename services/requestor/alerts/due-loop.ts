import type { Clock, Timer } from '../../../shared/core/clock.js';
import type { Closable } from '../../../shared/core/lifecycle.js';
import type { Logger } from '../../../shared/core/logger.js';
import { LOOK_MS_MAX } from './limits.js';

export interface DueLoop extends Closable {
  /** There may be something to do. */
  wake(): void;
}

export interface DueLoopOptions {
  /** Does what is due; returns the time until something is due again in milliseconds, undefined if nothing is known to be. */
  readonly work: (signal: AbortSignal) => Promise<number | undefined>;
  /** For the log: what could not be done. */
  readonly doing: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Runs `work` now, whenever it is woken, and when it said that something is due - one run at a time, and never longer than
 * LOOK_MS_MAX without one. Work that fails is tried again then.
 */
export function startDueLoop({ work, doing, clock, logger }: DueLoopOptions): DueLoop {
  const stop = new AbortController();
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let again = false;

  const look = (): void => {
    timer?.cancel();
    if (stop.signal.aborted) return;
    if (running !== undefined) {
      again = true;
      return;
    }
    running = run().finally(() => {
      running = undefined;
      if (!again) return;
      again = false;
      look();
    });
  };

  const run = async (): Promise<void> => {
    let nextMs: number | undefined;
    try {
      nextMs = await work(stop.signal);
    } catch (error) {
      if (!stop.signal.aborted) logger.warn({ err: error }, `${doing} failed; trying again`);
    }
    if (stop.signal.aborted) return;
    timer = clock.setTimer(look, Math.min(LOOK_MS_MAX, Math.max(1, Math.ceil(nextMs ?? LOOK_MS_MAX))));
  };

  look();
  return {
    wake: look,
    async close() {
      stop.abort();
      timer?.cancel();
      await running;
    },
  };
}
