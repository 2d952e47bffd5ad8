import type { Failpoint } from '../../../shared/core/failpoints.js';
import type { OrderStatus } from '../../../shared/order/order.js';

/**
 * What leads an order to a failpoint.
 *
 * - `ordinary`: it is submitted.
 * - `no-route`: its first quote finds no route.
 * - `waiting`: it waits in the queue when the requestor starts: the one before was killed after accepting it.
 * - `redial`: its processor is killed while it waits for its block.
 * - `due`: it failed while no requestor was there.
 */
export type Way = 'ordinary' | 'no-route' | 'waiting' | 'redial' | 'due';

export interface Scene {
  readonly failpoint: Failpoint;
  readonly way: Way;
  /** What the database may say of the order while the process stands there; `none`: it has no such order. */
  readonly stands: readonly (OrderStatus | 'none')[];
  /** Swaps of the order on the chain at that moment; undefined: either. */
  readonly landed?: 0 | 1;
  /** Failed executions the order has in the end. */
  readonly failures: number;
  /** The process comes back so late that a transaction which did not land by then cannot land any more. */
  readonly late: boolean;
  /** Signed transactions the order has in the end. */
  readonly attempts: number;
}

type Row = readonly [Failpoint, Way, readonly (OrderStatus | 'none')[], (0 | 1)?, number?];

const ROWS: readonly Row[] = [
  ['requestor.intake.before', 'ordinary', ['none'], 0],
  ['requestor.intake.after', 'ordinary', ['PENDING'], 0],
  ['requestor.claim.before', 'waiting', ['PENDING'], 0],
  ['requestor.claim.after', 'ordinary', ['SUBMITTED'], 0],
  ['requestor.dial.before', 'ordinary', ['SUBMITTED'], 0],
  // The processor goes on meanwhile.
  ['requestor.dial.first-message', 'ordinary', ['SUBMITTED', 'CONFIRMING', 'FILLED']],
  ['requestor.fence.before', 'redial', ['CONFIRMING'], 0],
  ['requestor.fence.after', 'redial', ['CONFIRMING'], 0],
  ['requestor.run.ended', 'ordinary', ['FILLED'], 1],
  ['requestor.retry.before', 'due', ['FAILED'], 0, 1],
  ['requestor.retry.after', 'no-route', ['PENDING'], 0, 1],
  ['processor.run.before', 'ordinary', ['SUBMITTED'], 0],
  ['processor.quote.before', 'ordinary', ['SUBMITTED'], 0],
  ['processor.quote.after', 'ordinary', ['SUBMITTED'], 0],
  ['processor.propose.after', 'ordinary', ['SUBMITTED'], 0],
  ['processor.accept.after', 'ordinary', ['SUBMITTED'], 0],
  ['processor.swap.after', 'ordinary', ['SUBMITTED'], 0],
  ['processor.check.after', 'ordinary', ['SUBMITTED'], 0],
  ['processor.sign.after', 'ordinary', ['SUBMITTED'], 0],
  ['processor.commit.before', 'ordinary', ['SUBMITTED'], 0],
  ['processor.commit.after', 'ordinary', ['CONFIRMING'], 0],
  ['processor.send.before', 'ordinary', ['CONFIRMING'], 0],
  ['processor.send.after', 'ordinary', ['CONFIRMING']],
  ['processor.sent.after', 'ordinary', ['CONFIRMING']],
  ['processor.verdict.after', 'ordinary', ['CONFIRMING'], 1],
  ['processor.settle.before', 'ordinary', ['CONFIRMING'], 1],
  ['processor.settle.after', 'ordinary', ['FILLED'], 1],
  // Nothing of the failure is written, and the next quote finds a route.
  ['processor.fail.before', 'no-route', ['SUBMITTED'], 0],
  ['processor.fail.after', 'no-route', ['FAILED'], 0, 1],
];

/** One scene per failpoint, in the order in which an order passes them. */
export const SCENES: readonly Scene[] = ROWS.map(([failpoint, way, stands, landed, failures = 0]) => ({
  failpoint,
  way,
  stands,
  ...(landed === undefined ? {} : { landed }),
  failures,
  late: false,
  attempts: 1,
}));

/** Committed and not sent: coming back late, the attempt must be proven dead, and a second one made. */
const UNSENT: readonly Failpoint[] = ['processor.commit.after', 'processor.send.before'];
/** Sent, perhaps landed: coming back late, the swap must be found. */
const SENT: readonly Failpoint[] = ['processor.send.after', 'processor.sent.after', 'processor.verdict.after'];

/** The scenes in which it matters how late the process comes back. */
export const LATE_SCENES: readonly Scene[] = SCENES.flatMap((scene) => {
  if (UNSENT.includes(scene.failpoint)) return [{ ...scene, late: true, failures: 1, attempts: 2 }];
  return SENT.includes(scene.failpoint) ? [{ ...scene, late: true }] : [];
});

export function nameOf({ failpoint, late }: Scene): string {
  return late ? `${failpoint}, back after the blockhash expired` : failpoint;
}
