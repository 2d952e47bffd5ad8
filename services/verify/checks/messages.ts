import { sqlCheck } from '../check.js';

/** The message log of every order: what followers were told. */

const MESSAGES = 'SELECT count(*) AS n FROM slice JOIN order_messages USING (order_id)';

/** S2. Logs of finished orders may have been cut from the front; `earliest` says where they begin. */
export const sequences = sqlCheck(
  'sequences',
  'messages of an order are numbered from 1 to its head, without gap or duplicate',
  {
    over: 'orders',
    rows: MESSAGES,
    violations: `, log AS (
       SELECT o.order_req_id, o.status, q.earliest, q.head, count(m.sequence) AS n, count(DISTINCT m.sequence) AS numbers,
         min(m.sequence) AS first, max(m.sequence) AS last
       FROM slice o LEFT JOIN order_sequences q USING (order_id) LEFT JOIN order_messages m USING (order_id)
       GROUP BY o.order_req_id, o.status, q.earliest, q.head)
     SELECT order_req_id AS subject, coalesce(
         format('counter says %s to %s; found %s messages with %s numbers from %s to %s', earliest, head, n, numbers,
           coalesce(first::text, 'none'), coalesce(last::text, 'none')), 'has no message counter') AS detail
     FROM log
     WHERE head IS NULL OR head < 1 OR earliest < 1 OR n <> head - earliest + 1 OR numbers <> n
       OR (n > 0 AND (first <> earliest OR last <> head))
       OR (earliest > 1 AND status NOT IN ('FILLED', 'CANCELLED'))`,
  },
);

/** S1: followers end at the terminal message. */
export const oneTerminalState = sqlCheck(
  'one-terminal-state',
  'an order ends at most once, and its terminal message is the last of all its messages',
  {
    over: 'orders',
    rows: 'SELECT count(*) AS n FROM slice',
    violations: `, told AS (
       SELECT o.order_req_id, o.status, max(m.sequence) AS last,
         count(*) FILTER (WHERE m.kind = 'status' AND m.body ->> 'status' IN ('FILLED', 'CANCELLED')) AS ends,
         min(m.sequence) FILTER (WHERE m.kind = 'status' AND m.body ->> 'status' IN ('FILLED', 'CANCELLED')) AS ended_at
       FROM slice o JOIN order_messages m USING (order_id) GROUP BY o.order_req_id, o.status)
     SELECT order_req_id AS subject, CASE
         WHEN ends > 1 THEN format('%s terminal messages', ends)
         WHEN ends = 1 AND ended_at <> last THEN format('message %s ends it, yet messages go on to %s', ended_at, last)
         WHEN ends = 1 THEN format('a message ends it, yet it is %s', status)
         ELSE format('is %s, yet no message ends it', status) END AS detail
     FROM told
     WHERE ends > 1 OR (ends = 1 AND ended_at <> last) OR (ends = 1) <> (status IN ('FILLED', 'CANCELLED'))`,
  },
);

/** E1, the checker's own copy of the table. */
const ALLOWED_STEPS = [
  ['PENDING', 'PENDING'],
  ['PENDING', 'SUBMITTED'],
  ['PENDING', 'CANCELLED'],
  ['SUBMITTED', 'PENDING'],
  ['SUBMITTED', 'SUBMITTED'],
  ['SUBMITTED', 'CONFIRMING'],
  ['SUBMITTED', 'FAILED'],
  ['SUBMITTED', 'CANCELLED'],
  ['CONFIRMING', 'CONFIRMING'],
  ['CONFIRMING', 'FILLED'],
  ['CONFIRMING', 'FAILED'],
  ['CONFIRMING', 'CANCELLED'],
  ['FAILED', 'PENDING'],
  ['FAILED', 'CANCELLED'],
]
  .map(([from, to]) => `('${from}', '${to}')`)
  .join(', ');

export const transitions = sqlCheck(
  'transitions',
  'an order begins PENDING with message 1 and takes only the steps of the transition table',
  {
    over: 'orders',
    rows: `${MESSAGES} WHERE kind = 'status'`,
    violations: `, step AS (
       SELECT o.order_req_id, q.earliest, m.sequence, m.body ->> 'status' AS said,
         lag(m.body ->> 'status') OVER (PARTITION BY o.order_id ORDER BY m.sequence) AS before
       FROM slice o JOIN order_messages m USING (order_id) JOIN order_sequences q USING (order_id) WHERE m.kind = 'status')
     SELECT order_req_id AS subject,
       format('message %s says %s after %s', sequence, said, coalesce(before, 'nothing')) AS detail
     FROM step
     WHERE CASE WHEN before IS NULL THEN earliest = 1 AND (said IS DISTINCT FROM 'PENDING' OR sequence <> 1)
       ELSE said IS NULL OR (before, said) NOT IN (${ALLOWED_STEPS}) END`,
  },
);

/** E1: a state and its message are one write. */
export const statusIsLastMessage = sqlCheck(
  'status-is-last-message',
  "the last status message tells the order's status and reason",
  {
    over: 'orders',
    rows: 'SELECT count(*) AS n FROM slice',
    violations: `, last AS (
       SELECT DISTINCT ON (m.order_id) m.order_id, m.sequence, m.body ->> 'status' AS said, m.body ->> 'reason' AS why
       FROM slice JOIN order_messages m USING (order_id) WHERE m.kind = 'status' ORDER BY m.order_id, m.sequence DESC)
     SELECT o.order_req_id AS subject, format('is %s (%s), but message %s says %s (%s)', o.status, o.reason, sequence, said, why) AS detail
     FROM slice o JOIN last USING (order_id)
     WHERE said IS DISTINCT FROM o.status OR why IS DISTINCT FROM o.reason`,
  },
);

/** E10: the message of a fill is part of the fill. */
export const fillMessages = sqlCheck('fill-messages', "the message of a fill tells the order's own amounts", {
  over: 'orders',
  rows: `${MESSAGES} WHERE kind = 'status' AND body ->> 'status' = 'FILLED'`,
  violations: `SELECT o.order_req_id AS subject,
       format('message %s tells %s SOL, %s tokens, fee %s SOL, %s; the order %s lamports, %s base units, fee %s lamports, %s',
         m.sequence, m.body ->> 'amountSol', m.body ->> 'amountTokens', m.body ->> 'feeSol', m.body ->> 'txSignature',
         o.filled_lamports, o.filled_tokens, o.fee_lamports, o.tx_signature) AS detail
     FROM slice o JOIN order_messages m USING (order_id)
     WHERE m.kind = 'status' AND m.body ->> 'status' = 'FILLED' AND (
       (m.body ->> 'amountSol')::numeric * 1000000000 IS DISTINCT FROM o.filled_lamports
       OR (m.body ->> 'amountTokens')::numeric * power(10::numeric, o.decimals) IS DISTINCT FROM o.filled_tokens
       OR (m.body ->> 'feeSol')::numeric * 1000000000 IS DISTINCT FROM o.fee_lamports
       OR m.body ->> 'txSignature' IS DISTINCT FROM o.tx_signature)`,
});
