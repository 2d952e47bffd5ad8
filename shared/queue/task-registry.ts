import { Fifo } from './fifo.js';
import type { TaskRun } from './task-run.js';

/** Tasks by id: all that are not ended, and of those that are a bounded number; the one that ended first goes first. */
export class TaskRegistry {
  readonly #endedMax: number;
  readonly #byId = new Map<string, TaskRun>();
  /** In order of their end. Contains runs whose id was used again or that were cleaned up; they are skipped. */
  #ended = new Fifo<TaskRun>();

  constructor(endedMax: number) {
    if (!Number.isInteger(endedMax) || endedMax < 1) {
      throw new RangeError(`resultsMax must be a whole number from 1, got ${endedMax}`);
    }
    this.#endedMax = endedMax;
  }

  get(taskId: string): TaskRun | undefined {
    return this.#byId.get(taskId);
  }

  /** A task of the same id that has ended is forgotten. */
  add(run: TaskRun): void {
    this.#byId.set(run.taskId, run);
  }

  /** A task that was added has ended: from now on it counts against the bound. */
  noteEnd(run: TaskRun): void {
    this.#ended.push(run);
    while (this.#ended.size > this.#endedMax) {
      const oldest = this.#ended.shift();
      if (oldest !== undefined && this.#byId.get(oldest.taskId) === oldest) this.#byId.delete(oldest.taskId);
    }
  }

  /** Forgets tasks that ended before `endedBefore` (ms since the Unix epoch); returns how many. */
  cleanup(endedBefore: number): number {
    const before = this.#byId.size;
    const kept = new Fifo<TaskRun>();
    for (let run = this.#ended.shift(); run !== undefined; run = this.#ended.shift()) {
      if (this.#byId.get(run.taskId) !== run) continue;
      const endedAt = run.result?.timings.endedAt;
      if (endedAt !== undefined && endedAt < endedBefore) this.#byId.delete(run.taskId);
      else kept.push(run);
    }
    this.#ended = kept;
    return before - this.#byId.size;
  }
}
