import type { Order } from '../../../shared/order/order.js';
import { EXIT_LADDER_DEFAULT, exitTerms } from '../../../shared/position/exit-ladder.js';
import type { VenueSettings } from '../venue/config.js';
import type { SwapRequest } from '../venue/jupiter.js';

type FeeTerms = Pick<SwapRequest, 'priorityLevel' | 'priorityFeeMaxLamports'>;

/** What a first ordinary exit may pay of the cap, as with the ladder's own defaults. */
const FIRST_SHARE = 4n;

/** X11: an exit offers more for its place in a block with urgency and attempts, up to the cap; an entry what is configured. */
export function feeTerms(
  order: Pick<Order, 'orderType' | 'priority' | 'attemptCount'>,
  { priorityLevel, priorityFeeMaxLamports }: Pick<VenueSettings, 'priorityLevel' | 'priorityFeeMaxLamports'>,
): FeeTerms {
  if (order.orderType === 'ENTRY') return { priorityLevel, priorityFeeMaxLamports };
  const priorityFeeLamports = priorityFeeMaxLamports / FIRST_SHARE;
  const ladder = { ...EXIT_LADDER_DEFAULT, priorityFeeLamports, priorityFeeMaxLamports };
  const terms = exitTerms({ priority: order.priority, attempt: order.attemptCount + 1 }, ladder);
  return { priorityLevel: terms.priorityLevel, priorityFeeMaxLamports: terms.priorityFeeMaxLamports };
}
