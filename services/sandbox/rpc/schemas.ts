import { PublicKey } from '@solana/web3.js';
import bs58 from 'bs58';
import { z } from 'zod';

/** A base58 account address. */
export const addressParam = z.string().refine(isAddress, 'must be a base58 public key of 32 bytes');

/** A base58 transaction signature. */
export const signatureParam = z
  .string()
  .refine((text) => decodedLength(text) === 64, 'must be a base58 signature of 64 bytes');

function isAddress(text: string): boolean {
  try {
    return new PublicKey(text).toBase58() === text;
  } catch {
    return false;
  }
}

function decodedLength(text: string): number {
  try {
    return text.length > 90 ? -1 : bs58.decode(text).length;
  } catch {
    return -1;
  }
}
