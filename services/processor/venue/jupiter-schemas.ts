import { z } from 'zod';

/** What Jupiter's APIs answer, as far as we rest on it. Amounts are base units in decimal strings. */
const units = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt);

export const quoteAnswer = z.object({
  inputMint: z.string(),
  inAmount: units,
  outputMint: z.string(),
  outAmount: units,
  otherAmountThreshold: units,
  swapMode: z.literal('ExactIn'),
  slippageBps: z.number().int(),
  priceImpactPct: z.string(),
  routePlan: z.array(z.object({ swapInfo: z.object({ ammKey: z.string(), label: z.string().nullish() }) })),
});

export const swapAnswer = z.object({
  swapTransaction: z.base64(),
  lastValidBlockHeight: z.number().int().positive(),
});

/** A refusal: `{error, errorCode}` of the swap API, `{code, message}` of the rate limiter. */
export const refusal = z.object({
  error: z.string().optional(),
  errorCode: z.string().optional(),
  message: z.string().optional(),
});

const priceEntry = z.object({ usdPrice: z.string() });

/** Tokens Jupiter has no price for are left out, or null. */
export const priceAnswer = z.record(z.string(), priceEntry.nullish());

const BARE_PRICE = /("usdPrice"\s*:\s*)(-?\d[\d.eE+-]*)/g;

/** Parses a price answer with its numbers kept as text: prices of meme coins have more digits than a float keeps. */
export function parsePriceAnswer(text: string): z.infer<typeof priceAnswer> {
  return priceAnswer.parse(JSON.parse(text.replace(BARE_PRICE, '$1"$2"')));
}
