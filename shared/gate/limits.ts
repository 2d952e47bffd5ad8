/** Bounds of the gate, with the reason for each number. What an operator may want to change is an option of the gate. */

/** A call that is not critical waits this long for critical ones, then goes on (A2): a hanging critical call stops nobody. */
export const MAX_WAIT_MS = 5_000;

/** A call that is not critical waits this long in all; then its caller is better off knowing. */
export const BUDGET_WAIT_MS = 15_000;

/**
 * A critical call waits this long for its host's budget, then goes on or ends, see `refusableUrgency`. Five executions of an order
 * that wait so long span more than a minute, the longest window of the hosts we know: its attempts outlast the limit.
 */
export const CRITICAL_WAIT_MS = 10_000;

/** Waiting calls, about 1 KB each. Critical ones are never refused for it: they are as many as there are orders at work. */
export const WAITING_CALLS_MAX = 10_000;

/** Hosts with numbers of their own; more are a mistake in what is passed as host. */
export const HOSTS_MAX = 1_000;

/** Pause after a 429 that does not say how long: doubles from the first to the last, the longest window of hosts we know. */
export const LIMITED_PAUSE_MS_MIN = 1_000;
export const LIMITED_PAUSE_MS_MAX = 60_000;

/** A host is believed when it says "not before", up to here: headers may hold anything. */
export const HOST_PAUSE_MS_MAX = 300_000;

/** A wait that took this long is worth a warning, one in this many milliseconds. */
export const WARN_AFTER_MS = 2_000;
export const WARN_INTERVAL_MS = 10_000;

/** The average wait is that of about so many calls, the last ones counting most. */
export const AVERAGED_CALLS = 64;

/** Requests of one window: 8 bytes each are kept. */
export const WINDOW_REQUESTS_MAX = 1_000_000;

/** Other calls than critical ones are let through in bursts of this much time's worth, unless told otherwise. */
export const BURST_MS = 5_000;

/** A lane with waiting calls is looked at this often at least: no timer is longer, whatever a host says. */
export const LOOK_MS_MAX = 60_000;
