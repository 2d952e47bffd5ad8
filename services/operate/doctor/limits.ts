/** What the doctor finds remarkable, and why. */

/** One check; the slowest waits for a start of the embedded database. */
export const CHECK_TIMEOUT_MS = 20_000;

/** One call to an RPC endpoint, to Jupiter or to a service: slower ones are of no use in trading. */
export const CALL_TIMEOUT_MS = 5_000;

/** A call that takes longer is told of: a quote, a simulation and a send make three of them before an order is on its way. */
export const SLOW_CALL_MS = 1_000;

/** Leases and retries run by the database's clock alone; what people see, and TLS, by the host's. */
export const CLOCK_WARNING_MS = 2_000;
export const CLOCK_PROBLEM_MS = 30_000;

/** Block times are whole seconds, estimated by votes, of blocks some seconds old. */
export const CHAIN_CLOCK_WARNING_MS = 30_000;

/** Slots (0.4 s) that an endpoint may be behind the best one; after 150 its blockhashes are worth nothing. */
export const SLOT_LAG_WARNING = 25;
export const SLOT_LAG_PROBLEM = 150;

/** Two requestors, two processors and a tool, each with its pool and a listener. */
export const CONNECTIONS_WARNING = 45;
export const CONNECTIONS_PROBLEM = 11;

/** WAL between checkpoints and a day's logs; below the second one the embedded database cannot write its checkpoint. */
export const DISK_WARNING_BYTES = 2 * 1024 ** 3;
export const DISK_PROBLEM_BYTES = 256 * 1024 ** 2;

/** The embedded database takes 830 MB at its first start, 270 MB later; a service 150 MB. */
export const MEMORY_WARNING_BYTES = 512 * 1024 ** 2;

/** Time to renew a certificate without haste, or to see that its renewal hangs: automatic ones are due by then. */
export const CERTIFICATE_WARNING_DAYS = 30;

/** What this was tested on. */
export const POSTGRES_VERSION_MIN = 14;
