import { type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { call } from '../../../shared/grpc/client.js';
import type { Clients } from '../clients.js';
import { messagesOf } from '../follow.js';
import { tokenOf } from '../tokens.js';
import type { Clock } from '../../../shared/core/clock.js';
import { BUSY, LINE, type PlannedOrder, POSITIONS, SLOTS } from './plan.js';
import { Tracked } from './tracked.js';
import { judge, type Verdict } from './verdict.js';
import type { Venue } from './venue.js';
import type { DemoView } from './view.js';

export interface ScenarioParts {
  readonly clients: Clients;
  readonly venue: Venue;
  readonly view: DemoView;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Outcome {
  readonly verdict: Verdict;
  /** The orders that waited together, as they ended. */
  readonly line: readonly Tracked[];
}

/** Slack around an entry's quote and its fill: a price that walks is no reason to fail the show. */
const SLIPPAGE_BPS = 500;

/**
 * The demo as a story, told through the public API alone. Nothing in it waits for a while and hopes: blocks are held while the
 * slots are full, and go on only when the requestor says that all nine orders wait.
 */
export async function play(parts: ScenarioParts): Promise<Outcome> {
  const { view, venue } = parts;

  view.chapter('Four entries open positions to exit from later');
  const opened = await submitAll(parts, POSITIONS, new Map());
  await ended(opened);
  const positions = new Map(await Promise.all(opened.map((row) => positionOf(parts, row))));

  view.chapter(`Three entries take all ${SLOTS} slots; no block is made, so they stay in them`);
  await venue.hold();
  const busy = await submitAll(parts, BUSY, positions);
  await Promise.all(busy.map((row) => row.reaches(OrderStatus.CONFIRMING)));
  await expectQueue(parts, { waiting: 0, free: 0 });

  view.chapter('Five entries and three exits join the line, entries first, an emergency exit last');
  const line = await submitAll(parts, LINE, positions);
  await Promise.all(line.map((row) => row.reaches(OrderStatus.PENDING)));
  await expectQueue(parts, { waiting: LINE.length, free: 0 });

  view.chapter('All nine wait. Blocks go on: slots get free one by one, and the best waiting order takes each', true);
  await venue.release();
  await ended([...busy, ...line]);
  await rankAll(parts, line);
  view.done();
  return { line, verdict: judge(line.map(startedOf)) };
}

/** Submits one after the other, so that the order of acceptance is known, and follows each from its first message. */
async function submitAll(
  parts: ScenarioParts,
  plans: readonly PlannedOrder[],
  positions: ReadonlyMap<string, string>,
): Promise<Tracked[]> {
  const rows = plans.map((plan) => new Tracked(plan, `demo-${plan.name.replaceAll(' ', '-')}`));
  parts.view.add(rows);
  for (const row of rows) {
    const request = requestFor(row, positions);
    const { order } = await call(parts.clients.orders, 'submitOrder', request, { signal: parts.signal });
    row.order = order;
    parts.follow(row);
  }
  return rows;
}
