import { attemptsOf } from '../attempts.js';
import type { Check } from '../check.js';
import { rowsOf } from '../slices.js';

interface FeeRow {
  position_id: string;
  fee_lamports: string;
  of_fills: string;
}

/**
 * X8: fees booked. A position carries the fee of its entry's fill, of its exits' fills, and of its exits' transactions that
 * landed with an error; what those cost is taken from the ledger.
 */
export const positionsFees: Check = {
  name: 'positions-fees',
  promise: "a position's fees are those of its fills and of its exits that landed with an error",
  async run({ db, ledger }, findings) {
    const failed = new Map<string, bigint | undefined>();
    for await (const { state, order_type, position_id, signature } of attemptsOf(db)) {
      if (state !== 'LANDED_FAILED' || order_type !== 'EXIT' || position_id === null) continue;
      const fee = ledger?.transactions.get(signature)?.feeLamports;
      const before = failed.has(position_id) ? failed.get(position_id) : 0n;
      failed.set(position_id, fee === undefined || before === undefined ? undefined : before + fee);
    }
    let unknown = 0;
    const rows = rowsOf<FeeRow>(
      db,
      'positions',
      `SELECT p.position_id, p.fee_lamports, coalesce(sum(o.fee_lamports), 0) AS of_fills
       FROM slice p LEFT JOIN orders o ON o.position_id = p.position_id AND o.status = 'FILLED'
       GROUP BY p.position_id, p.fee_lamports`,
    );
    for await (const { position_id, fee_lamports, of_fills } of rows) {
      const ofFailed = failed.has(position_id) ? failed.get(position_id) : 0n;
      if (ofFailed === undefined) {
        unknown += 1;
        continue;
      }
      findings.looked();
      const due = BigInt(of_fills) + ofFailed;
      if (BigInt(fee_lamports) === due) continue;
      findings.violation(
        position_id,
        `fees booked ${fee_lamports}; fills cost ${of_fills}, exits that landed with an error ${ofFailed}`,
      );
    }
    if (unknown > 0) findings.note(`${unknown} positions left out: what their failed transactions cost is not known`);
  },
};
