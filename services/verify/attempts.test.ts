import { change, describePlants } from './testing/plant.js';

describePlants('verify: defects around attempts', [
  {
    title: 'a transaction that was sent before it was written down (E7)',
    caughtBy: ['persisted-before-sent'],
    saying: /attempt 1 was committed at .*, but sent at/,
    bend: (db, { retried }) =>
      change(
        db,
        `UPDATE attempts SET created_at = sent_at + interval '5 milliseconds', resolved_at = sent_at + interval '6 milliseconds', seen_at = NULL
         WHERE number = 1 AND order_id = (SELECT order_id FROM orders WHERE order_req_id = $1)`,
        [retried],
      ),
  },
  {
    title: 'a transaction that was in a block before it was written down (E7)',
    caughtBy: ['persisted-before-sent'],
    saying: /but in a block at/,
    bend: (_db, { history, inFlight }) =>
      history.chain.bend((lines) =>
        lines.map((line) =>
          line.signature === inFlight.signed.signature ? { ...line, blockTime: Number(line.blockTime) - 3 } : line,
        ),
      ),
  },
  {
    title: 'a transaction of the wallet that nobody wrote down (E7)',
    caughtBy: ['no-unknown-signatures', 'wallet-tokens', 'wallet-lamports'],
    saying: /is on the chain, but nobody wrote it down/,
    live: async ({ history }) => {
      const { mint, decimals } = history.bonk;
      history.chain.land(history.chain.sign(), { mint, decimals, tokens: 5n, lamports: 5n });
    },
  },
  {
    title: 'a failed transaction of the wallet that nobody wrote down (E7)',
    caughtBy: ['no-unknown-signatures', 'wallet-lamports'],
    saying: /nobody wrote it down/,
    live: async ({ history }) => {
      history.chain.landFailed(history.chain.sign());
    },
  },
  {
    title: 'bytes that are another transaction than the one they are filed under',
    caughtBy: ['signed-bytes'],
    saying: /attempt 1 is called/,
    bend: (db, { history, inFlight }) =>
      change(db, 'UPDATE attempts SET raw_transaction = $2 WHERE signature = $1', [
        inFlight.signed.signature,
        history.chain.sign().bytes,
      ]),
  },
  {
    title: 'bytes that are cut short',
    caughtBy: ['signed-bytes'],
    saying: /its bytes say nothing \(the transaction ends at byte 40/,
    bend: (db, { inFlight }) =>
      change(
        db,
        'UPDATE attempts SET raw_transaction = substring(raw_transaction FROM 1 FOR 40) WHERE signature = $1',
        [inFlight.signed.signature],
      ),
  },
  {
    title: 'an attempt committed under an old fence',
    caughtBy: ['fences'],
    saying: /attempt 2, the 2\. of its order, has fence 1; the one before 1/,
    bend: (db, { retried }) =>
      change(
        db,
        'UPDATE attempts SET fence = 1 WHERE number = 2 AND order_id = (SELECT order_id FROM orders WHERE order_req_id = $1)',
        [retried],
      ),
  },
  {
    title: 'an attempt committed under a fence that its order never had',
    caughtBy: ['fences'],
    saying: /has fence 99/,
    bend: (db, { retried }) =>
      change(
        db,
        'UPDATE attempts SET fence = 99 WHERE number = 2 AND order_id = (SELECT order_id FROM orders WHERE order_req_id = $1)',
        [retried],
      ),
  },
  {
    title: 'a retry made while the first transaction could still land (E7)',
    caughtBy: ['retries-wait'],
    saying: /attempt 2 was made at .*, but attempt 1 is DEAD, resolved at/,
    bend: (db, { retried }) =>
      change(
        db,
        `UPDATE attempts SET resolved_at = resolved_at + interval '1 minute'
         WHERE number = 1 AND order_id = (SELECT order_id FROM orders WHERE order_req_id = $1)`,
        [retried],
      ),
  },
  {
    title: 'an open attempt of an order that waits again',
    caughtBy: ['failed-means-dead', 'one-open-attempt'],
    saying: /is CANCELLED, but attempt 1 .* is SENT/,
    bend: (db, { exhausted }) =>
      change(
        db,
        `UPDATE attempts SET state = 'SENT', resolved_at = NULL
         WHERE order_id = (SELECT order_id FROM orders WHERE order_req_id = $1)`,
        [exhausted],
      ),
  },
  {
    title: 'a simulated order that looks real (E4)',
    caughtBy: ['simulated-apart'],
    saying: /is simulated, but attempt 1 is called real_/,
    bend: async (db) => {
      await change(db, `UPDATE attempts SET signature = 'real_1' WHERE signature LIKE 'sim\\_%'`);
      await change(db, `UPDATE orders SET tx_signature = 'real_1' WHERE is_simulated`);
      await change(
        db,
        `UPDATE order_messages SET body = body || '{"txSignature": "real_1"}'
         WHERE order_id IN (SELECT order_id FROM orders WHERE is_simulated) AND body ? 'txSignature'`,
      );
    },
  },
]);
