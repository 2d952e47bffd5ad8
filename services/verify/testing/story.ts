import { runInCall } from '../../../shared/core/call-context.js';
import { sealAudit } from '../../../shared/store/audit.js';
import type { Database } from '../../../shared/store/database.js';
import { setTradingState } from '../../../shared/store/scheduler-state.js';
import { exitDraft } from '../../../shared/store/testing/drafts.js';
import { cancelOrder } from '../../../shared/store/waiting-orders.js';
import { type Attempted, History } from './history.js';

/** A clean history with one order of every kind, and what tests need to bend it. */
export interface Story {
  readonly history: History;
  /** A position half sold. */
  readonly partial: string;
  /** A position sold whole, by the second attempt of its last exit. */
  readonly closed: string;
  /** A position whose exit waits. */
  readonly leaving: string;
  /** FILLED at the second attempt; the first expired. */
  readonly retried: string;
  /** CANCELLED with its only attempt dead. */
  readonly exhausted: string;
  /** CONFIRMING: landed, and not settled yet. */
  readonly inFlight: Attempted & { readonly slot: bigint };
  /** PENDING, acknowledged twice. */
  readonly waiting: string;
  /** The order_req_id of an exit that was given up, and the alert that tells it: acknowledged, and told to one receiver. */
  readonly givenUp: string;
  readonly alertId: string;
  /** The order_req_id of the partial position's entry. */
  readonly entryReqId: string;
}

let calls = 0;

/** Runs `work` as the handler of a call of its own. */
export function inCall<T>(method: string, work: () => Promise<T>): Promise<T> {
  calls += 1;
  const caller = { name: 'desk', role: 'admin', client: '*', actingFor: '' } as const;
  return runInCall({ method: `exitlane.v1.${method}`, requestId: `call-${calls}`, peer: '127.0.0.1', caller }, work);
}

export async function tellStory(db: Database): Promise<Story> {
  const history = new History(db);
  await history.knowMint();
  const entry = await history.fill(await history.entry());
  const partial = entry.positionId ?? '';
  await history.fill(await history.exit(partial, 50));

  const closed = await history.open();
  await history.fill(await history.exit(closed, 33));
  const lastExit = await history.exit(closed, 100, 'stop_loss');
  const failed = await history.failLanded(await history.attempt(lastExit));
  await history.fill(await history.retry(failed));

  const retriedEntry = await history.entry();
  const expired = await history.expire(await history.attempt(retriedEntry));
  await history.fill(await history.retry(expired));

  const exhaustedEntry = await history.entry({ maxAttempts: 1 });
  await history.expire(await history.attempt(exhaustedEntry));

  await history.simulate(await history.entry({ isSimulated: true, emergency: true, priority: 0 }));
  history.chain.housekeeping();

  const leaving = await history.open();
  const givenUp = await history.submit(exitDraft(leaving, 'manual', { percent: 10 }, { maxAttempts: 1 }));
  await history.expire(await history.attempt(givenUp));
  const alertId = await history.tellAlert();
  const inFlight = await history.attempt(await history.entry());
  const { slot } = history.land(inFlight);
  await cancelOrder(db, (await history.exit(leaving, 10, 'manual')).orderId, 'changed my mind');
  await history.exit(leaving, 10, 'trailing_stop');
  const repeated = await inCall('OrderService/SubmitOrder', () => history.entry());
  const unwanted = await inCall('OrderService/SubmitOrder', () => history.entry());
  await inCall('OrderService/CancelOrder', () => cancelOrder(db, unwanted.orderId, 'Cancelled by the client.'));
  await inCall('QueueService/SetTradingState', () =>
    setTradingState(db, { state: 'ACTIVE', changedBy: 'desk', changeReason: 'still so' }),
  );
  await sealAudit(db, 100);
  history.acknowledge(repeated);
  return {
    history,
    partial,
    closed,
    leaving,
    retried: retriedEntry.orderReqId,
    exhausted: exhaustedEntry.orderReqId,
    inFlight: { ...inFlight, slot },
    waiting: repeated.orderReqId,
    givenUp: givenUp.orderReqId,
    alertId,
    entryReqId: entry.orderReqId,
  };
}
