/** Bounds of sending alerts, with the reason for each number. */

/** A receiver that has not answered by then is tried again. */
export const SEND_TIMEOUT_MS = 10_000;

/** A delivery belongs to whoever claimed it for this long: the time-out, and time enough to write down what came of it. */
export const CLAIM_MS = 30_000;

/** Tries of one delivery. With the delays below, the last one is about two and a half hours after the first. */
export const SEND_ATTEMPTS_MAX = 20;

/** Delay after a failed try: doubles from the first to the most, half of it random. */
export const SEND_RETRY = { firstDelayMs: 2_000, maxDelayMs: 15 * 60_000 } as const;

/** A receiver that asks for more patience than this gets a try anyway. */
export const RETRY_AFTER_MS_MAX = 60 * 60_000;

/** What could not be sent for a day is no news any more. */
export const NEWS_AGE_MS_MAX = 24 * 60 * 60_000;

/** Pieces of news handed out per transaction. */
export const HAND_OUT_BATCH = 50;

/** Longest time without a look: makes up for a lost hint. */
export const LOOK_MS_MAX = 5_000;

/** Of what a receiver answers, this much is read, and this much goes into an error's text. */
export const ANSWER_BYTES_MAX = 16 * 1024;
export const ERROR_TEXT_CHARS_MAX = 200;

/** Telegram takes 4,096 characters, Discord 2,000 and Slack 40,000: the least of them, less the marks of a code block. */
export const CHAT_CHARS_MAX = 1_990;
