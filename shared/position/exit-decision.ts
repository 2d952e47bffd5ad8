import { ExitlaneError } from '../core/errors.js';
import type { OrderStatus } from '../order/order.js';
import { OrderPriority, priorityName } from '../order/priority.js';
import { availableTokens, type Holding, type PositionStatus, percentOf } from './accounting.js';
import { urgencyOf } from './exit-urgency.js';

/**
 * What becomes of a wish to exit while other exits of the position may be on their way (X7, X11). Pure; the caller carries it out in
 * the transaction that locked position and orders, and decides again when one of them has moved on meanwhile.
 *
 *   closed                                              -> refuse
 *   a live exit of the same or higher urgency           -> refuse
 *   no stop-loss or emergency                           -> create, of what no live exit has reserved; nothing left: refuse
 *   stop-loss or emergency, nothing else under way      -> create
 *   ... lower exits waiting (PENDING, FAILED) or unsent (SUBMITTED)  -> takeOver: they end, their tokens are sold too
 *   ... only lower exits that are sent (CONFIRMING)     -> sellRest, now; what a sent one does not sell follows
 */

export interface ExitingPosition extends Holding {
  readonly positionId: string;
  readonly status: PositionStatus;
}

/** An exit of the position that is neither FILLED nor CANCELLED. */
export interface LiveExit {
  readonly orderId: string;
  readonly orderReqId: string;
  readonly priority: OrderPriority;
  readonly exitReason: string;
  readonly status: OrderStatus;
  /** Base units it has reserved. */
  readonly reservedTokens: bigint;
}

export interface WantedExit {
  readonly exitReason: string;
  readonly emergency: boolean;
  /** Percent (1 to 100) of what is held and not under way otherwise, or base units. A stop-loss sells all whatever it says (X4). */
  readonly amount: { readonly percent: number } | { readonly tokens: bigint };
}

export type ExitDecision =
  | { readonly kind: 'create'; readonly tokens: bigint }
  | {
      readonly kind: 'takeOver';
      /** To be ended as superseded, their tokens released; `tokens` counts on that. */
      readonly takeOver: readonly LiveExit[];
      /** Sent, not to be touched: whatever they do not sell is to be sold next. */
      readonly follow: readonly LiveExit[];
      readonly tokens: bigint;
    }
  | {
      readonly kind: 'sellRest';
      readonly follow: readonly LiveExit[];
      /** 0: the sent exits have reserved everything, and there is no order to make before one of them ends. */
      readonly tokens: bigint;
    }
  | {
      readonly kind: 'refuse';
      readonly reason: 'CLOSED' | 'UNDER_WAY' | 'TOO_SMALL';
      readonly detail: string;
      readonly orderId?: string;
    };

export function decideExit(
  position: ExitingPosition,
  liveExits: readonly LiveExit[],
  wanted: WantedExit,
): ExitDecision {
  if (position.status === 'CLOSED') {
    return {
      kind: 'refuse',
      reason: 'CLOSED',
      detail: `position ${position.positionId} is closed; there is nothing left to sell`,
    };
  }
  const urgency = urgencyOf(wanted);
  const [first] = liveExits.filter(({ priority }) => priority <= urgency).sort((a, b) => a.priority - b.priority);
  if (first) return underWay(position, first, urgency);
  const urgent = urgency <= OrderPriority.EXIT_STOP_LOSS;
  const takeOver = urgent ? liveExits.filter(({ status }) => status !== 'CONFIRMING') : [];
  // Who wants a part has it once it is sold; only who wants all of it waits for what is on the wire.
  const follow = urgent && wantsAll(wanted) ? liveExits.filter(({ status }) => status === 'CONFIRMING') : [];
  const held = takeOver.reduce((sum, { reservedTokens }) => sum + reservedTokens, availableTokens(position));
  const tokens = wantsAll(wanted) ? held : partOf(wanted.amount, held);
  if (tokens > held || (tokens <= 0n && follow.length === 0)) return tooSmall(position, liveExits, tokens, held);
  if (takeOver.length > 0) return { kind: 'takeOver', takeOver, follow, tokens };
  return follow.length > 0 ? { kind: 'sellRest', follow, tokens } : { kind: 'create', tokens };
}

function wantsAll({ exitReason, amount }: WantedExit): boolean {
  return exitReason.toLowerCase().includes('stop_loss') || ('percent' in amount && amount.percent === 100);
}

function partOf(amount: WantedExit['amount'], held: bigint): bigint {
  return 'tokens' in amount ? amount.tokens : percentOf(held, amount.percent);
}

function underWay(position: ExitingPosition, exit: LiveExit, urgency: OrderPriority): ExitDecision {
  const compared = exit.priority === urgency ? 'just as urgent' : `more urgent (${priorityName(exit.priority)})`;
  const onTheWire = exit.status === 'CONFIRMING';
  const stronger = urgency === OrderPriority.EMERGENCY ? '' : ', or exit as an emergency';
  const next = `${onTheWire ? 'its transaction may land at any moment: wait for its end' : 'wait for its end or cancel it'}${stronger}`;
  return {
    kind: 'refuse',
    reason: 'UNDER_WAY',
    orderId: exit.orderId,
    detail: `position ${position.positionId} is being left by ${exit.exitReason} order ${exit.orderReqId} (${exit.status}), which is ${compared}; ${next}`,
  };
}

function tooSmall(position: ExitingPosition, live: readonly LiveExit[], tokens: bigint, held: bigint): ExitDecision {
  const free = `position ${position.positionId} has ${held} base units that are neither sold nor on their way out`;
  const [exit] = live;
  const next = exit ? `; wait for ${exit.exitReason} order ${exit.orderReqId} (${exit.status}) or cancel it` : '';
  const detail = tokens > held ? `cannot sell ${tokens} base units: ${free}${next}` : `nothing to sell: ${free}${next}`;
  return { kind: 'refuse', reason: 'TOO_SMALL', detail, ...(exit ? { orderId: exit.orderId } : {}) };
}

/** The refusal as the API tells it. */
export function exitRefusal(
  position: ExitingPosition,
  refusal: Extract<ExitDecision, { kind: 'refuse' }>,
): ExitlaneError {
  const code = refusal.reason === 'TOO_SMALL' ? 'POSITION_TOO_SMALL' : 'POSITION_NOT_EXITABLE';
  return new ExitlaneError(code, refusal.detail, {
    metadata: {
      position_id: position.positionId,
      why: refusal.reason,
      ...(refusal.orderId === undefined ? {} : { order_id: refusal.orderId }),
    },
  });
}
