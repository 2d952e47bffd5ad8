/**
 * Every queue, loop, wait and buffer has its bound here, with the reason for the number. What an operator may want to
 * change is configuration (`shared/core/config.ts`); these are the walls behind it.
 */

/** Requests are small: 64 KiB holds the largest legal SubmitOrder twenty times over. */
export const GRPC_RECEIVE_BYTES_MAX = 64 * 1024;

/** A page of 500 orders stays below this by a wide margin. */
export const GRPC_CLIENT_RECEIVE_BYTES_MAX = 4 * 1024 * 1024;

/** 2,000 open streams on one channel were measured without trouble; one client needs one per order it follows. */
export const GRPC_STREAMS_PER_CONNECTION_MAX = 2_000;

/** Keepalive: a frozen peer is noticed after 30 s + 15 s. */
export const GRPC_KEEPALIVE_TIME_MS = 30_000;
export const GRPC_KEEPALIVE_TIMEOUT_MS = 15_000;

/** Memory one HTTP/2 session may hold, in MiB: back-pressured streams buffer 16 messages each. */
export const GRPC_SESSION_MEMORY_MIB = 64;

/** Messages read from the log per query for one stream; bounds the memory of a slow reader. */
export const STREAM_PAGE_MESSAGES = 64;

/** Idle streams say where they are this often, so that a client can tell silence from death. */
export const STREAM_PROGRESS_INTERVAL_MS = 15_000;

/** Wake-ups are hints; a stream looks by itself this often, so that a lost hint costs latency, never data. */
export const STREAM_FALLBACK_LOOK_MS = 5_000;

/** A claim is the right to run an order for this long; renewed at a quarter of it. Dead owners are replaced within 5 s. */
export const LEASE_MS = 4_000;
export const LEASE_RENEW_MS = 1_000;

/**
 * Longest time that a committed attempt keeps its order's slot: the processor frees it when the confirmation time (60 s) is over;
 * this is for the processor that cannot, because it is frozen or cut off.
 */
export const SLOT_CONFIRMING_MS_MAX = 75_000;

/** One text message of the in-memory order queues. */
export const ORDER_QUEUE_MESSAGES_MAX = 10_000;

/** Proposals from others on one order: a market maker may improve often, a flood may not. */
export const PROPOSALS_PER_ORDER_MAX = 100;
export const PROPOSALS_PER_ORDER_PER_SECOND_MAX = 10;

/** Page of a list call: default and most. */
export const PAGE_SIZE_DEFAULT = 50;
export const PAGE_SIZE_MAX = 500;

/** On chain u16 basis points; 100 % is the most that has a meaning. */
export const SLIPPAGE_BPS_MAX = 10_000;

/** Time given to running work at shutdown before streams are cut. */
export const DRAIN_MS = 5_000;

/** Log lines that could not be written yet, because the disk is full: some thousands; beyond it the oldest are lost. */
export const LOG_UNWRITTEN_BYTES_MAX = 1024 * 1024;
