import type { VersionedTransaction } from '@solana/web3.js';
import bs58 from 'bs58';
import { priceOf } from '../../../shared/core/decimals.js';
import { failpoint } from '../../../shared/core/failpoints.js';
import { newId } from '../../../shared/core/ids.js';
import { span } from '../../../shared/core/trace.js';
import type { FailureReason } from '../../../shared/order/message.js';
import type { Order } from '../../../shared/order/order.js';
import { type Diagnosis, diagnose, type Phase } from '../venue/errors.js';
import type { Quote } from '../venue/jupiter.js';
import { BLOCKHASH_LIFE_BLOCKS, NEXT_BLOCKHASH_MS_MAX } from '../venue/limits.js';
import { checkTransaction, PolicyViolation } from '../venue/policy.js';
import { preflight, SimulationFailed } from '../venue/preflight.js';
import { SOL_MINT } from '../venue/spl.js';
import type { Venue } from '../venue/venue.js';
import type { Signer } from '../wallet/signer.js';
import type { Run } from './executor.js';
import { feeTerms } from './fee-terms.js';

/** From an order to a signed transaction that has been checked, and not been sent. */

/** Why this execution ends before anything is signed. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly reason: FailureReason,
    message: string,
    /** No later try can fare better. */
    readonly definitive = false,
  ) {
    super(message);
  }
}

export interface Prepared {
  readonly signature: string;
  readonly bytes: Uint8Array;
  readonly blockhash: string;
  readonly lastValidBlockHeight: bigint;
  readonly quote: Readonly<Record<string, unknown>>;
  readonly proposalId: string;
  /** SOL per whole token, from the quote. */
  readonly price: string;
}

/** A quote that is on the order's queue and accepted. */
export interface Accepted {
  readonly quote: Quote;
  readonly proposalId: string;
  /** SOL per whole token. */
  readonly price: string;
}

/** Asks for a quote and accepts it as the order's proposal. @throws Refused, and what `run` and its signal throw */
export async function acceptQuote(run: Run, venue: Venue): Promise<Accepted> {
  const { order, signal } = run;
  const { inputMint, outputMint, amount } = tradeOf(order);
  const { maxSlippageBps: slippageBps } = order;
  failpoint('processor.quote.before');
  const quote = await refusing('quote', () =>
    venue.jupiter.quote({ inputMint, outputMint, amount, slippageBps, signal }),
  );
  failpoint('processor.quote.after');
  return { quote, ...(await offer(run, quote)) };
}

/** Builds the swap of an accepted quote, checks it and signs it. @throws Refused, and what `run` and its signal throw */
export async function prepareSwap(run: Run, venue: Venue, signer: Signer, accepted: Accepted): Promise<Prepared> {
  const { order, signal } = run;
  const { quote, proposalId, price } = accepted;
  const { settings } = venue;
  const { bytes, lastValidBlockHeight: claimed } = await refusing('swap', () =>
    venue.jupiter.swap({
      quote,
      userPublicKey: signer.publicKey.toBase58(),
      ...feeTerms(order, settings),
      signal,
    }),
  );
  failpoint('processor.swap.after');
  const { transaction, lastValidBlockHeight } = await refusing('simulate', async () => {
    const [checked, lastValid] = await Promise.all([
      check(run, venue, signer, quote, bytes),
      lastValidHeight(venue, claimed, signal),
    ]);
    return { transaction: checked, lastValidBlockHeight: lastValid };
  });
  failpoint('processor.check.after');
  await run.requireRights();
  const signed = await span('sign', () => sign(signer, transaction));
  failpoint('processor.sign.after');
  return {
    signature: signed.signature,
    bytes: signed.bytes,
    blockhash: transaction.message.recentBlockhash,
    lastValidBlockHeight,
    quote: { ...quote.response },
    proposalId,
    price,
  };
}

/** Waits until the chain has a blockhash other than this one. @throws Refused when it takes too long */
export async function nextBlockhash(venue: Venue, blockhash: string, signal: AbortSignal): Promise<void> {
  const { clock, endpoints, settings } = venue;
  const until = clock.now() + NEXT_BLOCKHASH_MS_MAX;
  while (clock.now() < until) {
    await clock.sleep(settings.pollIntervalMs, signal);
    const newest = await refusing('simulate', () => endpoints.first((rpc) => rpc.latestBlockhash(signal), signal));
    if (newest.blockhash !== blockhash) return;
  }
  throw new Refused(
    'SWAP_BUILD_FAILED',
    'Another order committed the very same transaction, and the chain has made no new block to build another one on.',
  );
}

/** What is spent and what is bought. SOL is traded in its wrapped form. */
function tradeOf(order: Order): { inputMint: string; outputMint: string; amount: bigint } {
  const buys = order.orderType === 'ENTRY';
  const amount = buys ? order.requestedLamports : order.requestedTokens;
  if (amount === null || amount <= 0n) throw new Refused('EXECUTOR_ERROR', 'The order has no amount to trade.', true);
  if (order.mint === SOL_MINT) throw new Refused('TOKEN_NOT_TRADABLE', 'SOL cannot be traded against itself.', true);
  return buys
    ? { inputMint: SOL_MINT, outputMint: order.mint, amount }
    : { inputMint: order.mint, outputMint: SOL_MINT, amount };
}

/** Puts the quote on the order's queue and accepts it. */
async function offer(run: Run, quote: Quote) {
  const { order } = run;
  const [lamports, tokens] =
    order.orderType === 'ENTRY' ? [quote.inAmount, quote.outAmount] : [quote.outAmount, quote.inAmount];
  const price = priceOf(lamports, tokens, order.decimals);
  const proposalId = `jup-${newId()}`;
  run.signal.throwIfAborted();
  await run.propose({
    proposalId,
    source: 'jupiter',
    lamports,
    tokens,
    price,
    note: quote.labels.join(' > '),
    expiresAt: null,
  });
  run.signal.throwIfAborted();
  await run.acceptProposal(proposalId);
  return { proposalId, price };
}

async function check(run: Run, venue: Venue, signer: Signer, quote: Quote, bytes: Uint8Array) {
  const { endpoints, settings, clock } = venue;
  const { priorityFeeMaxLamports, extraPrograms, rentAllowanceLamports } = settings;
  const checked = checkTransaction(bytes, { wallet: signer.publicKey, priorityFeeMaxLamports, extraPrograms });
  const expected = {
    wallet: signer.publicKey.toBase58(),
    mint: run.order.mint,
    side: run.order.orderType === 'ENTRY' ? ('BUY' as const) : ('SELL' as const),
    inAmount: quote.inAmount,
    leastOut: quote.leastOut,
    rentAllowanceLamports,
  };
  await preflight({ endpoints, clock }, checked, expected, run.signal);
  return checked.transaction;
}

/**
 * The height past which the transaction cannot land. Calling it too low would make a living transaction look dead, so our own
 * node's word, asked for after the transaction was built, counts where it is higher. One that is far too high (a slot taken for
 * a height, say) could never be proven dead, and is refused.
 */
async function lastValidHeight(venue: Venue, claimed: bigint, signal: AbortSignal): Promise<bigint> {
  const own = await venue.endpoints.first((rpc) => rpc.latestBlockhash(signal), signal);
  if (claimed > own.lastValidBlockHeight + BLOCKHASH_LIFE_BLOCKS) {
    throw new PolicyViolation(
      `it claims to be valid until block height ${claimed}, far beyond ${own.lastValidBlockHeight}`,
    );
  }
  return claimed > own.lastValidBlockHeight ? claimed : own.lastValidBlockHeight;
}

async function sign(signer: Signer, transaction: VersionedTransaction) {
  const message = transaction.message.serialize();
  const signed = await signer.signTransaction(transaction);
  const first = signed.signatures[0];
  if (Buffer.compare(message, signed.message.serialize()) !== 0 || !first || first.every((byte) => byte === 0)) {
    throw new Error('the signer changed the message, or did not sign it');
  }
  return { signature: bs58.encode(first), bytes: signed.serialize() };
}

/** Runs a step before the signature: what a venue refuses ends the execution, what anything else throws is thrown on. */
async function refusing<T>(phase: Phase, step: () => Promise<T>): Promise<T> {
  try {
    return await span(phase, step);
  } catch (error) {
    const diagnosis = diagnosisOf(phase, error);
    if (!diagnosis) throw error;
    throw new Refused(diagnosis.reason, diagnosis.text, diagnosis.verdict === 'definitive');
  }
}

function diagnosisOf(phase: Phase, error: unknown): Diagnosis | undefined {
  if (error instanceof SimulationFailed) return error.diagnosis;
  if (!(error instanceof PolicyViolation)) return diagnose(phase, error);
  const text = `The swap transaction was not signed: ${error.message}.`;
  return { reason: 'POLICY_VIOLATION', verdict: 'retry-new-quote', text };
}
