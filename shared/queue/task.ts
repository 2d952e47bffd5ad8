/** Priorities of tasks, on the same scale as `OrderPriority`: lower runs first, any finite number is accepted. */
export const TaskPriority = { HIGH: 10, MEDIUM: 50, LOW: 100 } as const;
export type TaskPriority = (typeof TaskPriority)[keyof typeof TaskPriority];

/**
 *   WAITING --claimed--> RUNNING --releaseSlot--> WATCHING --ends--> ENDED
 *      |                    +-----------------------ends-----------> ENDED
 *      +--cancelled or stopped-------------------------------------> ENDED
 *
 * RUNNING holds a slot. WATCHING goes on without one. ENDED has exactly one result.
 */
export type TaskState = 'WAITING' | 'RUNNING' | 'WATCHING' | 'ENDED';

/** The public record of a task: a snapshot, it does not change afterwards. */
export interface PriorityTask {
  readonly taskId: string;
  readonly orderReqId: string;
  readonly priority: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly state: TaskState;
}

/** What a running task is given. May be taken apart: `({ signal, releaseSlot }) => ...`. */
export interface TaskContext {
  readonly taskId: string;
  readonly orderReqId: string;
  readonly priority: number;
  /** Aborted when the task is cancelled or the manager stops; its reason is the error of the task's result. */
  readonly signal: AbortSignal;
  /**
   * Gives the slot to the next task while this one goes on, for work that is done but for watching. True when the task
   * holds no slot any more; false when too many tasks watch already and it keeps its slot.
   */
  readonly releaseSlot: () => boolean;
}

/**
 * A concurrent streaming task. It holds its slot until it ends: a function when what it returns settles; a stream (async
 * generator, gRPC call, any async iterable, also one that a promise brings) when it has been read to its end. The result of
 * a stream is its return value or, without one, its last item; the items themselves are not kept.
 */
export type TaskFunction<R = unknown> = (context: TaskContext) => R | Promise<R> | AsyncIterable<R>;

export interface PriorityTaskInput<R = unknown> {
  /** The order this is for, as its client calls it. Several tasks may carry the same one. */
  readonly orderReqId: string;
  /** Lower runs first; see {@link TaskPriority} and `OrderPriority`. */
  readonly priority: number;
  readonly task: TaskFunction<R>;
  /** Default: a new id. Refused while another task of this id waits or runs. */
  readonly taskId?: string | undefined;
  /** Seniority within the priority, ms since the Unix epoch; default now. A retried order brings its first one. */
  readonly createdAt?: number | undefined;
}

/** All in milliseconds, moments since the Unix epoch. */
export interface TaskTimings {
  readonly createdAt: number;
  /** Undefined when the task ended without ever running. */
  readonly startedAt: number | undefined;
  readonly endedAt: number;
  /** From `createdAt` to the start, or to the end when it never started. */
  readonly waitMs: number;
  /** From the start to the end; 0 when it never started. */
  readonly runMs: number;
}

export type TaskResult<R = unknown> =
  | { readonly success: true; readonly result: R; readonly timings: TaskTimings }
  | { readonly success: false; readonly error: Error; readonly timings: TaskTimings };

/** Why a task that somebody cancelled ended; also the reason of its abort signal. */
export class TaskCancelledError extends Error {
  override readonly name = 'TaskCancelledError';
}
