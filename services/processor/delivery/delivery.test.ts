import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { STREAM_PAGE_MESSAGES, STREAM_PROGRESS_INTERVAL_MS } from '../../../shared/core/limits.js';
import type { OrderMessage } from '../../../shared/order/message.js';
import type { Order } from '../../../shared/order/order.js';
import { OrderQueueManager } from '../../../shared/queue/order-queue-manager.js';
import type { Database } from '../../../shared/store/database.js';
import { insertProposal } from '../../../shared/store/proposals.js';
import { submitOrder } from '../../../shared/store/submit.js';
import { entryDraft } from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { cancelOrder } from '../../../shared/store/waiting-orders.js';
import { createProposalDesk } from '../proposals/proposal-desk.js';
import { DurableOrderQueues, type QueueMessage } from './durable-order-queues.js';
import { OrderHub } from './order-hub.js';
import { readLog } from './read-log.js';

describeOnBothStores('delivery from the durable log', (open) => {
  let db: Database;
  let hub: OrderHub;
  let order: Order;
  const clock = new ManualClock();
  beforeEach(async () => {
    db = await open();
    hub = new OrderHub(db);
    order = (await submitOrder(db, entryDraft())).order;
  });
  afterEach(async () => {
    hub.close();
    await db.close();
  });

  const offer = (proposalId: string) => ({
    orderId: order.orderId,
    proposalId,
    source: 'maker',
    lamports: 1n,
    tokens: 1n,
    price: '1',
    note: '',
    expiresAt: null,
  });
  const addOffer = (id: string) => db.transaction((tx) => insertProposal(tx, offer(id), order.decimals));
  const textOf = (message: QueueMessage | OrderMessage | undefined) =>
    message && 'text' in message ? message.text : undefined;

  describe('Q3 Q5 order queues on the message log', () => {
    const manager = () => {
      const desk = createProposalDesk(db);
      const store = new DurableOrderQueues({ db, hub, place: (each) => desk.place(each) });
      return { store, queues: new OrderQueueManager<QueueMessage>({ store, clock }) };
    };

    it('give each message once, in order, and wait for the next one', async () => {
      const { queues } = manager();
      const id = order.orderReqId;
      expect(textOf(await queues.getFromOrderQueue(id, { timeout: 0 }))).to.equal('PENDING');
      expect(await queues.getFromOrderQueue(id, { timeout: 0 })).to.equal(undefined);
      const waiting = queues.getFromOrderQueue(id);
      await queues.addToOrderQueue(id, { order, proposal: offer('PROP456') });
      expect(textOf(await waiting)).to.equal('PROP456/New');
      expect(queues.getQueueStats()).to.deep.equal({ orderQueuesCount: 1, queues: { [id]: 0 } });
    });

    it('wake a getter for what another writer appended', async () => {
      const { queues } = manager();
      await queues.getFromOrderQueue(order.orderReqId, { timeout: 0 });
      const waiting = queues.getFromOrderQueue(order.orderReqId);
      await addOffer('elsewhere');
      expect(textOf(await waiting)).to.equal('elsewhere/New');
    });

    it('count what nobody was sent, and take no status from outside', async () => {
      const { queues, store } = manager();
      await addOffer('a');
      expect(store.unread(order.orderReqId, 2n)).to.equal(2n);
      const first = await queues.getFromOrderQueue(order.orderReqId);
      expect(store.unread(order.orderReqId, 2n)).to.equal(1n);
      store.advance(order.orderReqId, 2n);
      expect(store.unread(order.orderReqId, 2n)).to.equal(0n);
      if (!first) throw new Error('no message');
      const refused = await queues.addToOrderQueue(order.orderReqId, first).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(ExitlaneError);
    });
  });

  describe('S1 S2 reading by sequence', () => {
    const read = (options: { after?: bigint; idleMs?: number; until?: Promise<void>; signal?: AbortSignal } = {}) =>
      readLog({
        db,
        hub,
        clock,
        orderId: order.orderId,
        afterSequence: options.after ?? 0n,
        signal: options.signal ?? new AbortController().signal,
        ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
        ...(options.until === undefined ? {} : { until: options.until }),
      });
    const collect = async (log: AsyncIterable<OrderMessage | undefined>) => {
      const sequences: bigint[] = [];
      for await (const message of log) if (message) sequences.push(message.sequence);
      return sequences;
    };

    it('gives every reader everything after its cursor, over many pages, and ends with the order', async () => {
      const count = STREAM_PAGE_MESSAGES * 2 + 5;
      const readers = [collect(read()), collect(read({ after: 3n })), collect(read())];
      for (let i = 1; i < count; i++) await addOffer(`p${i}`);
      await cancelOrder(db, order.orderId, 'Enough.');
      const [all, late, again] = await Promise.all(readers);
      const head = BigInt(count + (count - 1) + 1);
      expect(all?.at(-1)).to.equal(head);
      expect(all).to.deep.equal(Array.from({ length: Number(head) }, (_, i) => BigInt(i + 1)));
      expect(late).to.deep.equal(all?.slice(3));
      expect(again).to.deep.equal(all);
    });

    it('says that it is alive when nothing happens', async () => {
      const log = read({ idleMs: STREAM_PROGRESS_INTERVAL_MS });
      expect((await log.next()).value?.text).to.equal('PENDING');
      const next = log.next();
      let seen = false;
      void next.then(() => {
        seen = true;
      });
      for (let waited = 0; !seen && waited < 60_000; waited += 1_000) {
        // Each look is a query of its own: time may only pass once it has been answered.
        await db.query('SELECT 1');
        await clock.advance(1_000);
      }
      expect((await next).value).to.equal(undefined);
      await log.return();
    });

    it('ends when the run has ended and everything was read', async () => {
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      const reading = collect(read({ until: ended }));
      await addOffer('a');
      end();
      expect(await reading).to.deep.equal([1n, 2n]);
    });

    it('stops with the reason of its signal', async () => {
      const stop = new AbortController();
      const reason = new Error('gone');
      const reading = collect(read({ signal: stop.signal })).catch((error: unknown) => error);
      stop.abort(reason);
      expect(await reading).to.equal(reason);
    });
  });
});
