import { expect } from 'chai';
import { DeliveryServiceClient, type StreamOrderResponse } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { ManualClock, systemClock } from '../../../shared/core/clock.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { STREAM_PAGE_MESSAGES } from '../../../shared/core/limits.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { connect, openStream } from '../../../shared/grpc/client.js';
import { startGrpcServer } from '../../../shared/grpc/server.js';
import type { Order } from '../../../shared/order/order.js';
import { OrderQueueManager } from '../../../shared/queue/order-queue-manager.js';
import type { Database } from '../../../shared/store/database.js';
import { insertProposal } from '../../../shared/store/proposals.js';
import { pruneMessages } from '../../../shared/store/retention.js';
import { submitOrder } from '../../../shared/store/submit.js';
import { entryDraft, setDatabaseTime } from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { failureOf } from '../../../shared/store/testing/waiting.js';
import { cancelOrder } from '../../../shared/store/waiting-orders.js';
import { deliveryService } from '../handlers/delivery-handlers.js';
import { createProposalDesk } from '../proposals/proposal-desk.js';
import { DurableOrderQueues, type QueueMessage } from './durable-order-queues.js';
import { OrderHub } from './order-hub.js';
import { readLog } from './read-log.js';

const OFFERS = STREAM_PAGE_MESSAGES + 10;

describeOnBothStores('O6 S2 a reader whose messages are removed', (open) => {
  let db: Database;
  let hub: OrderHub;
  let order: Order;
  beforeEach(async () => {
    db = await open();
    hub = new OrderHub(db);
    order = (await submitOrder(db, entryDraft())).order;
    for (let n = 0; n < OFFERS; n += 1) await db.transaction((tx) => insertProposal(tx, offer(n), order.decimals));
    await cancelOrder(db, order.orderId, 'enough');
  });
  afterEach(async () => {
    hub.close();
    await db.close();
  });

  const offer = (n: number) => ({
    orderId: order.orderId,
    proposalId: `offer-${n}`,
    source: 'maker',
    lamports: 1n,
    tokens: 1n,
    price: '1',
    note: '',
    expiresAt: null,
  });
  const read = (afterSequence: bigint) =>
    readLog({
      db,
      hub,
      clock: new ManualClock(),
      orderId: order.orderId,
      afterSequence,
      signal: new AbortController().signal,
    });

  it('is told what is left, in the middle of its reading too, and never skips in silence', async () => {
    const log = read(0n);
    expect((await log.next()).value?.sequence).to.equal(1n);
    await setDatabaseTime(db, new Date(Date.now() + 31 * 86_400_000));
    await pruneMessages(db, 30, 10);
    let last = 1n;
    const failure = await (async () => {
      for await (const message of log) last = message?.sequence ?? last;
      return undefined;
    })().catch((error: unknown) => error);
    expect(last, 'the page at hand').to.equal(BigInt(STREAM_PAGE_MESSAGES));
    if (!(failure instanceof ExitlaneError)) throw failure;
    expect(failure.reason).to.equal('CURSOR_OUT_OF_RANGE');
    const earliest = BigInt(failure.metadata.earliest_sequence ?? 0);
    const rest = [];
    for await (const message of read(earliest - 1n)) rest.push(message?.text);
    expect(rest, 'how it ended').to.deep.equal(['CANCELLED']);
  });

  it('is told by its stream what is available, and gets how the order ended from there', async () => {
    await setDatabaseTime(db, new Date(Date.now() + 31 * 86_400_000));
    await pruneMessages(db, 30, 10);
    const desk = createProposalDesk(db);
    const log = new DurableOrderQueues({ db, hub, place: (each) => desk.place(each) });
    const orderQueues = new OrderQueueManager<QueueMessage>({ store: log, clock: systemClock });
    const service = deliveryService({ db, hub, desk, orderQueues, log, clock: systemClock });
    const address = { host: '127.0.0.1', port: 0, name: 'processor' };
    const server = await startGrpcServer({ ...address, logger: silentLogger, clock: systemClock, services: [service] });
    const client = connect(DeliveryServiceClient, server.address);
    const follow = async (afterSequence: bigint) => {
      const frames: StreamOrderResponse[] = [];
      const { orderReqId } = order;
      for await (const frame of openStream(client, 'streamOrder', { orderReqId, afterSequence })) frames.push(frame);
      return frames.map(({ frame }) => (frame?.$case === 'message' ? frame.value.text : frame?.$case));
    };
    try {
      const failure = await failureOf(follow(0n));
      if (!(failure instanceof CallError)) throw failure;
      expect(failure).to.include({ status: 'OUT_OF_RANGE', reason: 'CURSOR_OUT_OF_RANGE' });
      const { earliest_sequence: earliest, head_sequence: head } = failure.metadata;
      expect(earliest, 'one is left').to.equal(head);
      expect(await follow(BigInt(earliest ?? 0) - 1n)).to.deep.equal(['header', 'CANCELLED']);
      expect(await follow(BigInt(head ?? 0)), 'nothing is missing').to.deep.equal(['header']);
    } finally {
      client.close();
      await server.drain(1_000);
    }
  });
});
