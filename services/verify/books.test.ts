import { change, describePlants } from './testing/plant.js';

describePlants('verify: defects in the books', [
  {
    title: 'a fill that is off by one token unit (E10)',
    caughtBy: ['amounts-match-chain', 'fill-messages', 'prices', 'positions-sold', 'positions-profit'],
    saying: /token base units: booked 499999999, the chain says 500000000/,
    bend: (db, { partial }) =>
      change(db, `UPDATE orders SET filled_tokens = filled_tokens - 1 WHERE position_id = $1 AND order_type = 'EXIT'`, [
        partial,
      ]),
  },
  {
    title: 'a fill that counts rent as price (E2)',
    caughtBy: ['amounts-match-chain', 'fill-messages', 'prices', 'positions-from-entries', 'wallet-lamports'],
    saying: /lamports: booked 1002039280, the chain says 1000000000/,
    bend: (db, { entryReqId }) =>
      change(db, 'UPDATE orders SET filled_lamports = filled_lamports + 2039280 WHERE order_req_id = $1', [entryReqId]),
  },
  {
    title: 'a fee that was not booked on the order',
    caughtBy: ['amounts-match-chain', 'fill-messages', 'positions-fees', 'wallet-lamports'],
    saying: /fee in lamports: booked 0, the chain says 10000/,
    bend: (db, { entryReqId }) =>
      change(db, 'UPDATE orders SET fee_lamports = 0 WHERE order_req_id = $1', [entryReqId]),
  },
  {
    title: 'the fee of a failed exit missing on its position (X8)',
    caughtBy: ['positions-fees'],
    saying: /fees booked 30000; fills cost 30000, exits that landed with an error 10000/,
    bend: (db, { closed }) =>
      change(db, 'UPDATE positions SET fee_lamports = fee_lamports - 10000 WHERE position_id = $1', [closed]),
  },
  {
    title: 'the fee of an attempt that landed with an error missing at the attempt (X8)',
    caughtBy: ['attempt-fees', 'wallet-lamports'],
    saying: /attempt 1 \(\w+\) carries a fee of nothing, the chain took 10000/,
    bend: (db) => change(db, `UPDATE attempts SET fee_lamports = NULL WHERE state = 'LANDED_FAILED'`),
  },
  {
    title: 'a fee noted at an attempt that never landed',
    caughtBy: ['attempt-fees'],
    saying: /carries a fee of 10000, the chain took nothing/,
    bend: (db) => change(db, `UPDATE attempts SET fee_lamports = 10000 WHERE state = 'DEAD'`),
  },
  {
    title: 'assumed decimals (E2)',
    caughtBy: ['decimals-match-chain', 'fill-messages', 'prices'],
    saying: /order 9, position 5, mint 5, chain 5/,
    bend: (db, { entryReqId }) => change(db, 'UPDATE orders SET decimals = 9 WHERE order_req_id = $1', [entryReqId]),
  },
  {
    title: 'decimals assumed by everyone (E2)',
    caughtBy: ['decimals-match-chain', 'acknowledged-orders', 'fill-messages', 'prices'],
    saying: /order 9, position 9, mint 9, chain 5/,
    bend: async (db) => {
      for (const table of ['orders', 'positions', 'mints']) await change(db, `UPDATE ${table} SET decimals = 9`);
    },
  },
  {
    title: 'an expected price booked as the actual one (E10)',
    caughtBy: ['prices', 'positions-from-entries'],
    saying: /are not 0\.00010001 SOL a token/,
    bend: (db, { entryReqId }) =>
      change(db, 'UPDATE orders SET actual_price = 0.00010001 WHERE order_req_id = $1', [entryReqId]),
  },
  {
    title: 'a sale booked twice (E10)',
    caughtBy: ['positions-sold', 'positions-profit', 'positions-fees', 'positions-status', 'wallet-tokens'],
    saying: /sold_tokens is 1000000000, its exits sold 500000000/,
    bend: (db, { partial }) =>
      change(
        db,
        `UPDATE positions SET sold_tokens = 2 * sold_tokens, proceeds_lamports = 2 * proceeds_lamports,
           realized_pnl_lamports = 2 * realized_pnl_lamports, fee_lamports = fee_lamports + 10000 WHERE position_id = $1`,
        [partial],
      ),
  },
  {
    title: 'an entry that opened two positions (X1)',
    caughtBy: ['positions-from-entries', 'positions-fees', 'wallet-tokens'],
    saying: /a FILLED entry with 2 positions/,
    bend: async (db, { partial }) => {
      await db.query('ALTER TABLE positions DROP CONSTRAINT positions_entry_order_id_key');
      await change(
        db,
        `INSERT INTO positions (position_id, entry_order_id, mint, symbol, decimals, is_simulated, status, entry_lamports,
           entry_tokens, entry_price, fee_lamports, opened_at, updated_at)
         SELECT '00000000-0000-7000-8000-000000000001', entry_order_id, mint, symbol, decimals, is_simulated, 'OPEN',
           entry_lamports, entry_tokens, entry_price, fee_lamports, opened_at, updated_at FROM positions WHERE position_id = $1`,
        [partial],
      );
    },
  },
  {
    title: 'reserved tokens that leaked',
    caughtBy: ['positions-reserved', 'positions-status'],
    saying: /reserved_tokens is 7, its exits under way want 0/,
    bend: (db, { partial }) => change(db, 'UPDATE positions SET reserved_tokens = 7 WHERE position_id = $1', [partial]),
  },
  {
    title: 'a profit that is off by one lamport (X8)',
    caughtBy: ['positions-profit'],
    saying: /proceeds 571428571, profit 71428572; by its exits proceeds 571428571, profit 71428571/,
    bend: (db, { partial }) =>
      change(db, 'UPDATE positions SET realized_pnl_lamports = realized_pnl_lamports + 1 WHERE position_id = $1', [
        partial,
      ]),
  },
  {
    title: 'a position closed with tokens left (X4)',
    caughtBy: ['positions-status'],
    saying: /is CLOSED with 500000000 left, 0 reserved, dust 0, .*; should be PARTIAL_EXIT/,
    bend: (db, { partial }) =>
      change(db, `UPDATE positions SET status = 'CLOSED', closed_at = now() WHERE position_id = $1`, [partial]),
  },
  {
    title: 'more sold than bought (X11)',
    caughtBy: ['never-oversold', 'positions-from-entries', 'positions-profit', 'positions-status', 'wallet-tokens'],
    saying: /bought 400000000, sold 500000000, reserved 0/,
    bend: async (db, { partial }) => {
      await db.query('ALTER TABLE positions DROP CONSTRAINT positions_never_oversold');
      await change(db, 'UPDATE positions SET entry_tokens = 400000000 WHERE position_id = $1', [partial]);
    },
  },
  {
    title: 'a slot kept by an order that waits (P4)',
    caughtBy: ['slots-and-leases'],
    saying: /is PENDING; slot: false, lease: somebody/,
    bend: (db, { waiting }) =>
      change(db, `UPDATE orders SET lease_owner = 'somebody', lease_until = now() WHERE order_req_id = $1`, [waiting]),
  },
  {
    title: 'more orders in slots than there are slots (P4)',
    caughtBy: ['slots-within-limit'],
    saying: /2 of 1 slots are taken/,
    live: async ({ history }) => {
      await history.attempt(await history.next(await history.entry()));
      await change(history.db, 'UPDATE scheduler SET max_concurrent = 1');
    },
  },
  {
    title: 'an exit that queues like an entry (P1)',
    caughtBy: ['priorities'],
    saying: /EXIT stop_loss, emergency: false: priority is 100 and should be 10/,
    bend: (db) => change(db, `UPDATE orders SET priority = 100 WHERE exit_reason = 'stop_loss'`),
  },
  {
    title: 'two orders with one claim',
    caughtBy: ['dispatch-sequence'],
    saying: /2 orders have claim number 1, of/,
    bend: (db) => change(db, 'UPDATE orders SET dispatch_sequence = 1 WHERE dispatch_sequence = 2'),
  },
  {
    title: 'an attempt of an order that nobody claimed',
    caughtBy: ['dispatch-sequence'],
    saying: /has an attempt, but was never claimed/,
    bend: (db, { retried }) => change(db, 'UPDATE orders SET dispatch_sequence = 0 WHERE order_req_id = $1', [retried]),
  },
  {
    title: 'a wrong total of ended orders (P6)',
    caughtBy: ['ended-total'],
    saying: /says 13, but 12 orders have ended/,
    bend: (db) => change(db, 'UPDATE order_totals SET ended = ended + 1'),
  },
]);
