/** Bounds of starting and stopping, each with the reason for its number. */

/** A new PostgreSQL folder takes 2 s, a service 1 s; a loaded machine takes many times that. */
export const READY_WITHIN_MS = 60_000;

/** Between two looks at whether something is ready, or gone. */
export const LOOK_EVERY_MS = 50;

/** One look. A service that takes longer to say that it is well is not. */
export const PROBE_MS = 2_000;

/** A service ends itself 15 s after it was told to at the latest (`runService`). */
export const STOP_WITHIN_MS = 20_000;

/** After the last signal. */
export const KILL_WITHIN_MS = 5_000;

/** A log that is longer is set aside at the next start; one older log is kept. */
export const LOG_BYTES_MAX = 50 * 1024 * 1024;

/** Lines of a log shown of a process that died, and the bytes they are looked for in. */
export const LOG_LINES_SHOWN = 8;
export const LOG_BYTES_READ = 64 * 1024;

/** What is in the way of a start for a moment only (`isPassing` in launch.ts): it is tried again. */
export const STARTS_MAX = 10;
export const START_AGAIN_MS = 500;
