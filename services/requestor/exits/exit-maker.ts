import { ExitlaneError } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import { priorityOf } from '../../../shared/order/priority.js';
import type { Triggered } from '../../../shared/position/exit-rules.js';
import { type ExitState, markFired, triggerReqId } from '../../../shared/position/exit-state.js';
import type { AcceptedPrice } from '../../../shared/position/price-sanity.js';
import type { Database } from '../../../shared/store/database.js';
import { AlreadyTriggered, placeExit } from '../../../shared/store/exit-orders.js';
import { type ExitWatch, saveExitState } from '../../../shared/store/exit-plans.js';
import type { RequestorConfig } from '../config.js';
import { type ExitSlippageConfig, exitSlippage } from '../intake/exit-slippage.js';
import { payloadHashOf } from '../intake/payload-hash.js';

export interface ExitMakerOptions {
  readonly db: Database;
  readonly config: Pick<RequestorConfig, 'maxAttempts'> & ExitSlippageConfig;
  readonly logger: Logger;
}

export type Made =
  /** The exit exists, with the trigger marked as fired, by this call or by one before it. */
  | { readonly kind: 'made' }
  /** Something is in the way: the trigger stays armed and is looked at again with the next price. */
  | { readonly kind: 'blocked'; readonly why: string }
  /** The plan was changed meanwhile: read it again and decide again. */
  | { readonly kind: 'outdated' };

class PlanChanged extends Error {}

/**
 * Makes the exit of a trigger that fired (X9): order, reservation and the mark that it fired in one transaction. The order's id
 * follows from position and trigger, so that whoever comes second - after a crash, or another requestor - makes none.
 */
export async function makeTriggeredExit(
  { db, config, logger }: ExitMakerOptions,
  watch: ExitWatch,
  before: ExitState,
  { trigger, percent, detail }: Triggered,
  price: AcceptedPrice,
): Promise<Made> {
  const { positionId, mint, symbol, decimals, isSimulated } = watch;
  const orderReqId = triggerReqId(positionId, trigger, before);
  const state = markFired(before, trigger);
  const priority = priorityOf({ orderType: 'EXIT', exitReason: trigger, emergency: false });
  const draft = {
    ...exitSlippage(priority, undefined, config),
    orderReqId,
    isTriggered: true,
    payloadHash: payloadHashOf(['trigger', positionId, trigger]),
    orderType: 'EXIT' as const,
    priority,
    emergency: false,
    mint,
    symbol,
    decimals,
    requestedLamports: null,
    expectedPrice: price.value,
    positionId,
    exitReason: trigger,
    exitPlan: {},
    isSimulated,
    maxAttempts: config.maxAttempts,
    expiresAt: null,
  };
  try {
    const { order, follows } = await placeExit(db, draft, { percent }, async (tx) => {
      if (!(await saveExitState(tx, watch, { state, price }))) throw new PlanChanged();
    });
    const facts = { positionId, trigger, percent, orderId: order.orderId, orderReqId: order.orderReqId, follows };
    logger.info({ ...facts, price: price.value, why: detail }, 'exit triggered');
    return { kind: 'made' };
  } catch (error) {
    if (error instanceof PlanChanged) return { kind: 'outdated' };
    if (error instanceof AlreadyTriggered) {
      // Another requestor made it, and one that had read the state before wrote over the mark: without it nothing after this trigger
      // would ever have its turn.
      return (await saveExitState(db, watch, { state, price })) ? { kind: 'made' } : { kind: 'outdated' };
    }
    if (error instanceof ExitlaneError && REFUSALS.has(error.reason)) return { kind: 'blocked', why: error.message };
    throw error;
  }
}

const REFUSALS = new Set(['POSITION_NOT_EXITABLE', 'POSITION_TOO_SMALL']);
