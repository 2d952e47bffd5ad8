import { invalidFile, readPrivateFile } from './private-file.js';
import { SeedSigner } from './seed-signer.js';
import type { Signer } from './signer.js';

const WHAT = 'keypair file';

/**
 * Loads a keypair as the Solana CLI writes it: a JSON array of 64 numbers, readable by its owner only.
 *
 * @throws ExitlaneError CONFIG_INVALID (missing, readable by others, not a keypair). Its message and everything hanging on
 * it is free of the file's content.
 */
export function loadKeypairFile(path: string): Signer {
  const bytes = readKeypair(path);
  try {
    return signerOf(bytes, path);
  } finally {
    bytes.fill(0);
  }
}

/** The 32-byte seed of a keypair file, for the caller to use and wipe. @throws ExitlaneError CONFIG_INVALID, as above */
export function readKeypairSeed(path: string): Uint8Array {
  const bytes = readKeypair(path);
  try {
    signerOf(bytes, path);
    return bytes.slice(0, 32);
  } finally {
    bytes.fill(0);
  }
}

function readKeypair(path: string): Uint8Array {
  const text = readPrivateFile(path, WHAT);
  const bytes = parseBytes(text);
  text.fill(0);
  if (bytes) return bytes;
  throw invalidFile(WHAT, path, 'is not a Solana keypair file: it must hold a JSON array of 64 numbers from 0 to 255');
}

function signerOf(bytes: Uint8Array, path: string): Signer {
  const signer = new SeedSigner(bytes.subarray(0, 32), 'keypair-file');
  if (Buffer.compare(signer.publicKey.toBytes(), bytes.subarray(32)) === 0) return signer;
  throw invalidFile(WHAT, path, 'is not a valid keypair: its public half does not belong to its secret half');
}

/** Errors of JSON.parse quote the text, which may be a key: nothing of them gets out. */
function parseBytes(text: Buffer): Uint8Array | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== 64 || !value.every(isByte)) return undefined;
  return Uint8Array.from(value);
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}
