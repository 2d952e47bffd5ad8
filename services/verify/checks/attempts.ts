import { attemptsOf, signedBytesOf } from '../attempts.js';
import { type Check, ledgerOf, runRule, sqlCheck } from '../check.js';
import { parseTransaction } from '../transaction-bytes.js';

/** Attempts as such: what was written down, when, and by what right. */

/** E7. Block times are whole seconds, cut: an attempt written within the second of its block is in time. */
export const persistedBeforeSent: Check = {
  name: 'persisted-before-sent',
  promise: 'an attempt was committed before it was sent, seen, in a block or resolved',
  async run({ db, ledger }, findings) {
    for await (const attempt of attemptsOf(db)) {
      findings.looked();
      const { order_req_id: subject, number, created_at } = attempt;
      const late = (what: string, at: Date) =>
        findings.violation(
          subject,
          `attempt ${number} was committed at ${created_at.toISOString()}, but ${what} at ${at.toISOString()}`,
        );
      const notes = { sent: attempt.sent_at, seen: attempt.seen_at, resolved: attempt.resolved_at };
      for (const [what, at] of Object.entries(notes)) if (at && at < created_at) late(what, at);
      const landed = ledger?.transactions.get(attempt.signature);
      if (landed && Math.floor(created_at.getTime() / 1_000) > landed.blockTime) {
        late('in a block', new Date(landed.blockTime * 1_000));
      }
    }
  },
};

export const signedBytes: Check = {
  name: 'signed-bytes',
  promise: "an attempt's bytes are the transaction that its signature names",
  async run({ db }, findings) {
    for await (const { order_req_id, number, signature, raw_transaction } of signedBytesOf(db)) {
      findings.looked();
      const found = signatureOf(raw_transaction);
      if (found !== signature) {
        findings.violation(order_req_id, `attempt ${number} is called ${signature}, but its bytes say ${found}`);
      }
    }
  },
};

function signatureOf(bytes: Uint8Array): string {
  try {
    return parseTransaction(bytes).signature;
  } catch (error) {
    if (error instanceof RangeError) return `nothing (${error.message})`;
    throw error;
  }
}

/** Signatures looked up by one statement. */
const BATCH = 1_000;

/** E7: what is on the chain in our name was written down before. See `HOUSEKEEPING` in ledger.ts for what is left out. */
export const noUnknownSignatures: Check = {
  name: 'no-unknown-signatures',
  promise: 'every transaction that the wallet paid on the chain is an attempt, housekeeping left out',
  async run(context, findings) {
    const ledger = ledgerOf(context, findings);
    if (!ledger) return;
    if (ledger.wallets.size === 0) {
      findings.note('no attempt names a wallet and none was given: nobody knows which transactions are ours');
    }
    const ours = [...ledger.transactions.values()].filter(({ mustBeAttempt }) => mustBeAttempt);
    for (let from = 0; from < ours.length; from += BATCH) {
      const signatures = ours.slice(from, from + BATCH).map(({ signature }) => signature);
      findings.looked(signatures.length);
      const { rows } = await context.db.query<{ signature: string }>(
        `SELECT s AS signature FROM unnest($1::text[]) AS s
         WHERE NOT EXISTS (SELECT 1 FROM attempts a WHERE a.signature = s)`,
        [signatures],
      );
      for (const { signature } of rows) findings.violation(signature, 'is on the chain, but nobody wrote it down');
    }
  },
};

export const fences = sqlCheck(
  'fences',
  "attempts of an order are numbered from 1 and their fences grow with every attempt, up to the order's own",
  {
    over: 'orders',
    rows: 'SELECT count(*) AS n FROM slice JOIN attempts USING (order_id)',
    violations: `, step AS (
       SELECT o.order_req_id, o.fence AS current, a.number, a.fence,
         row_number() OVER w AS place, lag(a.fence) OVER w AS before
       FROM slice o JOIN attempts a USING (order_id) WINDOW w AS (PARTITION BY o.order_id ORDER BY a.number))
     SELECT order_req_id AS subject, format('attempt %s, the %s. of its order, has fence %s; the one before %s, the order %s',
         number, place, fence, coalesce(before::text, 'none'), current) AS detail
     FROM step WHERE number <> place OR fence < 1 OR fence > current OR before >= fence`,
  },
);

const OPEN = `('PERSISTED', 'SENT', 'SEEN')`;

export const oneOpenAttempt = sqlCheck(
  'one-open-attempt',
  'a CONFIRMING order has exactly one attempt without a known fate, the last one; no other order has any',
  {
    over: 'orders',
    rows: `SELECT count(*) AS n FROM slice o
           WHERE o.status = 'CONFIRMING' OR EXISTS (SELECT 1 FROM attempts a WHERE a.order_id = o.order_id)`,
    violations: `, open AS (
       SELECT o.order_req_id, o.status, count(a.number) FILTER (WHERE a.state IN ${OPEN}) AS n,
         max(a.number) FILTER (WHERE a.state IN ${OPEN}) AS number, max(a.number) AS last
       FROM slice o LEFT JOIN attempts a USING (order_id) GROUP BY o.order_id, o.order_req_id, o.status)
     SELECT order_req_id AS subject,
       format('is %s with %s open attempts; the newest of them is %s of %s', status, n, coalesce(number, 0), coalesce(last, 0)) AS detail
     FROM open WHERE n <> CASE WHEN status = 'CONFIRMING' THEN 1 ELSE 0 END OR number <> last`,
  },
);

/** E7: a new transaction is signed only when every earlier one is proven dead. */
export const retriesWait = sqlCheck(
  'retries-wait',
  'an attempt was made only after every earlier attempt of its order was resolved',
  {
    over: 'orders',
    rows: 'SELECT count(*) AS n FROM slice JOIN attempts USING (order_id) WHERE number > 1',
    violations: `SELECT o.order_req_id AS subject,
         format('attempt %s was made at %s, but attempt %s is %s, resolved at %s', later.number, later.created_at,
           earlier.number, earlier.state, coalesce(earlier.resolved_at::text, 'no time')) AS detail
       FROM slice o JOIN attempts later USING (order_id)
       JOIN attempts earlier ON earlier.order_id = later.order_id AND earlier.number < later.number
       WHERE earlier.resolved_at IS NULL OR earlier.resolved_at > later.created_at
         OR earlier.state NOT IN ('DEAD', 'LANDED_FAILED')`,
  },
);

/** E4: what is simulated never reaches a chain, and what is real never looks simulated. */
export const simulatedApart: Check = {
  name: 'simulated-apart',
  promise:
    'simulated attempts are named sim_ or mock_tx_, hold no bytes and are on no chain; simulated positions only have such orders',
  async run({ db, ledger }, findings) {
    for await (const { order_req_id, is_simulated, number, signature, raw_bytes } of attemptsOf(db)) {
      const looksSimulated = signature.startsWith('sim_') || signature.startsWith('mock_tx_');
      if (is_simulated) findings.looked();
      if (is_simulated !== looksSimulated) {
        const kind = is_simulated ? 'simulated' : 'real';
        findings.violation(order_req_id, `is ${kind}, but attempt ${number} is called ${signature}`);
      }
      if (is_simulated && raw_bytes > 0) findings.violation(order_req_id, `attempt ${number} holds ${raw_bytes} bytes`);
      if (is_simulated && ledger?.transactions.has(signature)) {
        findings.violation(order_req_id, `attempt ${number} is on the chain`);
      }
    }
    await runRule(
      db,
      {
        over: 'orders',
        rows: 'SELECT count(*) AS n FROM slice o JOIN positions p USING (position_id) WHERE p.is_simulated',
        violations: `SELECT o.order_req_id AS subject,
           format('simulated: %s, its position %s: %s', o.is_simulated::text, p.position_id, p.is_simulated::text) AS detail
         FROM slice o JOIN positions p USING (position_id) WHERE o.is_simulated <> p.is_simulated`,
      },
      findings,
    );
  },
};
