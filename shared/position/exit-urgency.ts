import { OrderPriority, priorityOf } from '../order/priority.js';

/** How urgent an exit is, from what it says; an exit called `emergency` is one whether or not the flag says so. */
export function urgencyOf(exit: { readonly exitReason: string; readonly emergency: boolean }): OrderPriority {
  const emergency = exit.emergency || exit.exitReason === 'emergency';
  return priorityOf({ orderType: 'EXIT', exitReason: exit.exitReason, emergency });
}

/** A stop-loss or an emergency: it takes over lower exits (X11) and needs no current price (X7). */
export function isUrgentExit(exit: { readonly exitReason: string; readonly emergency: boolean }): boolean {
  return urgencyOf(exit) <= OrderPriority.EXIT_STOP_LOSS;
}
