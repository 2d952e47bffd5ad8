import type { Queryable } from '../../../shared/store/database.js';
import { attemptsOf, isInFlight } from '../attempts.js';
import { type Check, ledgerOf } from '../check.js';
import type { ChainTransaction, Ledger } from '../ledger.js';
import type { Findings } from '../report.js';

/** The wallet as a whole: what the chain moved in all is what the books say in all. */

export const walletTokens: Check = {
  name: 'wallet-tokens',
  promise: 'what came into the wallet of each token, less what left it, is what the positions bought and have not sold',
  async run(context, findings) {
    const ledger = ledgerOf(context, findings);
    if (!ledger) return;
    const chain = new Map<string, bigint>();
    let presents = 0;
    for (const { tokens, mustBeAttempt } of await settledTransactions(context.db, ledger, findings)) {
      for (const [mint, change] of tokens) {
        // Anybody may send tokens to anybody.
        if (!mustBeAttempt && change > 0n) {
          presents += 1;
          continue;
        }
        findings.looked();
        chain.set(mint, (chain.get(mint) ?? 0n) + change);
      }
    }
    if (presents > 0)
      findings.note(`${presents} transfers left out: others paid for them and sent tokens to the wallet`);
    const { rows } = await context.db.query<{ mint: string; held: string }>(
      'SELECT mint, sum(entry_tokens - sold_tokens) AS held FROM positions WHERE NOT is_simulated GROUP BY mint',
    );
    const books = new Map(rows.map(({ mint, held }) => [mint, BigInt(held)]));
    for (const mint of new Set([...chain.keys(), ...books.keys()])) {
      const [moved, held] = [chain.get(mint) ?? 0n, books.get(mint) ?? 0n];
      if (moved !== held) findings.violation(mint, `the chain left ${moved} base units, the positions hold ${held}`);
    }
  },
};

export const walletLamports: Check = {
  name: 'wallet-lamports',
  promise: "the wallet's SOL changed by the fills, fees and rent in the books, and by what never was an order",
  async run(context, findings) {
    const ledger = ledgerOf(context, findings);
    if (!ledger) return;
    let chain = 0n;
    let others = 0n;
    const settled = await settledTransactions(context.db, ledger, findings);
    const failedFees = await feesOfFailures(context.db);
    for (const transaction of settled) {
      const change = transaction.walletLamports + transaction.wrappedLamports;
      findings.looked();
      chain += change;
      if (!transaction.mustBeAttempt) others += change;
    }
    const { rows } = await context.db.query<{ fills: string; fees: string; rent: string }>(
      `SELECT coalesce(sum(CASE order_type WHEN 'ENTRY' THEN -filled_lamports ELSE filled_lamports END), 0) AS fills,
         coalesce(sum(fee_lamports), 0) AS fees, coalesce(sum(rent_lamports), 0) AS rent
       FROM orders WHERE status = 'FILLED' AND NOT is_simulated`,
    );
    const { fills = '0', fees = '0', rent = '0' } = rows[0] ?? {};
    const books = BigInt(fills) - BigInt(fees) - BigInt(rent) - failedFees + others;
    if (chain === books) return;
    findings.violation(
      [...ledger.wallets].join(', '),
      `changed by ${chain} lamports on the chain, by ${books} in the books: fills ${fills}, fees ${fees}, rent ${rent}, fees of failed transactions ${failedFees}, others ${others}`,
    );
  },
};

/** Transactions that touched the wallet, without those that landed and are not settled yet. */
async function settledTransactions(db: Queryable, ledger: Ledger, findings: Findings): Promise<ChainTransaction[]> {
  const inFlight = new Set<string>();
  for await (const attempt of attemptsOf(db)) {
    if (isInFlight(attempt) && ledger.transactions.has(attempt.signature)) inFlight.add(attempt.signature);
  }
  if (inFlight.size > 0) findings.note(`${inFlight.size} transactions left out: landed, and not settled yet`);
  return [...ledger.transactions.values()].filter((each) => touchesWallet(each) && !inFlight.has(each.signature));
}

function touchesWallet({ walletLamports, wrappedLamports, rentLamports, tokens }: ChainTransaction): boolean {
  return walletLamports !== 0n || wrappedLamports !== 0n || rentLamports !== 0n || tokens.size > 0;
}

/** A transaction that landed with an error cost its fee and moved nothing else. */
async function feesOfFailures(db: Queryable): Promise<bigint> {
  let fees = 0n;
  for await (const { state, attempt_fee_lamports } of attemptsOf(db)) {
    if (state === 'LANDED_FAILED') fees += BigInt(attempt_fee_lamports ?? 0);
  }
  return fees;
}
