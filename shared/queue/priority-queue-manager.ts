import { type Clock, systemClock } from '../core/clock.js';
import { ExitlaneError, invalidField } from '../core/errors.js';
import { newId } from '../core/ids.js';
import { DRAIN_MS } from '../core/limits.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { Random } from '../core/random.js';
import { OrderPriority } from '../order/priority.js';
import { ClaimLoop } from './claim-loop.js';
import { CONCURRENT_TASKS_DEFAULT, TASK_RESULTS_MAX, WAITING_TASKS_MAX, WATCHING_TASKS_MAX } from './limits.js';
import { type PriorityTask, type PriorityTaskInput, TaskCancelledError, type TaskResult } from './task.js';
import { TaskRun } from './task-run.js';
import { TaskRunner } from './task-runner.js';
import { MemoryTaskSource, type TaskSource } from './task-source.js';

export interface PriorityQueueManagerOptions {
  /** Tasks that hold a slot at once; a whole number from 1, default 3. */
  readonly maxConcurrentTasks?: number;
  /** Where the work comes from; default a queue in memory, the only one `addPriorityTask` can add to. */
  readonly source?: TaskSource<PriorityTaskInput>;
  readonly clock?: Clock;
  /** Default: none. */
  readonly logger?: Logger;
  /** Spreads claim retries of several processes. */
  readonly random?: Random;
  /** Results kept for `getTaskResult`, default 10,000. */
  readonly resultsMax?: number;
  /** Tasks waiting in memory, default 1,000,000. Tasks of exit priority (50 and better) are never refused. */
  readonly waitingMax?: number;
  /** Tasks that may go on without a slot after `releaseSlot`, default 1,000. */
  readonly watchingMax?: number;
  /** Time a task has to end after its signal was aborted, ms, default 5,000. Then it is given up. */
  readonly abortGraceMs?: number;
}

export interface PriorityQueueStats {
  /** Tasks waiting for a slot. */
  readonly priorityQueueSize: number;
  /** Tasks that hold a slot. */
  readonly activeTasks: number;
  /** Tasks that ended, however they did, since the manager was made. */
  readonly completedTasks: number;
}

/**
 * Runs tasks by priority, never more than `maxConcurrentTasks` in a slot at once. A slot comes back on every way a task can
 * end: return, throw, rejection, end or break of a stream, abort. A task that ignores its aborted signal is given up after
 * `abortGraceMs`: it gets its (failed) result and loses its slot; what it does later is ignored.
 */
export class PriorityQueueManager {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waitingMax: number;
  readonly #abortGraceMs: number;
  /** Undefined when a source was given. */
  readonly #memory: MemoryTaskSource<TaskRun> | undefined;
  readonly #source: TaskSource<TaskRun | PriorityTaskInput>;
  readonly #loop: ClaimLoop<TaskRun | PriorityTaskInput>;
  readonly #runner: TaskRunner;
  /** The random end of a new id: 48 bits keep task ids of different processes apart in logs. */
  readonly #idPrefix = newId().slice(-12);
  #ids = 0;
  #latestCreatedAt = 0;
  #lastSize = 0;
  #started = false;
  #stopping: Promise<void> | undefined;

  constructor(options: PriorityQueueManagerOptions = {}) {
    const slots = options.maxConcurrentTasks ?? CONCURRENT_TASKS_DEFAULT;
    if (!Number.isInteger(slots) || slots < 1) {
      throw new RangeError(`maxConcurrentTasks must be a whole number from 1, got ${slots}`);
    }
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? silentLogger;
    this.#clock = clock;
    this.#logger = logger;
    this.#waitingMax = options.waitingMax ?? WAITING_TASKS_MAX;
    this.#abortGraceMs = options.abortGraceMs ?? DRAIN_MS;
    this.#memory = options.source === undefined ? new MemoryTaskSource<TaskRun>() : undefined;
    this.#source = options.source ?? this.#memory ?? new MemoryTaskSource<TaskRun>();
    const run = (work: TaskRun | PriorityTaskInput) => this.#begin(work);
    this.#loop = new ClaimLoop({ source: this.#source, slots, run, clock, logger, random: options.random });
    this.#runner = new TaskRunner({
      clock,
      logger,
      resultsMax: options.resultsMax ?? TASK_RESULTS_MAX,
      watchingMax: options.watchingMax ?? WATCHING_TASKS_MAX,
      abortGraceMs: this.#abortGraceMs,
      freeSlot: () => this.#loop.release(),
    });
  }

  /** Begins to run tasks, those added before included. Does nothing when already started. */
  start(): void {
    if (this.#stopping !== undefined) throw new Error('the manager is still stopping: await stop() before start()');
    if (this.#started) return;
    this.#started = true;
    this.#loop.start();
  }

  /**
   * Ends and cleans up every task. Waiting tasks of the in-memory queue end with a SHUTTING_DOWN error; those of another
   * source stay there. Running ones have their signals aborted and `abortGraceMs` to end. May be started again afterwards.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /** Adds a task to the in-memory queue; returns its id. Throws QUEUE_FULL, or INVALID_FIELD for a malformed task. */
  addPriorityTask<R>(input: PriorityTaskInput<R>): string {
    if (this.#memory === undefined) {
      throw new Error('this manager takes its tasks from the source it was given: add the work there');
    }
    if (input.taskId !== undefined && this.#runner.findLive(input.taskId) !== undefined) {
      throw invalidField('task_id', `a task ${input.taskId} is waiting or running already: choose another id`);
    }
    const run = this.#newRun(input, input.taskId ?? this.#nextId());
    if (this.#memory.size() >= this.#waitingMax && input.priority > OrderPriority.EXIT_OTHER) {
      throw new ExitlaneError('QUEUE_FULL', `${this.#waitingMax} tasks are waiting; try again when some have run`, {
        metadata: { limit: String(this.#waitingMax) },
      });
    }
    this.#runner.add(run);
    run.ticket = this.#memory.offer(run, run.priority, run.createdAt);
    return run.taskId;
  }

  /** A waiting task ends at once, a running one has its signal aborted. False: unknown here, or ended. */
  cancelTask(taskId: string, reason: Error = new TaskCancelledError(`task ${taskId} was cancelled`)): boolean {
    const run = this.#runner.findLive(taskId);
    if (run === undefined) return false;
    if (run.ticket !== undefined && this.#memory?.remove(run.ticket)) {
      this.#runner.end(run, { success: false, error: reason });
    } else this.#runner.abort(run, reason);
    return true;
  }

  /** The result of an ended task; undefined while it waits or runs, or when it is no longer kept. */
  getTaskResult(taskId: string): TaskResult | undefined {
    return this.#runner.find(taskId)?.result;
  }

  /** Resolves with the result, however the task ends. Rejects with INVALID_FIELD when no such task is known. */
  async waitForTask(taskId: string): Promise<TaskResult> {
    const run = this.#runner.find(taskId);
    if (run === undefined) throw invalidField('task_id', `no task ${taskId} is known, or its result is no longer kept`);
    return run.wait();
  }

  /** The record of a task that waits, runs or watches here, or whose result is kept. */
  getTask(taskId: string): PriorityTask | undefined {
    return this.#runner.find(taskId)?.record();
  }

  /** With a source that counts by promise, the size is the last one known; `readQueueStats` waits for the present one. */
  getQueueStats(): PriorityQueueStats {
    const size = this.#source.size();
    if (typeof size === 'number') this.#lastSize = size;
    else {
      size.then(
        (known) => {
          this.#lastSize = known;
        },
        (error: unknown) => this.#logger.warn({ err: error }, 'the source could not count its tasks'),
      );
    }
    return this.#stats();
  }

  /** As `getQueueStats`, with the size as the source has it now. Rejects when the source cannot be asked. */
  async readQueueStats(): Promise<PriorityQueueStats> {
    this.#lastSize = await this.#source.size();
    return this.#stats();
  }

  /** Drops results older than this many ms; returns how many. */
  cleanupOldResults(olderThanMs: number): number {
    return this.#runner.cleanup(this.#clock.now() - olderThanMs);
  }

  #stats(): PriorityQueueStats {
    return {
      priorityQueueSize: this.#lastSize,
      activeTasks: this.#loop.held,
      completedTasks: this.#runner.completed,
    };
  }

  async #stop(): Promise<void> {
    this.#started = false;
    const reason = new ExitlaneError('SHUTTING_DOWN', 'the task was stopped with its manager; submit it again');
    const claimsBack = this.#loop.stop();
    for (let run = this.#memory?.claim(); run !== undefined; run = this.#memory?.claim()) {
      this.#runner.end(run, { success: false, error: reason });
    }
    const enough = new AbortController();
    const graceOver = this.#clock.sleep(this.#abortGraceMs, enough.signal).catch(() => undefined);
    await Promise.all([this.#runner.abortAll(reason), Promise.race([claimsBack, graceOver])]);
    enough.abort();
  }

  #begin(work: TaskRun | PriorityTaskInput): void {
    if (work instanceof TaskRun) {
      work.ticket = undefined;
      this.#runner.begin(work);
      return;
    }
    let run: TaskRun;
    try {
      run = this.#adopt(work);
    } catch (error) {
      this.#logger.error({ err: error, orderReqId: work.orderReqId }, 'the source handed out a malformed task');
      this.#loop.release();
      return;
    }
    this.#runner.add(run);
    this.#runner.begin(run);
  }

  /** A claim may come back (lease lost and won again) while its first run is still ending: both need an id. */
  #adopt(input: PriorityTaskInput): TaskRun {
    const wanted = input.taskId;
    const taken = wanted !== undefined && this.#runner.findLive(wanted) !== undefined;
    return this.#newRun(input, wanted === undefined || taken ? this.#nextId() : wanted);
  }

  #newRun(input: PriorityTaskInput, taskId: string): TaskRun {
    const { orderReqId, priority, task } = input;
    if (typeof orderReqId !== 'string' || orderReqId === '')
      throw invalidField('order_req_id', 'must be a text, not empty');
    if (!Number.isFinite(priority)) throw invalidField('priority', `must be a finite number, got ${priority}`);
    if (typeof task !== 'function') throw invalidField('task', 'must be a function');
    const createdAt = input.createdAt ?? this.#nextCreatedAt();
    if (!Number.isFinite(createdAt)) throw invalidField('created_at', `must be ms since the epoch, got ${createdAt}`);
    return new TaskRun(input, taskId, createdAt);
  }

  /** Never goes back, so that a corrected wall clock does not put a later task first. */
  #nextCreatedAt(): number {
    this.#latestCreatedAt = Math.max(this.#latestCreatedAt, this.#clock.now());
    return this.#latestCreatedAt;
  }

  #nextId(): string {
    return `${this.#idPrefix}-${++this.#ids}`;
  }
}
