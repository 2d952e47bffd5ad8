/** Bounds of the venue clients, with the reason for each number. */

/** Signatures one getSignatureStatuses call may carry; nodes refuse more. */
export const STATUSES_PER_CALL_MAX = 256;

/** Accounts one getMultipleAccounts call may carry; nodes refuse more. */
export const ACCOUNTS_PER_CALL_MAX = 100;

/** Mints one price call may carry; Jupiter refuses more. */
export const PRICES_PER_CALL_MAX = 50;

/** The largest answer worth reading. The biggest legal one, a wallet's token accounts, stays far below. */
export const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** Of what a venue answers, this much goes into an error's text: it may be a page of HTML. */
export const ERROR_TEXT_CHARS_MAX = 300;

/** A transaction on the wire; leaders take no larger packet. */
export const TRANSACTION_BYTES_MAX = 1232;

/** Pause of the poller after failed polls: doubles up to this, so that a rate limit is not fought. */
export const POLL_BACKOFF_MS_MAX = 5_000;

/** A transaction without a verdict for this long is looked for on every endpoint; one lands in a second or two. */
export const LATE_MS = 8_000;

/** A landed transaction that stays unreadable this long is looked for again from the start: its fork may be gone. */
export const READING_MS_MAX = 10_000;

/** Simulations of one transaction while the node asked has not seen its blockhash yet: 3 pauses, about 4 blocks. */
export const SIMULATIONS_MAX = 4;
export const SIMULATION_PAUSE_MS = 400;

/**
 * Two orders for the same on one blockhash make the same transaction: the second waits for the next blockhash, at most this
 * long. A chain that makes no block for longer than that has a failed execution coming anyway.
 */
export const NEXT_BLOCKHASH_MS_MAX = 30_000;

/** Blocks a blockhash lives. https://solana.com/docs/core/transactions/confirmation */
export const BLOCKHASH_LIFE_BLOCKS = 150n;
