/** Bounds of exit rules, with the reason for each number. */

/** Steps of taking profit: the exit reasons name three (X2). */
export const TAKE_PROFITS_MAX = 3;

/** A gain beyond ten thousand times the entry is a typing error. */
export const EXIT_PERCENT_MAX = 1_000_000;

/** A hundredth of a basis point: finer than any price moves, and far from what a double cannot hold exactly. */
export const EXIT_PERCENT_DECIMALS = 4;

/** A position that may be held for longer than a year has no time limit. */
export const EXIT_TIME_MS_MAX = 365 * 86_400_000;
