import { appendFileSync } from 'node:fs';
import { change, describePlants } from './testing/plant.js';

const OF = 'order_id = (SELECT order_id FROM orders WHERE order_req_id = $1)';
const LAST = `sequence = (SELECT head FROM order_sequences WHERE ${OF})`;

describePlants('verify: defects around messages and acknowledgements', [
  {
    title: 'a gap in the numbers (S2)',
    caughtBy: ['sequences'],
    saying: /counter says 1 to 12; found 11 messages with 11 numbers from 1 to 12/,
    bend: (db, { retried }) => change(db, `DELETE FROM order_messages WHERE sequence = 3 AND ${OF}`, [retried]),
  },
  {
    title: 'a number used twice (S2)',
    caughtBy: ['sequences'],
    saying: /found 13 messages with 12 numbers/,
    bend: async (db, { retried }) => {
      await db.query('ALTER TABLE order_messages DROP CONSTRAINT order_messages_pkey');
      await change(
        db,
        `INSERT INTO order_messages SELECT order_id, sequence, kind, text, body, created_at FROM order_messages
         WHERE sequence = 3 AND ${OF}`,
        [retried],
      );
    },
  },
  {
    title: 'a counter that is behind its messages (S2)',
    caughtBy: ['sequences'],
    saying: /counter says 1 to 11/,
    bend: (db, { retried }) => change(db, `UPDATE order_sequences SET head = head - 1 WHERE ${OF}`, [retried]),
  },
  {
    title: 'a second terminal message (S1)',
    caughtBy: ['one-terminal-state', 'transitions'],
    saying: /2 terminal messages/,
    bend: async (db, { retried }) => {
      await change(
        db,
        `INSERT INTO order_messages SELECT order_id, sequence + 1, kind, text, body, created_at FROM order_messages
         WHERE ${LAST} AND ${OF}`,
        [retried],
      );
      await change(db, `UPDATE order_sequences SET head = head + 1 WHERE ${OF}`, [retried]);
    },
  },
  {
    title: 'a proposal after the end (S4)',
    caughtBy: ['one-terminal-state'],
    saying: /message 12 ends it, yet messages go on to 13/,
    bend: async (db, { retried }) => {
      await change(
        db,
        `INSERT INTO order_messages SELECT order_id, 13, kind, text, body, created_at FROM order_messages
         WHERE kind = 'proposal' AND ${OF} ORDER BY sequence LIMIT 1`,
        [retried],
      );
      await change(db, `UPDATE order_sequences SET head = 13 WHERE ${OF}`, [retried]);
    },
  },
  {
    title: 'a step that the table does not know (E1)',
    caughtBy: ['transitions'],
    saying: /message 2 says FAILED after PENDING\n.*message 5 says CONFIRMING after FAILED/,
    bend: (db, { retried }) =>
      change(db, `UPDATE order_messages SET body = body || '{"status": "FAILED"}' WHERE sequence = 2 AND ${OF}`, [
        retried,
      ]),
  },
  {
    title: 'an order whose status is not that of its last message (E1)',
    caughtBy: ['status-is-last-message', 'one-terminal-state', 'ended-total'],
    saying: /is CANCELLED \(ACCEPTED\), but message 1 says PENDING \(ACCEPTED\)/,
    bend: (db, { waiting }) => change(db, `UPDATE orders SET status = 'CANCELLED' WHERE order_req_id = $1`, [waiting]),
  },
  {
    title: 'a fill told with other amounts than booked (E10)',
    caughtBy: ['fill-messages'],
    saying: /tells 1\.1 SOL/,
    bend: (db, { retried }) =>
      change(db, `UPDATE order_messages SET body = body || '{"amountSol": "1.1"}' WHERE ${LAST} AND ${OF}`, [retried]),
  },
  {
    title: 'an acknowledged order that is gone',
    caughtBy: ['acknowledged-orders'],
    saying: /lost-1: was acknowledged as order .* and does not exist/,
    bend: (_db, { history, inFlight }) => history.acknowledge({ ...inFlight.order, orderReqId: 'lost-1' }),
  },
  {
    title: 'an order that was acknowledged with another amount',
    caughtBy: ['acknowledged-orders', 'acknowledgements-agree'],
    saying: /with lamports 2000000000, and has 1000000000/,
    bend: (_db, { history, inFlight }) => history.acknowledge(inFlight.order, { amountSol: '2.0' }),
  },
  {
    title: 'a repeat that was told another order (S6)',
    caughtBy: ['acknowledgements-agree', 'acknowledged-orders'],
    saying: /was acknowledged as ENTRY .* SOL, then as ENTRY 0000/,
    bend: (_db, { history, inFlight }) =>
      history.acknowledge(inFlight.order, { orderId: '00000000-0000-7000-8000-000000000000' }),
  },
  {
    title: 'an end that was told and is not there',
    caughtBy: ['acknowledged-orders'],
    saying: /with status FILLED, and has CONFIRMING/,
    bend: (_db, { history, inFlight }) => {
      history.acknowledge(inFlight.order, { status: 'ORDER_STATUS_FILLED' });
      // What a crash cut short was never acknowledged.
      appendFileSync(history.witness, '{"at": "20');
    },
  },
]);
