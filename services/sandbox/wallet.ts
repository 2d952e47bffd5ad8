import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Keypair } from '@solana/web3.js';

/** Reads a keypair file as the Solana CLI writes it (a JSON array of 64 numbers), or writes `made` there. */
export function loadOrCreateWallet(path: string, made: Keypair): Keypair {
  if (!existsSync(path)) {
    writeFileSync(path, `${JSON.stringify([...made.secretKey])}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  }
  try {
    const numbers: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!Array.isArray(numbers) || numbers.length !== 64 || !numbers.every(isByte)) throw new Error('not 64 numbers');
    return Keypair.fromSecretKey(Uint8Array.from(numbers));
  } catch (cause) {
    // The cause may quote what stands in the file, and that may be a key.
    const kind = cause instanceof SyntaxError ? 'not JSON' : 'not a valid key pair';
    throw new Error(`${path} is ${kind}: it must be a Solana CLI keypair file, a JSON array of 64 numbers`);
  }
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}
