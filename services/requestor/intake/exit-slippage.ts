import type { OrderPriority } from '../../../shared/order/priority.js';
import { EXIT_LADDER_DEFAULT, exitTerms } from '../../../shared/position/exit-ladder.js';
import type { RequestorConfig } from '../config.js';

export type ExitSlippageConfig = Pick<
  RequestorConfig,
  'exitSlippageBps' | 'exitRetrySlippageBps' | 'exitSlippageMaxBps'
>;

/**
 * What an exit begins with, and how far it may step up (X6, X11): the client's own bound stays as it is, otherwise the ladder
 * decides. `triedBps`: a person tries a failed exit again, which went as far as this.
 */
export function exitSlippage(
  priority: OrderPriority,
  explicitBps: number | undefined,
  config: ExitSlippageConfig,
  triedBps?: number,
): { maxSlippageBps: number; slippageCapBps: number | null } {
  if (explicitBps !== undefined) return { maxSlippageBps: explicitBps, slippageCapBps: null };
  const ladder = {
    ...EXIT_LADDER_DEFAULT,
    slippageBps: config.exitSlippageBps,
    retrySlippageBps: config.exitRetrySlippageBps,
    slippageMaxBps: config.exitSlippageMaxBps,
  };
  const manualRetry = triedBps === undefined ? undefined : { triedBps };
  const { slippageBps } = exitTerms({ priority, attempt: 1, manualRetry }, ladder);
  return { maxSlippageBps: slippageBps, slippageCapBps: Math.max(slippageBps, config.exitSlippageMaxBps) };
}
