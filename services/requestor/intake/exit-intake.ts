import type { ExitPositionRequest, RetryExitRequest } from '../../../proto/gen/exitlane/v1/position_service.js';
import type { Clock } from '../../../shared/core/clock.js';
import { ExitlaneError, invalidFields, messageOf } from '../../../shared/core/errors.js';
import { failpoint } from '../../../shared/core/failpoints.js';
import { priorityOf } from '../../../shared/order/priority.js';
import { exitPrice } from '../../../shared/position/exit-price.js';
import { isUrgentExit } from '../../../shared/position/exit-urgency.js';
import { PRICE_LIMITS_DEFAULT } from '../../../shared/position/price-sanity.js';
import type { Database } from '../../../shared/store/database.js';
import { findFailedExit } from '../../../shared/store/failed-exits.js';
import { getPosition, type Position } from '../../../shared/store/positions.js';
import { type Accepted, type ExitAmount, findRepeat, submitOrder } from '../../../shared/store/submit.js';
import type { RequestorConfig } from '../config.js';
import type { ProcessorLink } from '../processor-link.js';
import { type ExitSlippageConfig, exitSlippage } from './exit-slippage.js';
import { FieldChecks } from './field-checks.js';
import { payloadHashOf } from './payload-hash.js';

export interface ExitIntakeOptions {
  readonly db: Database;
  readonly link: Pick<ProcessorLink, 'price'>;
  readonly config: Pick<RequestorConfig, 'maxAttempts'> & ExitSlippageConfig;
  readonly clock: Clock;
}

/** Exits that are asked for by position, not as orders: ExitPosition and RetryExit. */
export interface ExitIntake {
  exit(request: ExitPositionRequest, signal: AbortSignal): Promise<Accepted>;
  retry(request: RetryExitRequest, signal: AbortSignal): Promise<Accepted>;
}

interface WantedExit {
  readonly orderReqId: string;
  readonly payloadHash: string;
  readonly exitReason: string;
  readonly emergency: boolean;
  readonly amount: ExitAmount;
  readonly maxSlippageBps: number | undefined;
  /** A failed exit is tried again, which went as far as this. */
  readonly triedBps?: number;
}

export function createExitIntake(options: ExitIntakeOptions): ExitIntake {
  const { db } = options;
  return {
    async exit(request, signal) {
      const exitReason = request.exitReason || (request.emergency ? 'emergency' : 'manual');
      checkExit(request, exitReason);
      const { orderReqId, positionId, percent = 100, maxSlippageBps } = request;
      const emergency = request.emergency || exitReason === 'emergency';
      const payloadHash = payloadHashOf(['exit', positionId, percent, exitReason, emergency, maxSlippageBps ?? null]);
      const wanted = { orderReqId, payloadHash, exitReason, emergency, amount: { percent }, maxSlippageBps };
      const repeat = await findRepeat(db, orderReqId, payloadHash);
      return repeat ?? make(options, await getPosition(db, positionId), wanted, signal);
    },
    async retry(request, signal) {
      checkRetry(request);
      const { orderReqId, positionId, maxSlippageBps } = request;
      const payloadHash = payloadHashOf(['retry', positionId, maxSlippageBps ?? null]);
      const repeat = await findRepeat(db, orderReqId, payloadHash);
      if (repeat) return repeat;
      const position = await getPosition(db, positionId);
      const failed = await findFailedExit(db, position);
      const { exitReason, emergency, maxSlippageBps: triedBps } = failed;
      const amount = { percent: 100 };
      const wanted = { orderReqId, payloadHash, exitReason, emergency, amount, maxSlippageBps, triedBps };
      return make(options, position, wanted, signal);
    },
  };
}

async function make(
  { db, link, config, clock }: ExitIntakeOptions,
  position: Position,
  wanted: WantedExit,
  signal: AbortSignal,
): Promise<Accepted> {
  const { orderReqId, payloadHash, exitReason, emergency } = wanted;
  const priority = priorityOf({ orderType: 'EXIT', exitReason, emergency });
  // A closed position refuses whatever the price is; the order of the two answers should not depend on the venue.
  const expectedPrice = position.status === 'CLOSED' ? null : await priceOf(position, wanted, { link, clock, signal });
  failpoint('requestor.intake.before');
  const accepted = await submitOrder(db, {
    draft: {
      ...exitSlippage(priority, wanted.maxSlippageBps, config, wanted.triedBps),
      orderReqId,
      payloadHash,
      orderType: 'EXIT',
      priority,
      emergency,
      mint: position.mint,
      symbol: position.symbol,
      decimals: position.decimals,
      requestedLamports: null,
      expectedPrice,
      positionId: position.positionId,
      exitReason,
      exitPlan: {},
      isSimulated: position.isSimulated,
      maxAttempts: config.maxAttempts,
      expiresAt: null,
    },
    exitAmount: wanted.amount,
  });
  failpoint('requestor.intake.after');
  return accepted;
}

interface PriceParts {
  readonly link: Pick<ProcessorLink, 'price'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** X7. What is urgent waits for nobody: it takes the price at hand. @throws PRICE_UNAVAILABLE for other exits without one. */
async function priceOf(
  { positionId, mint, entryPrice, currentPrice, currentPriceAt }: Position,
  exit: Pick<WantedExit, 'exitReason' | 'emergency'>,
  { link, clock, signal }: PriceParts,
): Promise<string> {
  const isFresh = currentPriceAt !== null && clock.now() - currentPriceAt.getTime() <= PRICE_LIMITS_DEFAULT.maxAgeMs;
  let current = isFresh ? (currentPrice ?? undefined) : undefined;
  let cause: unknown;
  if (current === undefined && !isUrgentExit(exit)) {
    try {
      current = await link.price(mint, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      cause = error;
    }
  }
  const priced = exitPrice(exit, { current, lastKnown: currentPrice ?? undefined, entryPrice });
  if (priced.kind === 'price') return priced.price;
  const why = cause === undefined ? '' : ` (${messageOf(cause)})`;
  const text = `position ${positionId}: ${priced.detail}${why}; try again, or exit as an emergency, which takes the last known price`;
  throw new ExitlaneError('PRICE_UNAVAILABLE', text, {
    retryDelayMs: 1_000,
    metadata: { position_id: positionId, token_address: mint },
  });
}

function checkExit(request: ExitPositionRequest, exitReason: string): void {
  const checks = new FieldChecks();
  checks.orderReqId(request.orderReqId);
  checks.uuid('position_id', request.positionId, 'the position to sell from; ListPositions shows them');
  checks.percent(request.percent);
  checks.exitReason(exitReason);
  checks.slippageBps(request.maxSlippageBps);
  if (checks.violations.length > 0) throw invalidFields(checks.violations);
}

function checkRetry(request: RetryExitRequest): void {
  const checks = new FieldChecks();
  checks.orderReqId(request.orderReqId);
  checks.uuid('position_id', request.positionId, 'the position whose exit failed; ListPositions shows them');
  checks.slippageBps(request.maxSlippageBps);
  if (checks.violations.length > 0) throw invalidFields(checks.violations);
}
