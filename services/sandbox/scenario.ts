import { messageOf } from '../../shared/core/errors.js';
import type { Logger } from '../../shared/core/logger.js';
import type { Control } from './control.js';
import type { PreparedAction } from './control-actions.js';

/** When a step is due, counted from the sandbox's start. */
export type ScenarioTrigger =
  /** Once this many blocks were made; 0: before the first call is answered. */
  | { readonly atBlock: number }
  /** Once this many different transactions were handed in; sending one again does not count. */
  | { readonly afterTransaction: number };

export type ScenarioStep = ScenarioTrigger & {
  /** Where it stands in the file, such as `line 3`; for logs. */
  readonly place: string;
  readonly action: string;
  readonly run: PreparedAction;
};

export interface ScenarioProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Carries out a scenario's steps when they are due, each once; steps due at the same moment in the order of the file. Time does
 * not count, so the same blocks and transactions meet the same steps.
 */
export class Scenario {
  readonly #byBlock: (ScenarioStep & { atBlock: number })[];
  readonly #byTransaction: (ScenarioStep & { afterTransaction: number })[];
  readonly #seen = new Set<string>();
  readonly #logger: Logger;
  readonly #total: number;
  #control: Control | undefined;
  #startHeight = 0;

  constructor(steps: readonly ScenarioStep[], logger: Logger) {
    this.#logger = logger;
    this.#total = steps.length;
    this.#byBlock = steps.filter((step) => 'atBlock' in step).sort((one, other) => one.atBlock - other.atBlock);
    this.#byTransaction = steps
      .filter((step) => 'afterTransaction' in step)
      .sort((one, other) => one.afterTransaction - other.afterTransaction);
  }

  progress(): ScenarioProgress {
    return { done: this.#total - this.#byBlock.length - this.#byTransaction.length, total: this.#total };
  }

  /** From now on blocks and transactions count. */
  start(control: Control, height: number): void {
    this.#control = control;
    this.#startHeight = height;
    this.onBlock(height);
  }

  /** A step may make blocks itself (`advance`): the steps due in them come before the one after it. */
  onBlock(height: number): void {
    if (!this.#control) return;
    const blocks = height - this.#startHeight;
    for (let next = this.#byBlock[0]; next && next.atBlock <= blocks; next = this.#byBlock[0]) {
      this.#byBlock.shift();
      this.#run(next, this.#control);
    }
  }

  onTransaction(signature: string): void {
    if (!this.#control || this.#byTransaction.length === 0) return;
    this.#seen.add(signature);
    const count = this.#seen.size;
    for (let next = this.#byTransaction[0]; next && next.afterTransaction <= count; next = this.#byTransaction[0]) {
      this.#byTransaction.shift();
      this.#run(next, this.#control);
    }
    if (this.#byTransaction.length === 0) this.#seen.clear();
  }

  /** A step that fails (too many faults are armed) must not stop the blocks. */
  #run({ place, action, run }: ScenarioStep, control: Control): void {
    try {
      run(control);
      this.#logger.info({ place, action }, 'scenario step done');
    } catch (error) {
      this.#logger.error({ place, action, err: messageOf(error) }, 'scenario step failed');
    }
  }
}
