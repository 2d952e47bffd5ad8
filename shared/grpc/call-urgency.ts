import { OrderType } from '../../proto/gen/exitlane/v1/order.js';

/**
 * How a call counts against its client's limits. `emergency` is never counted and never refused (P9), `exit` has a bucket of its own,
 * so that a client's own reads and entries cannot keep its exits out.
 */
export type CallUrgency = 'emergency' | 'exit' | 'other';

const PREFIX = 'exitlane.v1.';

/** Ways out, and what stops trading. */
const EXITS: ReadonlySet<string> = new Set(
  [
    'PositionService/RetryExit',
    'PositionService/SetExitPlan',
    'OrderService/CancelOrder',
    'QueueService/SetTradingState',
  ].map((method) => PREFIX + method),
);

/** Only the message tells. */
const ASK_MESSAGE: ReadonlySet<string> = new Set([
  `${PREFIX}OrderService/SubmitOrder`,
  `${PREFIX}PositionService/ExitPosition`,
]);

/** By the method alone; undefined: see {@link urgencyOfMessage}. */
export function urgencyOfMethod(method: string): CallUrgency | undefined {
  if (ASK_MESSAGE.has(method)) return undefined;
  return EXITS.has(method) ? 'exit' : 'other';
}

/** What the two requests have in common, as far as it matters here. */
interface MaybeExit {
  readonly orderType?: OrderType;
  readonly emergency?: boolean;
  readonly exitReason?: string;
}

export function urgencyOfMessage(method: string, message: MaybeExit): CallUrgency {
  const isExit = method.endsWith('/ExitPosition') || message.orderType === OrderType.EXIT;
  if (!isExit) return 'other';
  return message.emergency === true || message.exitReason === 'emergency' ? 'emergency' : 'exit';
}
