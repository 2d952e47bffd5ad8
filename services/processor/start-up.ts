import type { Clock, Timer } from '../../shared/core/clock.js';
import type { Logger } from '../../shared/core/logger.js';

/** Something that may wait until what comes before it has started. */
export interface StartUpStep {
  readonly name: string;
  /** After the step before it has started, ms; the first one: after the call of {@link startLater}. */
  readonly afterMs: number;
  readonly start: () => void | Promise<void>;
}

export interface StartUp {
  /** Settles when no step is left to start: all have, one failed, or it was closed. Never rejects. */
  readonly done: Promise<void>;
  /** Steps that have not started yet never will. */
  close(): void;
}

/**
 * Starts one step after the other, in the background. What guards positions starts before it is called, and steps that only look at
 * the market are given to it (A5): the first calls of a process must not be spent on looking. A step that fails keeps those
 * after it from starting.
 */
export function startLater(
  steps: readonly StartUpStep[],
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): StartUp {
  let timer: Timer | undefined;
  let closed = false;
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const next = ([step, ...others]: readonly StartUpStep[]): void => {
    if (!step || closed) finish();
    else timer = clock.setTimer(() => void begin(step, others), step.afterMs);
  };
  const begin = async (step: StartUpStep, others: readonly StartUpStep[]) => {
    try {
      await step.start();
      next(others);
    } catch (error) {
      logger.error({ err: error, step: step.name, notStarted: others.map(({ name }) => name) }, 'start-up stops here');
      finish();
    }
  };
  next(steps);
  return {
    done,
    close() {
      closed = true;
      timer?.cancel();
      finish();
    },
  };
}
