import { expect } from 'chai';
import type { Database, Transaction } from './database.js';
import { BEFORE_ALL, pruneMessagesIn, removeOrdersIn } from './retention.js';
import { submitOrder } from './submit.js';
import { entryDraft } from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { cancelOrder } from './waiting-orders.js';

const KEPT = 3_000;
const DAYS = 30;

describeOnBothStores('O6 looking for what is old enough', (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
    const { order } = await submitOrder(db, entryDraft());
    await cancelOrder(db, order.orderId, 'enough');
    await db.query(
      `INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object('order_id', gen_random_uuid(),
         'order_req_id', 'kept-' || n, 'updated_at', o.updated_at - n * interval '1 minute'))).*
       FROM orders o, generate_series(1, ${KEPT}) AS n`,
    );
    await db.query('ANALYZE orders');
  });
  afterEach(() => db.close());

  /** The plans of the statements that look at finished orders, as they are made in `work`. */
  const plansOf = async (work: (tx: Transaction) => Promise<unknown>): Promise<string[]> => {
    const plans: string[] = [];
    await db.transaction(async (tx) => {
      const explained: Transaction = {
        async query<Row extends object>(sql: string, params?: readonly unknown[]) {
          if (sql.includes('make_interval')) {
            const { rows } = await tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, params);
            plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
          }
          return tx.query<Row>(sql, params);
        },
        hint: (topic, key) => tx.hint(topic, key),
        moved: (move) => tx.moved(move),
      };
      await work(explained);
    });
    return plans;
  };

  const looks: Record<string, (tx: Transaction) => Promise<unknown>> = {
    messages: (tx) => pruneMessagesIn(tx, DAYS, 100),
    orders: (tx) => removeOrdersIn(tx, DAYS, BEFORE_ALL, 100),
  };
  for (const [what, look] of Object.entries(looks)) {
    it(`reads no ${what} that are kept: the time is where the index ends`, async () => {
      const plans = await plansOf(look);
      expect(plans).to.have.length(1);
      const [, scan = ''] = /orders_by_end on orders.*\n((?:.*\n?){3})/.exec(plans[0] ?? '') ?? [];
      expect(scan, plans[0]).to.match(/Index Cond: .*updated_at < /);
      expect(plans[0]).to.not.match(/Filter: .*updated_at/);
    });
  }
});
