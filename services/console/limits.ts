/** Bounds of the console, each with the reason for its number. */

/** Orders that are not terminal, held and shown; a longer backlog is counted in the queue's numbers and found by its id. */
export const LIVE_ORDERS_MAX = 1_000;
/** Ended orders held beside them: what a trader looks back at. Older ones are read page by page. */
export const ENDED_ORDERS_MAX = 300;
/** A portfolio of thousands is not watched by eye. */
export const LIVE_POSITIONS_MAX = 500;
export const ENDED_POSITIONS_MAX = 100;
export const LIVE_ALERTS_MAX = 500;
export const ENDED_ALERTS_MAX = 100;

/** Changes go to the tabs together, this often: five times a second reads as live and is easy to draw. */
export const FLUSH_MS = 200;

/** Least time between two looks at the queue. */
export const QUEUE_INTERVAL_MS = 250;

/** Points of the charts: a quarter of an hour. */
export const SAMPLE_MS = 2_000;
export const SAMPLES_MAX = 450;

/** How often each service is asked for its status; sooner while it is down, so that a restart is seen at once. */
export const STATUS_INTERVAL_MS = 3_000;
export const STATUS_DOWN_INTERVAL_MS = 500;
/** A status that takes longer counts as down: people wait for it. */
export const STATUS_DEADLINE_MS = 2_000;

export const GATE_INTERVAL_MS = 2_000;

/** For what is not streamed. */
export const POLL_INTERVAL_MS = 3_000;
export const POLL_DEADLINE_MS = 5_000;

/** A stream that broke is opened again: first wait, doubled up to the most. */
export const REOPEN_INITIAL_MS = 100;
export const REOPEN_MS_MAX = 2_000;
/** A call that the service does not have is tried again, in case a newer version was started. */
export const MISSING_RETRY_MS = 15_000;
/** Every stream gives a sign of life at least every 15 s; twice that and some is a stream that died quietly. */
export const STREAM_SILENCE_MS = 40_000;

/** Orders read one by one after a reconnect, at the same time. */
export const HEAL_CONCURRENCY = 4;

/** Streams to browsers: a desk with a few screens; every one costs memory. */
export const TABS_MAX = 64;
/** Browsers open six connections to one server; two stay free for what a person does. */
export const TABS_PER_SESSION_MAX = 4;
/** Bytes not yet taken by a browser; one that is further behind is cut off and starts anew with a snapshot. */
export const TAB_BUFFER_BYTES_MAX = 8 * 1024 * 1024;
export const PING_MS = 5_000;

/** What a person sends is small. */
export const BODY_BYTES_MAX = 16 * 1024;

/** Signed-in sessions; the one not used for longest goes first. */
export const SESSIONS_MAX = 1_000;
export const SESSION_MS_MAX = 12 * 60 * 60_000;
/** Wrong tokens from everybody together before sign-in pauses: a token cannot be guessed, but the log stays readable. */
export const SIGN_IN_FAILURES_MAX = 10;
export const SIGN_IN_WINDOW_MS = 60_000;
