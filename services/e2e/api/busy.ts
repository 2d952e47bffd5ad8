/** A system whose slots are all taken: by exits whose transactions wait for a block that the sandbox does not make. */
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import type { Stack } from './stack.js';
import { openPositions, reached, sell } from './support.js';

/** Slots of a stack (P4). */
export const SLOTS = 3;

const BLOCKERS = ['blocker-1', 'blocker-2', 'blocker-3'];

export interface Busy {
  /** Stops the chain and takes every slot; the ids of the orders that hold them. Further ones wait from then on. */
  block(): Promise<string[]>;
  /** Lets the chain go on: what holds the slots is filled, and what waits takes them. */
  release(): Promise<void>;
}

/**
 * Opens the positions that {@link Busy.block} sells from. Emergency exits hold the slots, because anything less urgent hands its
 * slot to a waiting exit (P8), and each is of a position of its own, because a position may refuse a second exit (X7).
 */
export async function makeBusy(stack: Stack): Promise<Busy> {
  const positions = await openPositions(stack, BLOCKERS);
  let rounds = 0;
  return {
    async block() {
      rounds += 1;
      const ids = BLOCKERS.map((name) => `${name}-round-${rounds}`);
      await stack.control('pause');
      await Promise.all(
        ids.map(async (id, index) => {
          await sell(stack, id, positions[index] ?? '', { emergency: true });
          await reached(stack, id, OrderStatus.CONFIRMING);
        }),
      );
      return ids;
    },
    release: () => stack.control('resume'),
  };
}
