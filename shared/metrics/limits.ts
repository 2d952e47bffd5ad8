/** Bounds of observing, with the reason for each number. */

/** How often a service looks by itself whether it is ready: orchestrators ask every few seconds. */
export const READY_LOOK_MS = 2_000;

/** A check that takes longer has failed: who asks would not wait longer either. */
export const READY_CHECK_MS_MAX = 1_500;

/** A look this recent answers the next question too, so that asking often costs nothing. */
export const READY_FRESH_MS = 500;

/** Numbers read from the database are this old at most: two scrapers cost as much as one. */
export const FLEET_FRESH_MS = 1_000;

/** The database has this long for the numbers of a scrape; Prometheus gives up after 10 s by default. */
export const FLEET_READ_MS_MAX = 3_000;

/** A request for numbers is one line; whoever sends more, or slowly, is no scraper. */
export const HTTP_HEADER_BYTES_MAX = 8 * 1024;
export const HTTP_REQUEST_MS_MAX = 5_000;

/** Scrapers, probes and people number in the tens. */
export const HTTP_CONNECTIONS_MAX = 64;

/** One address has this many at most: whoever opens connections and says nothing leaves room for scrapers and probes elsewhere. */
export const HTTP_CONNECTIONS_PER_ADDRESS_MAX = 16;

/** A handshake takes two round trips; Node waits two minutes for it. */
export const HTTP_HANDSHAKE_MS_MAX = 10_000;

/** A port that another process has is tried again this often: after a restart the one before may still be leaving. */
export const HTTP_RETRY_MS = 5_000;
