/**
 * Bounds of the transport itself, each with the reason for its number. The ones that a service shares with others stand in
 * `shared/core/limits.ts`.
 */

/** A connection is asked to go after an hour, so that load spreads again after a restart; calls get time to end. */
export const CONNECTION_AGE_MS_MAX = 60 * 60_000;
export const CONNECTION_AGE_GRACE_MS = 10 * 60_000;

/** A unary call that is not answered by then is given up by the client; every handler is far quicker. */
export const CALL_DEADLINE_MS = 10_000;

/** A client finds a restarted neighbour within half a second, and another host within two seconds. */
export const RECONNECT_INITIAL_MS = 50;
export const RECONNECT_LOOPBACK_MS_MAX = 500;
export const RECONNECT_MS_MAX = 2_000;

/** Names are looked up again this soon after a broken connection; the default of 30 s would keep a client away for as long. */
export const DNS_LOOKUP_INTERVAL_MS = 1_000;

/** Many peers refuse more than 8 KiB of trailers: details are cut to fit, violations first. */
export const STATUS_DETAILS_BYTES_MAX = 5 * 1024;
/** Percent encoding can triple a message on the wire. */
export const STATUS_MESSAGE_CHARS_MAX = 800;

/** What a client is told to wait before it comes back to a service that shuts down: a restart takes about as long. */
export const SHUTDOWN_RETRY_MS = 250;

/** At the end of a drain, statuses of the calls that are cut get this long to reach their clients. */
export const DRAIN_FLUSH_MS = 250;

/** Resuming a stream: first wait, doubled up to the most, each with jitter. */
export const RESUME_INITIAL_MS = 50;
export const RESUME_MS_MAX = 2_000;

/** Connections of one server: bots, tools and neighbours number in the tens, a runaway client must not take every descriptor. */
export const CONNECTIONS_MAX = 1_000;
