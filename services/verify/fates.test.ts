import { change, describePlants } from './testing/plant.js';

const ATTEMPT_OF = 'order_id = (SELECT order_id FROM orders WHERE order_req_id = $1)';

describePlants('verify: defects around what became of an order', [
  {
    title: 'an order given up after one look, whose transaction landed later (E7)',
    caughtBy: ['failed-means-dead', 'fates-match-chain', 'dead-is-proven', 'wallet-tokens', 'wallet-lamports'],
    saying: /is CANCELLED, but attempt 1 .* landed/,
    live: async ({ history }) => {
      const attempted = await history.attempt(await history.next(await history.entry({ maxAttempts: 1 })));
      await history.expire(attempted, 0n);
      history.chain.secondsAhead = 2;
      history.land(attempted);
    },
  },
  {
    title: 'a retry after a time-out: both transactions landed (E7)',
    caughtBy: ['landed-once', 'fates-match-chain', 'wallet-tokens', 'wallet-lamports'],
    saying: /swaps that landed on the chain: \w+, \w+/,
    live: async ({ history }) => {
      const waiting = await history.entry();
      const first = await history.attempt(await history.next(waiting));
      const failed = await history.expire(first);
      history.land(first);
      await history.fill(await history.retry(failed));
    },
  },
  {
    title: 'two landed attempts of one order',
    caughtBy: ['landed-once', 'filled-means-landed', 'fates-match-chain', 'retries-wait'],
    saying: /attempts that LANDED: \w+, \w+/,
    bend: async (db, { retried }) => {
      await db.query('DROP INDEX attempts_one_landed');
      await change(db, `UPDATE attempts SET state = 'LANDED' WHERE ${ATTEMPT_OF}`, [retried]);
    },
  },
  {
    title: 'a transaction twice on the ledger',
    caughtBy: ['landed-once'],
    saying: /is on the ledger more than once/,
    bend: (_db, { history }) => history.chain.bend((lines) => [...lines, ...lines.slice(-1)]),
  },
  {
    title: 'a fill whose transaction the chain does not know',
    caughtBy: ['fates-match-chain', 'wallet-tokens', 'wallet-lamports'],
    saying: /is LANDED, but not on the chain/,
    live: async ({ history }) => {
      const filled = await history.fill(await history.next(await history.entry()));
      history.chain.bend((lines) => lines.filter(({ signature }) => signature !== filled.txSignature));
    },
  },
  {
    title: 'a fill booked for a transaction that failed on the chain',
    caughtBy: ['fates-match-chain', 'wallet-tokens', 'wallet-lamports'],
    saying: /is LANDED, but landed with an error \{"InstructionError"/,
    live: async ({ history }) => {
      const attempted = await history.attempt(await history.next(await history.entry()));
      const { slot } = history.chain.landFailed(attempted.signed);
      await history.settle(attempted, { slot, rent: 0n, lamports: 1_000_000_000n, tokens: 1_000_000_000n });
    },
  },
  {
    title: 'an attempt that landed in another slot than it says',
    caughtBy: ['fates-match-chain'],
    saying: /says slot 3, the chain/,
    bend: (db, { retried }) => change(db, `UPDATE attempts SET slot = 3 WHERE number = 2 AND ${ATTEMPT_OF}`, [retried]),
  },
  {
    title: 'an attempt called dead while it could still land (E7)',
    caughtBy: ['dead-is-proven'],
    saying: /was called dead at .*, but later the chain was at height/,
    live: async ({ history }) => {
      const attempted = await history.attempt(await history.next(await history.entry({ maxAttempts: 1 })));
      await history.expire(attempted, 0n);
      history.chain.secondsAhead = 2;
      history.chain.housekeeping();
    },
  },
  {
    title: 'a landed order that was not filled',
    caughtBy: [
      'filled-means-landed',
      'one-open-attempt',
      'amounts-match-chain',
      'attempt-fees',
      'wallet-tokens',
      'wallet-lamports',
    ],
    saying: /is CONFIRMING with 1 landed attempts/,
    bend: (db, { inFlight }) =>
      change(db, `UPDATE attempts SET state = 'LANDED', slot = $2, resolved_at = now() WHERE signature = $1`, [
        inFlight.signed.signature,
        inFlight.slot,
      ]),
  },
  {
    title: 'an exit that was given up with tries left (X5)',
    caughtBy: ['given-up', 'status-is-last-message'],
    saying: /EXIT is CANCELLED \(TOKEN_NOT_TRADABLE\) after 1 of 5 failed executions/,
    bend: (db) =>
      change(
        db,
        `UPDATE orders SET reason = 'TOKEN_NOT_TRADABLE', attempt_count = 1
         WHERE order_type = 'EXIT' AND reason = 'CANCELLED_BY_CLIENT'`,
      ),
  },
  {
    title: 'an entry that ended for what a later try might have mended (E3)',
    caughtBy: ['given-up', 'status-is-last-message'],
    saying: /ENTRY is CANCELLED \(NO_ROUTE\) after 1 of 1 failed executions/,
    bend: (db, { exhausted }) =>
      change(db, `UPDATE orders SET reason = 'NO_ROUTE' WHERE order_req_id = $1`, [exhausted]),
  },
  {
    title: 'an order called exhausted with tries left (E3)',
    caughtBy: ['given-up'],
    saying: /ENTRY is CANCELLED \(ATTEMPTS_EXHAUSTED\) after 1 of 2 failed executions/,
    bend: (db, { exhausted }) => change(db, 'UPDATE orders SET max_attempts = 2 WHERE order_req_id = $1', [exhausted]),
  },
  {
    title: 'an order that was tried once too often (E3)',
    caughtBy: ['given-up'],
    saying: /ENTRY is FILLED \(FILLED\) after 1 of 1 failed executions/,
    bend: (db, { retried }) => change(db, 'UPDATE orders SET max_attempts = 1 WHERE order_req_id = $1', [retried]),
  },
  {
    title: 'a filled order that names another signature',
    caughtBy: ['filled-means-landed', 'fill-messages'],
    saying: /names nonsense, but \w+ landed/,
    bend: (db, { retried }) =>
      change(db, `UPDATE orders SET tx_signature = 'nonsense' WHERE order_req_id = $1`, [retried]),
  },
]);
