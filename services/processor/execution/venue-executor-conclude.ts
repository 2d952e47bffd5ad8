import { VersionedTransaction } from '@solana/web3.js';
import { priceOf } from '../../../shared/core/decimals.js';
import { diagnoseTransaction } from '../venue/errors.js';
import type { LandedTransaction } from '../venue/landed-transaction.js';
import { settlementAmounts } from '../venue/settlement-amounts.js';
import type { Verdict } from '../venue/watched.js';
import type { Run } from './executor.js';

/** Writes the chain's verdict on an attempt into the order. `bytes` are the attempt's: they name the wallet that paid. */
export async function conclude(run: Run, number: number, bytes: Uint8Array, verdict: Verdict): Promise<void> {
  if (verdict.kind === 'dead') {
    return run.fail({ reason: 'TRANSACTION_EXPIRED', error: verdict.detail }, { number, state: 'DEAD' });
  }
  const { transaction } = verdict;
  if (transaction.err === null) return settle(run, number, bytes, transaction);
  const { reason, text } = diagnoseTransaction('landed', transaction.err, transaction);
  const { feeLamports } = settlementAmounts(transaction, walletOf(bytes), run.order.mint);
  const error = `${text} The transaction landed and cost its fee only.`;
  return run.fail({ reason, error, feeLamports }, { number, state: 'LANDED_FAILED', slot: transaction.slot });
}

async function settle(run: Run, number: number, bytes: Uint8Array, transaction: LandedTransaction): Promise<void> {
  const { order } = run;
  const amounts = settlementAmounts(transaction, walletOf(bytes), order.mint);
  const buys = order.orderType === 'ENTRY';
  const lamports = buys ? -amounts.lamports : amounts.lamports;
  const tokens = buys ? amounts.tokens : -amounts.tokens;
  const { decimals, feeLamports, rentLamports, slot } = amounts;
  if (lamports <= 0n || tokens <= 0n || decimals === undefined) {
    // The policy saw it trade before it was signed. Whatever this is, it is not a failure and must not be tried again.
    throw new Error(`attempt ${number} of order ${order.orderId} landed, but its balances are not those of a trade`);
  }
  const price = priceOf(lamports, tokens, decimals);
  await run.settle({ number, slot }, { lamports, tokens, feeLamports, rentLamports, price });
}

/** The fee payer. The key loaded now may be another one than when the attempt was signed. */
function walletOf(bytes: Uint8Array): string {
  const payer = VersionedTransaction.deserialize(bytes).message.staticAccountKeys[0];
  if (!payer) throw new Error('a transaction without a fee payer was committed');
  return payer.toBase58();
}
