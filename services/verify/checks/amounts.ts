import { BigNumber } from 'bignumber.js';
import { type AttemptRow, attemptsOf } from '../attempts.js';
import { tradedLamports } from '../chain-changes.js';
import { type Check, ledgerOf } from '../check.js';
import type { ChainTransaction } from '../ledger.js';
import type { Findings } from '../report.js';
import { rowsOf } from '../slices.js';

/** Fills against the chain's balances, to the last unit (E2, E10). */

export const amountsMatchChain: Check = {
  name: 'amounts-match-chain',
  promise: "a fill's SOL, tokens, fee and rent are the wallet's balance changes on the chain",
  async run(context, findings) {
    const ledger = ledgerOf(context, findings);
    if (!ledger) return;
    for await (const attempt of attemptsOf(context.db)) {
      const landed = ledger.transactions.get(attempt.signature);
      if (attempt.state !== 'LANDED' || !landed?.succeeded) continue;
      findings.looked();
      compareAmounts(attempt, landed, findings);
    }
  },
};

function compareAmounts(attempt: AttemptRow, landed: ChainTransaction, findings: Findings): void {
  // What an entry pays and an exit sells goes out.
  const [sol, token] = attempt.order_type === 'ENTRY' ? [-1n, 1n] : [1n, -1n];
  const compare = (what: string, booked: string | null, chain: bigint) => {
    if (booked === chain.toString()) return;
    findings.violation(
      attempt.order_req_id,
      `${what}: booked ${booked ?? 'nothing'}, the chain says ${chain} (${attempt.signature})`,
    );
  };
  compare('lamports', attempt.filled_lamports, sol * tradedLamports(landed));
  compare('token base units', attempt.filled_tokens, token * (landed.tokens.get(attempt.mint) ?? 0n));
  compare('fee in lamports', attempt.fee_lamports, landed.feeLamports);
  compare('rent in lamports', attempt.rent_lamports, landed.rentLamports);
  for (const [mint, change] of landed.tokens) {
    if (mint === attempt.mint) continue;
    findings.violation(attempt.order_req_id, `also moved ${change} of ${mint} (${attempt.signature})`);
  }
}

/** The fee of a transaction that landed with an error is on no order: it stands at its attempt. */
export const attemptFees: Check = {
  name: 'attempt-fees',
  promise:
    'an attempt carries the fee that the chain took for it, landed with an error or without; any other carries none',
  async run(context, findings) {
    const ledger = ledgerOf(context, findings);
    if (!ledger) return;
    for await (const attempt of attemptsOf(context.db)) {
      const { order_req_id, number, signature, state, attempt_fee_lamports: booked } = attempt;
      const landed = state === 'LANDED' || state === 'LANDED_FAILED';
      const taken = landed ? ledger.transactions.get(signature)?.feeLamports.toString() : null;
      // One that is not on the chain is for fates-match-chain to find.
      if (attempt.is_simulated || taken === undefined) continue;
      findings.looked();
      if (booked === taken) continue;
      findings.violation(
        order_req_id,
        `attempt ${number} (${signature}) carries a fee of ${booked ?? 'nothing'}, the chain took ${taken ?? 'nothing'}`,
      );
    }
  },
};

interface DecimalsRow {
  order_req_id: string;
  mint: string;
  of_order: number;
  of_position: number | null;
  of_mint: number | null;
}

/** Decimals come from the mint, never assumed (E2). Without a ledger, orders, positions and mints must still agree. */
export const decimalsMatchChain: Check = {
  name: 'decimals-match-chain',
  promise: "orders, positions and mints have the chain's decimals",
  async run({ db, ledger }, findings) {
    if (!ledger) findings.note('no ledger was given: only compared with each other');
    const rows = rowsOf<DecimalsRow>(
      db,
      'orders',
      `SELECT o.order_req_id, o.mint, o.decimals AS of_order, p.decimals AS of_position, m.decimals AS of_mint
       FROM slice o LEFT JOIN positions p USING (position_id) LEFT JOIN mints m ON m.mint = o.mint`,
    );
    for await (const { order_req_id, mint, of_order, of_position, of_mint } of rows) {
      findings.looked();
      const chain = ledger?.decimals.get(mint);
      const said = [of_order, of_position ?? of_order, of_mint ?? of_order, chain ?? of_order];
      if (new Set(said).size === 1) continue;
      findings.violation(
        order_req_id,
        `decimals of ${mint}: order ${of_order}, position ${of_position ?? 'none'}, mint ${of_mint ?? 'unknown'}, chain ${chain ?? 'not asked'}`,
      );
    }
  },
};

interface FillRow {
  order_req_id: string;
  order_type: 'ENTRY' | 'EXIT';
  is_simulated: boolean;
  decimals: number;
  filled_lamports: string;
  filled_tokens: string;
  actual_price: string;
}

/** Digits after the point that a price keeps. */
const PRICE_DIGITS = 18;

/** Enough for every quotient of two u64 amounts. */
const Exact = BigNumber.clone({ DECIMAL_PLACES: 60 });

export const prices: Check = {
  name: 'prices',
  promise: 'the price of a fill is SOL per whole token of its own amounts, to 18 digits after the point',
  async run({ db }, findings) {
    const rows = rowsOf<FillRow>(
      db,
      'orders',
      `SELECT order_req_id, order_type, is_simulated, decimals, filled_lamports, filled_tokens, actual_price
       FROM slice WHERE status = 'FILLED'`,
    );
    for await (const fill of rows) {
      findings.looked();
      if (fill.is_simulated ? followsFromPrice(fill) : isPriceOf(fill)) continue;
      const { order_req_id, filled_lamports, filled_tokens, decimals, actual_price } = fill;
      findings.violation(
        order_req_id,
        `${filled_lamports} lamports for ${filled_tokens} base units (${decimals} decimals) are not ${actual_price} SOL a token`,
      );
    }
  },
};

/** Whatever way it is rounded, the last digit differs by one at most. */
function isPriceOf({ filled_lamports, filled_tokens, decimals, actual_price }: FillRow): boolean {
  const exact = new Exact(filled_lamports).shiftedBy(decimals - 9).dividedBy(filled_tokens);
  return exact.minus(actual_price).abs().isLessThanOrEqualTo(new Exact(10).pow(-PRICE_DIGITS));
}

/** On paper the price comes first and the other side is what it buys or brings, rounded down. */
function followsFromPrice({ order_type, filled_lamports, filled_tokens, decimals, actual_price }: FillRow): boolean {
  const [computed, booked] =
    order_type === 'ENTRY'
      ? [new Exact(filled_lamports).shiftedBy(decimals - 9).dividedBy(actual_price), filled_tokens]
      : [new Exact(filled_tokens).shiftedBy(9 - decimals).multipliedBy(actual_price), filled_lamports];
  return computed.integerValue(BigNumber.ROUND_FLOOR).isEqualTo(booked);
}
