/** Bounds of the queue library, with the reason for each number. */

/** Tasks that hold a slot at once, when nothing else is asked for: the venue's budget serves three orders well. */
export const CONCURRENT_TASKS_DEFAULT = 3;

/**
 * Tasks beyond the slots, by urgent claims: as many as may be giving up their slots at one moment. The source's own limit is what
 * decides how many run; this only bounds a source that has none.
 */
export const OVER_SLOTS_MAX = 100;

/** Results kept for `getTaskResult`; about 5 MB. The oldest is dropped first. */
export const TASK_RESULTS_MAX = 10_000;

/** Waiting tasks of one in-memory queue, about 300 MB; see `mayRefuse` for those the bound never refuses. */
export const WAITING_TASKS_MAX = 1_000_000;

/** Tasks that gave their slot back and go on watching. Beyond it a task keeps its slot until it ends. */
export const WATCHING_TASKS_MAX = 1_000;

/** Pause after a source refused a claim: short at first, because an exit may be waiting behind a short outage. */
export const CLAIM_RETRY_MIN_MS = 50;
export const CLAIM_RETRY_MAX_MS = 2_000;

/** Per-order message queues open in one manager; with one small message each about 50 MB. */
export const ORDER_QUEUES_MAX = 100_000;

/** Getters waiting on one order's queue: each is somebody's open call. */
export const ORDER_QUEUE_GETTERS_MAX = 1_000;

/** `OrderExecutor` on its own runs one order at a time by default, and at most this many. */
export const ORDER_EXECUTOR_CONCURRENT_MAX = 3;
