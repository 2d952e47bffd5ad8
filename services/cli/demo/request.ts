import { OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { tokenOf } from '../tokens.js';
import type { Tracked } from './tracked.js';

/** Wide enough that a price that walks between quote and block spoils no show. */
const SLIPPAGE_BPS = 500;

/** The request for a planned order; exits sell from the position that was bought with their token. */
export function requestFor({ plan, orderReqId }: Tracked, positions: ReadonlyMap<string, string>): SubmitOrderRequest {
  const common = { orderReqId, maxSlippageBps: SLIPPAGE_BPS };
  if (plan.kind === 'entry') {
    return SubmitOrderRequest.fromPartial({
      ...common,
      orderType: OrderType.ENTRY,
      tokenAddress: tokenOf(plan.token).address,
      amountSol: plan.sol,
      // An empty plan: no exit but those of the story fires by itself.
      exitPlan: {},
    });
  }
  return SubmitOrderRequest.fromPartial({
    ...common,
    orderType: OrderType.EXIT,
    positionId: positions.get(plan.token) ?? '',
    percent: plan.percent,
    exitReason: plan.reason,
    emergency: plan.emergency,
  });
}
