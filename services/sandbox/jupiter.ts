import { z } from 'zod';
import { BLOCKHASH_LIFE_BLOCKS, type BlockClock, slotAt } from './block-clock.js';
import type { Chain } from './chain.js';
import type { Faults } from './faults.js';
import { quoteQuery, type SwapBody, swapBody } from './jupiter-schemas.js';
import type { Market } from './market.js';
import { findMint, type SandboxMint } from './mints.js';
import { formatPrice } from './prices.js';
import { effectiveIn, fitsU64, otherAmountThreshold, outAmount, priceImpactPct } from './quote-math.js';
import { buildSwap, SWAP_UNITS } from './swap-transaction.js';
import { errorSentence } from './transaction-error.js';

/** A refusal as Jupiter words it: HTTP 400 with `{error, errorCode}`. */
export class JupiterError extends Error {
  override readonly name = 'JupiterError';

  constructor(
    readonly errorCode: string,
    message: string,
  ) {
    super(message);
  }
}

export interface JupiterParts {
  readonly chain: Chain;
  readonly blocks: BlockClock;
  readonly market: Market;
  readonly faults: Faults;
}

/** Priority fee by level, in lamports, before the caller's maximum. */
const PRIORITY_LAMPORTS = { medium: 5_000n, high: 50_000n, veryHigh: 500_000n } as const;

/** Mints one price call may ask for, as Jupiter's. */
const PRICE_IDS_MAX = 50;

/** GET /swap/v1/quote */
export function quote({ blocks, market, faults }: JupiterParts, query: unknown) {
  const asked = valid(quoteQuery, query);
  if (asked.swapMode === 'ExactOut') throw unsupported('swapMode ExactOut');
  if (asked.asLegacyTransaction) throw unsupported('asLegacyTransaction');
  if (asked.platformFeeBps !== 0) throw unsupported('platformFeeBps');
  if (asked.inputMint === asked.outputMint) {
    const text = 'Input and output mints are not allowed to be equal';
    throw new JupiterError('CIRCULAR_ARBITRAGE_IS_DISABLED', text);
  }
  const fault = faults.takeForQuote(asked.inputMint, asked.outputMint);
  if (fault?.fault === 'no_route') throw noRoute();
  if (fault?.fault === 'not_tradable') throw notTradable(fault.mint ?? asked.outputMint);
  const input = tradable(asked.inputMint);
  const output = tradable(asked.outputMint);
  const amountIn = BigInt(asked.amount);
  if (!fitsU64(amountIn)) throw new JupiterError('INVALID_PARAMETER', 'amount: must be 1 to 2^64 - 1 base units');
  const out = outAmount(market.rate(input, output), effectiveIn(amountIn, input));
  if (!fitsU64(out)) throw noRoute();
  const inAmount = amountIn.toString();
  return {
    inputMint: input.address,
    inAmount,
    outputMint: output.address,
    outAmount: out.toString(),
    otherAmountThreshold: otherAmountThreshold(out, asked.slippageBps).toString(),
    swapMode: 'ExactIn',
    slippageBps: asked.slippageBps,
    platformFee: null,
    priceImpactPct: priceImpactPct(amountIn, input),
    routePlan: [
      {
        swapInfo: {
          ammKey: market.pool(input, output),
          label: 'Exitlane Sandbox',
          inputMint: input.address,
          outputMint: output.address,
          inAmount,
          outAmount: out.toString(),
          feeAmount: '0',
          feeMint: input.address,
        },
        percent: 100,
        bps: 10_000,
      },
    ],
    contextSlot: blocks.slot,
    timeTaken: 0.001,
  };
}

/** POST /swap/v1/swap */
export function swap(parts: JupiterParts, body: unknown) {
  const { chain, blocks, market } = parts;
  const asked = valid(swapBody, body);
  refuseUnsupported(asked);
  const { quoteResponse, userPublicKey } = asked;
  const input = tradable(quoteResponse.inputMint);
  const output = tradable(quoteResponse.outputMint);
  const amountIn = BigInt(quoteResponse.inAmount);
  if (!fitsU64(amountIn)) throw new JupiterError('INVALID_PARAMETER', 'quoteResponse.inAmount: must be 1 to 2^64 - 1');
  if (!fitsU64(outAmount(market.rate(input, output), effectiveIn(amountIn, input)))) throw noRoute();

  const born = asked.blockhashSlotsToExpiry
    ? blocks.height + asked.blockhashSlotsToExpiry - BLOCKHASH_LIFE_BLOCKS
    : chain.heightAt('confirmed');
  const { priorityFee, tip } = feesOf(asked.prioritizationFeeLamports);
  const transaction = buildSwap(market, {
    user: userPublicKey,
    input,
    output,
    amountIn,
    leastOut: BigInt(quoteResponse.otherAmountThreshold),
    wrapAndUnwrapSol: asked.wrapAndUnwrapSol,
    priorityFee,
    jitoTip: tip && { lamports: tip.lamports, payer: tip.payer ?? userPublicKey },
    blockhash: blocks.hashAt(born),
  });
  const wire = transaction.serialize();
  const { err } = chain.simulate(chain.read(wire), { verifySignatures: false });
  return {
    swapTransaction: Buffer.from(wire).toString('base64'),
    lastValidBlockHeight: born + BLOCKHASH_LIFE_BLOCKS,
    prioritizationFeeLamports: Number(tip ? tip.lamports : priorityFee),
    computeUnitLimit: SWAP_UNITS,
    prioritizationType: tip
      ? { jito: { lamports: Number(tip.lamports) } }
      : { computeBudget: { microLamports: (Number(priorityFee) * 1_000_000) / SWAP_UNITS } },
    simulationSlot: slotAt(blocks.height),
    dynamicSlippageReport: null,
    simulationError: err === null ? null : { errorCode: 'TRANSACTION_ERROR', error: errorSentence(err) },
  };
}

/** GET /price/v3?ids=a,b - unknown mints are left out, as Jupiter does. */
export function price({ blocks, market }: JupiterParts, query: unknown) {
  const { ids } = valid(z.object({ ids: z.string().min(1, 'must list at least one mint') }), query);
  const wanted = ids.split(',').map((id) => id.trim());
  if (wanted.length > PRICE_IDS_MAX) throw new JupiterError('INVALID_PARAMETER', `ids: at most ${PRICE_IDS_MAX} mints`);
  const known = wanted.map(findMint).filter((mint) => mint !== undefined);
  const entries = known.map((mint) => [
    mint.address,
    {
      usdPrice: Number(formatPrice(market.prices.usdPrice(mint))),
      blockId: blocks.slot,
      decimals: mint.decimals,
      priceChange24h: 0,
    },
  ]);
  return Object.fromEntries(entries);
}

function feesOf(asked: SwapBody['prioritizationFeeLamports']) {
  if (asked && 'jitoTipLamports' in asked) {
    return { priorityFee: 0n, tip: { lamports: asked.jitoTipLamports, payer: undefined } };
  }
  if (asked && 'jitoTipLamportsWithPayer' in asked) {
    return { priorityFee: 0n, tip: asked.jitoTipLamportsWithPayer };
  }
  const level = asked?.priorityLevelWithMaxLamports;
  const wanted = PRIORITY_LAMPORTS[level?.priorityLevel ?? 'medium'];
  const most = level?.maxLamports ?? wanted;
  return { priorityFee: wanted < most ? wanted : most, tip: undefined };
}

function refuseUnsupported(asked: SwapBody): void {
  if (asked.asLegacyTransaction) throw unsupported('asLegacyTransaction');
  if (asked.quoteResponse.swapMode === 'ExactOut') throw unsupported('swapMode ExactOut');
  for (const field of ['feeAccount', 'destinationTokenAccount', 'nativeDestinationAccount', 'payer'] as const) {
    if (asked[field]) throw unsupported(field);
  }
}

function tradable(address: string): SandboxMint {
  const mint = findMint(address);
  if (!mint) throw notTradable(address);
  return mint;
}

function valid<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new JupiterError('INVALID_PARAMETER', problems.join('; '));
}

function notTradable(mint: string): JupiterError {
  return new JupiterError('TOKEN_NOT_TRADABLE', `The token ${mint} is not tradable`);
}

function noRoute(): JupiterError {
  return new JupiterError('COULD_NOT_FIND_ANY_ROUTE', 'Could not find any route');
}

function unsupported(what: string): JupiterError {
  return new JupiterError('NOT_SUPPORTED', `The sandbox does not model ${what}: leave it out`);
}
