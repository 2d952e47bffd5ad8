import { z } from 'zod';
import { lamportsForTokens, parsePrice, tokensForLamports } from '../../../shared/core/decimals.js';
import type { Order } from '../../../shared/order/order.js';
import type { Attempt } from '../../../shared/store/attempts.js';
import type { Fill } from '../../../shared/store/positions.js';

/** A fill made on paper. It travels in the attempt's quote, so that a run after this one settles to the same amounts. */
export type PaperFill = Omit<Fill, 'feeLamports' | 'rentLamports'>;

/** What an order brings at a price (SOL per whole token); undefined when it is less than one base unit. */
export function fillAt(order: Order, price: string): PaperFill | undefined {
  const parsed = parsePrice(price);
  if (!parsed) throw new RangeError(`${price} is not a price`);
  const buys = order.orderType === 'ENTRY';
  const lamports = buys
    ? order.requestedLamports
    : lamportsForTokens(order.requestedTokens ?? 0n, parsed, order.decimals);
  const tokens = buys
    ? tokensForLamports(order.requestedLamports ?? 0n, parsed, order.decimals)
    : order.requestedTokens;
  return lamports && tokens ? { lamports, tokens, price } : undefined;
}

const units = z
  .string()
  .regex(/^[1-9]\d{0,19}$/)
  .transform(BigInt);
const quoteSchema = z.object({ paper: z.object({ lamports: units, tokens: units, price: z.string() }) });

export function toQuote({ lamports, tokens, price }: PaperFill): Record<string, unknown> {
  return { paper: { lamports: lamports.toString(), tokens: tokens.toString(), price } };
}

/** @throws Error when the attempt was not made on paper */
export function fromAttempt({ orderId, number, quote }: Attempt): PaperFill {
  const parsed = quoteSchema.safeParse(quote);
  if (!parsed.success)
    throw new Error(`attempt ${number} of order ${orderId} is a real transaction: it is not simulated`);
  return parsed.data.paper;
}
