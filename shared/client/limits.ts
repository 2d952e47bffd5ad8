/** Bounds of the client, each with the reason for its number. */

/** All tries of one call together, unless the caller says otherwise: a restarted service is back by then, a dead one is a matter for people. */
export const CLIENT_DEADLINE_MS = 10_000;

/**
 * A try that may be repeated gets half of the time that is left, so that one lost answer does not use it all up; but no less than this,
 * which is far more than any answer takes.
 */
export const TRY_MS_MIN = 1_000;

/** With less left than this no further try is made: it would only end in DEADLINE_EXCEEDED, and hide what really was in the way. */
export const LAST_TRY_MS_MIN = 50;

/** Waits between tries: short enough for an exit while a service restarts, long enough that a crowd of bots does not trample it. */
export const RETRY_INITIAL_MS = 50;
export const RETRY_MS_MAX = 2_000;

/** A broken watch comes back like a broken stream of one order. */
export const WATCH_INITIAL_MS = 50;
export const WATCH_MS_MAX = 2_000;

/** Rows per page of a list that is read to its end: what the services allow. */
export const PAGE_SIZE_MAX = 500;
