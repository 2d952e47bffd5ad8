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

/** Servers named one by one in a setting: a channel keeps a connection to each. More of them belong behind a name. */
export const ADDRESSES_MAX = 32;

/**
 * With another server to turn to, one that is frozen or cut off is left after 5 s + 5 s rather than the 45 s of a lone one: a stop of
 * the event loop that long is no server worth waiting for, and its orders' leases are renewed by whoever dials next.
 */
export const BALANCED_KEEPALIVE_TIME_MS = 5_000;
export const BALANCED_KEEPALIVE_TIMEOUT_MS = 5_000;

/** Names come from the access file, so this many are never reached; the wall is against a file that changes for years. */
export const CLIENTS_REMEMBERED_MAX = 10_000;

/**
 * Refusals of one client that calls too fast are held back this long, this many at a time: with its calls in flight bounded by HTTP/2 it
 * gets no more than these per second out of us.
 */
export const HELD_REFUSAL_MS = 1_000;
export const HELD_REFUSALS_MAX = 1_500;

/** One line in the log about refused callers per reason and address in this time: a wrong token in a loop must not fill the disk. */
export const REFUSAL_LOG_INTERVAL_MS = 10_000;

/** A TLS handshake takes a few round trips; who takes longer is not talking TLS, or holds the connection for nothing. */
export const TLS_HANDSHAKE_MS_MAX = 10_000;

/** Connections from one address that is not this machine: a fleet of bots behind one NAT fits, a runaway does not take every place. */
export const CONNECTIONS_PER_ADDRESS_MAX = 300;

/**
 * Emergency exits of one client that are worked on at a time; others of the same client wait their turn. They are never refused, and a
 * person or a bot has a handful; whoever sends thousands must not take the database from the exits of everybody else.
 */
export const EMERGENCIES_AT_ONCE_MAX = 8;

/** Where clients have names: time for a connection to make a call with one. Probes that ask for health alone connect again. */
export const NAMELESS_CONNECTION_MS_MAX = 30_000;
/** Connections that have not said who they are; beyond that the oldest of them goes when a new one comes. */
export const NAMELESS_CONNECTIONS_MAX = 500;

/** Health is told without a name: one address may watch it with so many streams, for load balancers have one each. */
export const NAMELESS_STREAMS_PER_ADDRESS_MAX = 20;

/** A call that was let in and sends no request: every client of ours sends it in the same packet as the headers. */
export const SILENT_CALL_MS_MAX = 30_000;
