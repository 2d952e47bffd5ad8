import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { STREAM_PAGE_MESSAGES } from '../../../shared/core/limits.js';
import type { Order } from '../../../shared/order/order.js';
import type { Database } from '../../../shared/store/database.js';
import { insertProposal } from '../../../shared/store/proposals.js';
import { pruneMessages } from '../../../shared/store/retention.js';
import { submitOrder } from '../../../shared/store/submit.js';
import { entryDraft, setDatabaseTime } from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { cancelOrder } from '../../../shared/store/waiting-orders.js';
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
});
