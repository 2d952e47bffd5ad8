import { SLIPPAGE_BPS_MAX } from '../core/limits.js';
import { OrderPriority } from '../order/priority.js';

/**
 * What an exit offers to get out (X6, X11): slippage and priority fee step up with urgency and with every failed attempt, up to a
 * cap. With the defaults, in basis points:
 *
 *   attempt            1     2     3     4     5
 *   emergency        300   500   700   900  1000
 *   stop-loss,
 *   trailing stop    150   250   350   450   550
 *   others           150   200   250   300   350
 *   manual retry     200 or what failed before, then as its reason
 */
export interface ExitLadder {
  /** Slippage of the first attempt (X6). */
  readonly slippageBps: number;
  /** Least slippage of the first attempt of a manual retry (X6). */
  readonly retrySlippageBps: number;
  /** Added with each failed attempt; twice that for stop-losses and trailing stops, four times for emergencies. */
  readonly slippageStepBps: number;
  /** Never more than this. */
  readonly slippageMaxBps: number;
  /** The most a first attempt of an ordinary exit may pay for priority, lamports; doubled with each step up. */
  readonly priorityFeeLamports: bigint;
  /** Never more than this. */
  readonly priorityFeeMaxLamports: bigint;
}

export const EXIT_LADDER_DEFAULT: ExitLadder = {
  slippageBps: 150,
  retrySlippageBps: 200,
  slippageStepBps: 50,
  slippageMaxBps: 1_000,
  priorityFeeLamports: 250_000n,
  priorityFeeMaxLamports: 1_000_000n,
};

export interface ExitAttempt {
  readonly priority: OrderPriority;
  /** The attempt to be made, from 1: failed executions + 1. */
  readonly attempt: number;
  /** The client's own bound on slippage: it is the client's word, and nothing steps above or below it. */
  readonly explicitBps?: number | undefined;
  /** A person tries a failed exit again; `triedBps` is the most that was tried before, 0 if unknown. */
  readonly manualRetry?: { readonly triedBps: number } | undefined;
}

export interface ExitTerms {
  readonly slippageBps: number;
  /** The most this attempt may pay for priority. */
  readonly priorityFeeMaxLamports: bigint;
  /** Level of the fee estimate to ask for. */
  readonly priorityLevel: 'high' | 'veryHigh';
}

/** How steep the ladder is, and how many fee steps an exit is ahead of an ordinary one. */
interface Climb {
  readonly steps: number;
  readonly feeStepsAhead: number;
}

function climbOf(priority: OrderPriority): Climb {
  if (priority <= OrderPriority.EMERGENCY) return { steps: 4, feeStepsAhead: 2 };
  if (priority <= OrderPriority.EXIT_TRAILING) return { steps: 2, feeStepsAhead: 1 };
  return { steps: 1, feeStepsAhead: 0 };
}

/** Attempts after which the fee estimate is asked for at its highest level whatever the exit is. */
const ATTEMPTS_BEFORE_HIGHEST = 2;

/** The fee doubles per step; 64 doublings are past every cap. */
const FEE_STEPS_MAX = 64;

export function exitTerms(exit: ExitAttempt, ladder: ExitLadder): ExitTerms {
  const { priority, attempt, explicitBps, manualRetry } = exit;
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError(`attempts count from 1, got ${attempt}`);
  const climb = climbOf(priority);
  const failed = attempt - 1;
  const emergency = priority <= OrderPriority.EMERGENCY;
  const first = manualRetry ? Math.max(ladder.retrySlippageBps, manualRetry.triedBps) : ladder.slippageBps;
  // An emergency begins as high up as an ordinary exit comes with its fourth attempt.
  const ahead = emergency ? 3 * ladder.slippageStepBps : 0;
  const wanted = first + ahead + failed * climb.steps * ladder.slippageStepBps;
  const feeSteps = Math.min(FEE_STEPS_MAX, failed + climb.feeStepsAhead);
  return {
    slippageBps: explicitBps ?? Math.min(wanted, ladder.slippageMaxBps, SLIPPAGE_BPS_MAX),
    priorityFeeMaxLamports: atMost(ladder.priorityFeeLamports << BigInt(feeSteps), ladder.priorityFeeMaxLamports),
    priorityLevel: emergency || failed >= ATTEMPTS_BEFORE_HIGHEST ? 'veryHigh' : 'high',
  };
}

/**
 * The next rung: what an exit that was tried with `currentBps` is tried with after one more failure. `capBps` of the order itself
 * bounds it; null is the client's own bound, which stays.
 */
export function nextSlippageBps(
  exit: { readonly priority: OrderPriority; readonly currentBps: number; readonly capBps: number | null },
  stepBps = EXIT_LADDER_DEFAULT.slippageStepBps,
): number {
  const { priority, currentBps, capBps } = exit;
  return capBps === null
    ? currentBps
    : Math.max(currentBps, Math.min(currentBps + climbOf(priority).steps * stepBps, capBps));
}

function atMost(amount: bigint, most: bigint): bigint {
  return amount < most ? amount : most;
}
