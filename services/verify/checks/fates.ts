import { type AttemptRow, attemptsOf, isInFlight } from '../attempts.js';
import { type Check, ledgerOf, sqlCheck } from '../check.js';
import type { ChainTransaction } from '../ledger.js';
import type { Findings } from '../report.js';

/** What became of the attempts, and what the orders made of it (E7): the chain decides, and unknown is not failed. */

export const filledMeansLanded = sqlCheck(
  'filled-means-landed',
  'an order is FILLED if and only if one attempt LANDED, and carries its signature',
  {
    over: 'orders',
    rows: `SELECT count(*) AS n FROM slice o
           WHERE o.status = 'FILLED' OR EXISTS (SELECT 1 FROM attempts a WHERE a.order_id = o.order_id)`,
    violations: `, landed AS (
       SELECT o.order_req_id, o.status, o.tx_signature, count(a.signature) AS n, min(a.signature) AS signature
       FROM slice o LEFT JOIN attempts a ON a.order_id = o.order_id AND a.state = 'LANDED'
       GROUP BY o.order_id, o.order_req_id, o.status, o.tx_signature)
     SELECT order_req_id AS subject, CASE
         WHEN n <> 1 OR status <> 'FILLED' THEN format('is %s with %s landed attempts', status, n)
         ELSE format('names %s, but %s landed', tx_signature, signature) END AS detail
     FROM landed WHERE (status = 'FILLED') <> (n = 1) OR n > 1 OR (status = 'FILLED' AND signature <> tx_signature)`,
  },
);

export const landedOnce: Check = {
  name: 'landed-once',
  promise: 'at most one swap of an order landed, by its attempts and on the chain',
  async run(context, findings) {
    const ledger = ledgerOf(context, findings);
    for (const signature of ledger?.repeated ?? []) findings.violation(signature, 'is on the ledger more than once');
    let orderId = '';
    let byAttempts: string[] = [];
    let byChain: string[] = [];
    let orderReqId = '';
    const close = () => {
      if (byAttempts.length > 1) findings.violation(orderReqId, `attempts that LANDED: ${byAttempts.join(', ')}`);
      if (byChain.length > 1) findings.violation(orderReqId, `swaps that landed on the chain: ${byChain.join(', ')}`);
    };
    for await (const attempt of attemptsOf(context.db)) {
      findings.looked();
      if (attempt.order_id !== orderId) {
        close();
        orderId = attempt.order_id;
        orderReqId = attempt.order_req_id;
        byAttempts = [];
        byChain = [];
      }
      if (attempt.state === 'LANDED') byAttempts.push(attempt.signature);
      if (ledger?.transactions.get(attempt.signature)?.succeeded) byChain.push(attempt.signature);
    }
    close();
  },
};

export const fatesMatchChain: Check = {
  name: 'fates-match-chain',
  promise: 'LANDED, LANDED_FAILED and DEAD attempts are on the chain as they say, and in that slot',
  async run(context, findings) {
    const ledger = ledgerOf(context, findings);
    if (!ledger) return;
    let inFlight = 0;
    for await (const attempt of attemptsOf(context.db)) {
      if (attempt.is_simulated) continue;
      const landed = ledger.transactions.get(attempt.signature);
      if (isInFlight(attempt)) {
        inFlight += 1;
        continue;
      }
      findings.looked();
      compareFate(attempt, landed, findings);
    }
    if (inFlight > 0) findings.note(`${inFlight} attempts left out: the order is CONFIRMING and not settled yet`);
  },
};

const NOT_THERE = 'not on the chain';

/** What the chain must say of an attempt in this state. One without a fate, whose order goes on, must not be there either. */
const MUST_BE: Readonly<Record<string, string>> = { LANDED: 'landed', LANDED_FAILED: 'landed with an error' };

function compareFate(attempt: AttemptRow, landed: ChainTransaction | undefined, findings: Findings): void {
  const { order_req_id: subject, number, signature, state, slot } = attempt;
  const is = !landed ? NOT_THERE : landed.succeeded ? 'landed' : 'landed with an error';
  if (is !== (MUST_BE[state] ?? NOT_THERE)) {
    findings.violation(
      subject,
      `attempt ${number} (${signature}) is ${state}, but ${is} ${landed?.error ?? ''}`.trim(),
    );
  } else if (landed && slot !== landed.slot.toString()) {
    findings.violation(subject, `attempt ${number} (${signature}) says slot ${slot}, the chain ${landed.slot}`);
  }
}

/** E3, E7: a time-out or an unreachable RPC alone never ends an execution. */
export const failedMeansDead: Check = {
  name: 'failed-means-dead',
  promise: 'of an order that FAILED, was CANCELLED or waits again, every attempt is proven dead and none landed',
  async run(context, findings) {
    for await (const { order_req_id, order_status, number, signature, state } of attemptsOf(context.db)) {
      if (order_status === 'FILLED' || order_status === 'CONFIRMING') continue;
      findings.looked();
      if (state !== 'DEAD' && state !== 'LANDED_FAILED') {
        findings.violation(order_req_id, `is ${order_status}, but attempt ${number} (${signature}) is ${state}`);
      }
      if (context.ledger?.transactions.get(signature)?.succeeded) {
        findings.violation(order_req_id, `is ${order_status}, but attempt ${number} (${signature}) landed`);
      }
    }
  },
};

/** The checker's own list of failures that no later try can mend. */
const DEFINITIVE = `('TOKEN_NOT_TRADABLE', 'EXECUTOR_ERROR')`;
const BY_FAILURE = `('ATTEMPTS_EXHAUSTED', 'QUOTE_FAILED', 'NO_ROUTE', 'TOKEN_NOT_TRADABLE', 'SWAP_BUILD_FAILED',
  'POLICY_VIOLATION', 'SIMULATION_FAILED', 'SLIPPAGE_EXCEEDED', 'INSUFFICIENT_FUNDS', 'LANDED_WITH_ERROR',
  'TRANSACTION_EXPIRED', 'PRICE_UNAVAILABLE', 'NO_WALLET', 'EXECUTOR_ERROR')`;

/** E3, X5. */
export const givenUp = sqlCheck(
  'given-up',
  'an order that failures ended used all its tries, unless it is an entry that no later try could fill; one with tries left goes on',
  {
    over: 'orders',
    rows: `SELECT count(*) AS n FROM slice WHERE attempt_count > 0`,
    violations: `SELECT order_req_id AS subject,
         format('%s is %s (%s) after %s of %s failed executions', order_type, status, reason, attempt_count, max_attempts) AS detail
       FROM slice WHERE attempt_count > max_attempts
         OR (status IN ('FAILED', 'PENDING', 'SUBMITTED', 'CONFIRMING', 'FILLED') AND attempt_count >= max_attempts)
         OR (status = 'CANCELLED' AND reason IN ${BY_FAILURE} AND NOT (attempt_count >= 1 AND CASE reason
           WHEN 'ATTEMPTS_EXHAUSTED' THEN attempt_count = max_attempts
           ELSE order_type = 'ENTRY' AND reason IN ${DEFINITIVE} END))`,
  },
);

/**
 * A transaction can land until its last valid block height. If the chain was not past it when the attempt was called dead, that
 * was a guess. Only blocks that hold a transaction are known, so a guess can go unseen, but none is reported wrongly.
 */
export const deadIsProven: Check = {
  name: 'dead-is-proven',
  promise: 'no attempt was called DEAD while it could still land',
  async run(context, findings) {
    const ledger = ledgerOf(context, findings);
    if (!ledger) return;
    for await (const attempt of attemptsOf(context.db)) {
      const { order_req_id, number, signature, state, resolved_at, last_valid_block_height } = attempt;
      if (state !== 'DEAD' || attempt.is_simulated || !resolved_at) continue;
      findings.looked();
      const later = firstAfter(ledger.blocks, Math.floor(resolved_at.getTime() / 1_000));
      if (!later || BigInt(later.blockHeight) > BigInt(last_valid_block_height)) continue;
      findings.violation(
        order_req_id,
        `attempt ${number} (${signature}) was called dead at ${resolved_at.toISOString()}, but later the chain was at height ${later.blockHeight}, and it was valid until ${last_valid_block_height}`,
      );
    }
  },
};

/** The first block later than this second, by binary search. */
function firstAfter<Block extends { readonly blockTime: number }>(blocks: readonly Block[], seconds: number) {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle]?.blockTime ?? 0) > seconds) high = middle;
    else low = middle + 1;
  }
  return blocks[low];
}
