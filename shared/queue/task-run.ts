import { isAsyncIterable, isPromiseLike, toError } from './outcomes.js';
import type { PriorityTask, PriorityTaskInput, TaskContext, TaskFunction, TaskResult, TaskState } from './task.js';
import type { Ticket } from './task-queue.js';

/** How a task ended, before its times are known. */
export type Ending =
  | { readonly success: true; readonly result: unknown }
  | { readonly success: false; readonly error: Error };

/** Who is told that a run has ended. */
export interface RunKeeper {
  end(run: TaskRun, ending: Ending): void;
}

/**
 * One task from its creation to its result. It knows how to run and to be aborted; which slot it holds and when is the
 * manager's business. What is rarely used (abort controller, waiters) is made on first use: there may be 100,000 of these.
 */
export class TaskRun {
  readonly taskId: string;
  readonly orderReqId: string;
  readonly priority: number;
  readonly createdAt: number;
  state: TaskState = 'WAITING';
  startedAt: number | undefined;
  result: TaskResult | undefined;
  /** The place in the in-memory queue, when it waits in one. */
  ticket: Ticket<TaskRun> | undefined;
  abortReason: Error | undefined;
  #task: TaskFunction | undefined;
  #controller: AbortController | undefined;
  #closeStream: (() => void) | undefined;
  #waiters: ((result: TaskResult) => void)[] | undefined;
  #onEnd: (() => void)[] | undefined;

  constructor(input: PriorityTaskInput, taskId: string, createdAt: number) {
    this.taskId = taskId;
    this.orderReqId = input.orderReqId;
    this.priority = input.priority;
    this.createdAt = createdAt;
    this.#task = input.task;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.abortReason !== undefined) this.#controller.abort(this.abortReason);
    }
    return this.#controller.signal;
  }

  record(): PriorityTask {
    const { taskId, orderReqId, priority, createdAt, state } = this;
    return { taskId, orderReqId, priority, createdAt, state };
  }

  /** Calls the task and tells `keeper` how it ended, once, possibly before this returns. */
  begin(context: TaskContext, keeper: RunKeeper): void {
    const succeed = (result: unknown) => keeper.end(this, { success: true, result });
    const fail = (error: unknown) => keeper.end(this, { success: false, error: this.abortReason ?? toError(error) });
    const finish = (value: unknown) => {
      if (isAsyncIterable(value)) this.#drain(value).then(succeed, fail);
      else succeed(value);
    };
    let outcome: unknown;
    try {
      outcome = this.#task?.(context);
    } catch (error) {
      fail(error);
      return;
    }
    if (isPromiseLike(outcome)) outcome.then(finish, fail);
    else finish(outcome);
  }

  /** Tells the task to end. Only the first reason counts. */
  abort(reason: Error): void {
    if (this.abortReason !== undefined) return;
    this.abortReason = reason;
    this.#controller?.abort(reason);
    this.#closeStream?.();
  }

  /** Calls `listener` when the task has its result. */
  onEnd(listener: () => void): void {
    this.#onEnd = [...(this.#onEnd ?? []), listener];
  }

  wait(): Promise<TaskResult> {
    if (this.result !== undefined) return Promise.resolve(this.result);
    return new Promise((resolve) => {
      this.#waiters = [...(this.#waiters ?? []), resolve];
    });
  }

  /** Sets the one result at `endedAt`. False when there already is one: a task that was given up ended after all. */
  end(ending: Ending, endedAt: number): boolean {
    if (this.state === 'ENDED') return false;
    this.state = 'ENDED';
    const { createdAt, startedAt } = this;
    const waitMs = Math.max(0, (startedAt ?? endedAt) - createdAt);
    const runMs = startedAt === undefined ? 0 : Math.max(0, endedAt - startedAt);
    const timings = { createdAt, startedAt, endedAt, waitMs, runMs };
    const result: TaskResult = ending.success
      ? { success: true, result: ending.result, timings }
      : { success: false, error: ending.error, timings };
    this.result = result;
    this.#forget(result);
    return true;
  }

  /** A kept result must not keep the task's closure and stream alive. */
  #forget(result: TaskResult): void {
    const waiters = this.#waiters;
    const listeners = this.#onEnd;
    this.#task = undefined;
    this.#controller = undefined;
    this.#closeStream = undefined;
    this.#waiters = undefined;
    this.#onEnd = undefined;
    this.ticket = undefined;
    if (waiters !== undefined) for (const resolve of waiters) resolve(result);
    if (listeners !== undefined) for (const listener of listeners) listener();
  }

  /** Reads a stream to its end. An abort closes it, and the slot stays taken until its clean-up is through. */
  async #drain(stream: AsyncIterable<unknown>): Promise<unknown> {
    const iterator = stream[Symbol.asyncIterator]();
    let closing: Promise<unknown> | undefined;
    const close = () => {
      closing ??= (async () => iterator.return?.())();
      closing.catch(() => undefined); // seen where it is awaited below; until then it must not count as unhandled
    };
    this.#closeStream = close;
    if (this.abortReason !== undefined) close();
    let last: unknown;
    for (;;) {
      const step = await iterator.next();
      if (this.abortReason !== undefined) {
        await closing;
        throw this.abortReason;
      }
      if (step.done === true) return step.value === undefined ? last : step.value;
      last = step.value;
    }
  }
}
