/**
 * How long a new order of some level is likely to wait for a slot, as a range that holds nine times in ten (P6).
 *
 * The order starts when `k` slots were given back: one for each order ahead of it and for each that occupies a slot and will
 * not yield to it, less the slots there are. With `c` slots that each are held for a time of mean `m` and variance `v`, slots
 * come back every m/c on average; the first of them comes after half of that, because what runs is already under way.
 * Orders of better levels that arrive meanwhile go first: the wait grows by 1/(1 - their share of the slots).
 */

export interface WaitFacts {
  readonly slots: number;
  /** Orders in a slot that keep it whatever comes, by priority; see `yieldsTo`. */
  readonly occupants: readonly Occupant[];
  readonly queued: readonly LevelCount[];
  /** Orders accepted per minute, by level. */
  readonly arrivalsPerMinute: readonly LevelCount[];
  /** How long slots were held lately, ms. Undefined while too few were given back to go by. */
  readonly holds: { readonly meanMs: number; readonly varianceMs2: number } | undefined;
}

export interface LevelCount {
  readonly priority: number;
  readonly count: number;
}

export interface Occupant {
  readonly priority: number;
  readonly orderType: 'ENTRY' | 'EXIT';
  /** Sent: only watching is left. */
  readonly sent: boolean;
}

export interface WaitRange {
  readonly minMs: number;
  readonly maxMs: number;
}

/** From a free slot to the start: a claim, and a hint that may come late. */
const CLAIM_MS = 250;

/** Both ends together leave one in ten outside (normal distribution). */
const DEVIATIONS = 1.645;

/** What the model does not know - venue moods, retries - as a share of the wait. */
const MODEL_ERROR = 0.15;

/** Above it, waits of lower levels have no end in sight; the estimate stays a number. */
const BETTER_SHARE_MAX = 0.9;

const MS_PER_MINUTE = 60_000;

/** Undefined: nothing to go by yet. */
export function estimateWait(priority: number, facts: WaitFacts): WaitRange | undefined {
  const { slots, holds } = facts;
  const occupied = facts.occupants.filter((occupant) => !yieldsTo(occupant, priority)).length;
  const ahead = sum(facts.queued, (level) => level <= priority);
  const releases = occupied + ahead - slots + 1;
  if (releases <= 0) return { minMs: 0, maxMs: CLAIM_MS };
  if (!holds) return undefined;
  const { meanMs, varianceMs2 } = holds;
  const betterPerMs = sum(facts.arrivalsPerMinute, (level) => level < priority) / MS_PER_MINUTE;
  const stretch = 1 / (1 - Math.min(BETTER_SHARE_MAX, (betterPerMs * meanMs) / slots));
  const wait = ((releases - 0.5) * meanMs * stretch) / slots;
  // The phases of what runs now, and the spread of what must end.
  const deviation = (Math.sqrt(meanMs ** 2 / 12 + releases * varianceMs2) * stretch) / slots;
  const off = DEVIATIONS * deviation + MODEL_ERROR * wait;
  return { minMs: Math.max(0, Math.round(wait - off)), maxMs: Math.round(wait + off) + CLAIM_MS };
}

/** P8: an entry yields to every exit, and what is sent to anything more urgent. */
function yieldsTo(occupant: Occupant, priority: number): boolean {
  if (occupant.priority <= priority) return false;
  return occupant.sent || occupant.orderType === 'ENTRY';
}

function sum(levels: readonly LevelCount[], which: (priority: number) => boolean): number {
  return levels.reduce((total, { priority, count }) => (which(priority) ? total + count : total), 0);
}
