import { PublicKey } from '@solana/web3.js';
import { z } from 'zod';

/** What Jupiter's swap API v1 takes, as far as the sandbox models it. Unknown fields are ignored, as Jupiter does. */

export const publicKey = z.string().transform((text, context) => {
  try {
    return new PublicKey(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a base58 public key' });
    return z.NEVER;
  }
});

const lamports = z.union([z.number().int().nonnegative(), z.string().regex(/^\d{1,18}$/)]).transform(BigInt);
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

export const quoteQuery = z.object({
  inputMint: publicKey.transform((key) => key.toBase58()),
  outputMint: publicKey.transform((key) => key.toBase58()),
  amount: z.string().regex(/^\d{1,20}$/, 'must be a whole number of base units'),
  slippageBps: z.coerce.number().int().min(0).max(10_000).default(50),
  swapMode: z.enum(['ExactIn', 'ExactOut']).default('ExactIn'),
  asLegacyTransaction: flag.default(false),
  platformFeeBps: z.coerce.number().int().default(0),
});

const priority = z.object({
  maxLamports: lamports,
  priorityLevel: z.enum(['medium', 'high', 'veryHigh']).default('medium'),
  global: z.boolean().optional(),
});

const prioritization = z
  .union([
    z.object({ priorityLevelWithMaxLamports: priority }),
    z.object({ jitoTipLamports: lamports }),
    z.object({ jitoTipLamportsWithPayer: z.object({ lamports, payer: publicKey }) }),
  ])
  .optional()
  // A bare number and any other form count as not given.
  .catch(undefined);

const base = z.string().regex(/^\d{1,20}$/);

export const swapBody = z.object({
  userPublicKey: publicKey,
  wrapAndUnwrapSol: z.boolean().default(true),
  prioritizationFeeLamports: prioritization,
  asLegacyTransaction: z.boolean().default(false),
  feeAccount: z.string().nullish(),
  destinationTokenAccount: z.string().nullish(),
  nativeDestinationAccount: z.string().nullish(),
  payer: z.string().nullish(),
  blockhashSlotsToExpiry: z.number().int().min(1).max(150).nullish(),
  quoteResponse: z.object({
    inputMint: z.string(),
    inAmount: base,
    outputMint: z.string(),
    outAmount: base,
    otherAmountThreshold: base,
    swapMode: z.enum(['ExactIn', 'ExactOut']),
    slippageBps: z.number().int().min(0).max(10_000),
  }),
});

export type SwapBody = z.infer<typeof swapBody>;
