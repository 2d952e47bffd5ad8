import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import type { TaskContext } from './task.js';
import { TaskRegistry } from './task-registry.js';
import type { Ending, TaskRun } from './task-run.js';

export interface TaskRunnerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly resultsMax: number;
  readonly watchingMax: number;
  readonly abortGraceMs: number;
  /** Called once for every task begun, when it no longer holds its slot. */
  readonly freeSlot: () => void;
}

/** Keeps the tasks that are not ended, runs them when told to, and sees to it that each ends exactly once. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #registry: TaskRegistry;
  /** Running and watching. */
  readonly #begun = new Set<TaskRun>();
  #watching = 0;
  #completed = 0;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
    this.#registry = new TaskRegistry(options.resultsMax);
  }

  /** Tasks that ended. */
  get completed(): number {
    return this.#completed;
  }

  /** A task that waits, runs or watches. */
  findLive(taskId: string): TaskRun | undefined {
    const run = this.#registry.get(taskId);
    return run?.state === 'ENDED' ? undefined : run;
  }

  /** The same, or one whose result is kept. */
  find(taskId: string): TaskRun | undefined {
    return this.#registry.get(taskId);
  }

  add(run: TaskRun): void {
    this.#registry.add(run);
  }

  /** Runs a task in a slot that was taken for it. */
  begin(run: TaskRun): void {
    run.state = 'RUNNING';
    run.startedAt = this.#options.clock.now();
    this.#begun.add(run);
    run.begin(new RunContext(run, this), this);
  }

  /** Sets the one result of a task and frees what it holds. A second end is ignored. */
  end(run: TaskRun, ending: Ending): void {
    const state = run.state;
    if (!run.end(ending, this.#options.clock.now())) return;
    this.#begun.delete(run);
    this.#registry.noteEnd(run);
    this.#completed++;
    if (!ending.success) {
      this.#options.logger.debug({ taskId: run.taskId, orderReqId: run.orderReqId, err: ending.error }, 'task failed');
    }
    if (state === 'WATCHING') this.#watching--;
    if (state === 'RUNNING') this.#options.freeSlot();
  }

  /** Tells a begun task to end, and gives it up when it has not done so in time. */
  abort(run: TaskRun, reason: Error): void {
    if (run.abortReason !== undefined) return;
    const { clock, logger, abortGraceMs } = this.#options;
    const ended = new AbortController();
    run.onEnd(() => ended.abort());
    run.abort(reason);
    const giveUp = () => {
      const { taskId, orderReqId } = run;
      logger.error({ taskId, orderReqId, abortGraceMs }, 'task ignored its abort signal and was given up');
      this.end(run, { success: false, error: reason });
    };
    clock.sleep(abortGraceMs, ended.signal).then(giveUp, () => undefined); // rejected: it ended in time
  }

  /** Aborts everything that runs or watches; resolves when all of it has ended or was given up. */
  async abortAll(reason: Error): Promise<void> {
    const runs = [...this.#begun];
    for (const run of runs) this.abort(run, reason);
    await Promise.all(runs.map((run) => run.wait()));
  }

  /** Drops results that ended before this moment (ms since the Unix epoch); returns how many. */
  cleanup(endedBefore: number): number {
    return this.#registry.cleanup(endedBefore);
  }

  /** See `TaskContext.releaseSlot`. */
  releaseSlot(run: TaskRun): boolean {
    if (run.state !== 'RUNNING') return true;
    if (this.#watching >= this.#options.watchingMax) return false;
    this.#watching++;
    run.state = 'WATCHING';
    this.#options.freeSlot();
    return true;
  }
}

/** What a task sees of its run. Getters make on demand what few tasks use, and allow to take the context apart. */
class RunContext implements TaskContext {
  readonly taskId: string;
  readonly orderReqId: string;
  readonly priority: number;
  readonly #run: TaskRun;
  readonly #runner: TaskRunner;

  constructor(run: TaskRun, runner: TaskRunner) {
    this.taskId = run.taskId;
    this.orderReqId = run.orderReqId;
    this.priority = run.priority;
    this.#run = run;
    this.#runner = runner;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get releaseSlot(): () => boolean {
    return () => this.#runner.releaseSlot(this.#run);
  }
}
