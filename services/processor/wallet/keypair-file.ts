import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Keypair, type PublicKey, type VersionedTransaction } from '@solana/web3.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import type { Signer } from './signer.js';

/** A keypair file is 64 numbers in JSON, below 400 characters; anything much larger is another file. */
const FILE_BYTES_MAX = 4_096;

/** Permission bits of group and others. */
const NOT_OWNER = 0o077;

/**
 * Loads a keypair as the Solana CLI writes it: a JSON array of 64 numbers, readable by its owner only.
 *
 * @throws ExitlaneError CONFIG_INVALID (missing, readable by others, not a keypair). Its message and everything hanging on
 * it is free of the file's content.
 */
export function loadKeypairFile(path: string): Signer {
  const text = readPrivately(path);
  const bytes = parseBytes(text);
  if (!bytes)
    throw invalid(path, 'is not a Solana keypair file: it must hold a JSON array of 64 numbers from 0 to 255');
  try {
    return new KeypairSigner(Keypair.fromSecretKey(bytes));
  } catch {
    throw invalid(path, 'is not a valid keypair: its public half does not belong to its secret half');
  } finally {
    bytes.fill(0);
  }
}

class KeypairSigner implements Signer {
  readonly source = 'keypair-file';
  readonly publicKey: PublicKey;
  readonly #keypair: Keypair;

  constructor(keypair: Keypair) {
    // The key pair keeps a copy of its own: the caller wipes the bytes it was made from.
    this.#keypair = Keypair.fromSecretKey(Uint8Array.from(keypair.secretKey));
    this.publicKey = keypair.publicKey;
  }

  async signTransaction(transaction: VersionedTransaction): Promise<VersionedTransaction> {
    transaction.sign([this.#keypair]);
    return transaction;
  }

  toString(): string {
    return `wallet ${this.publicKey.toBase58()}`;
  }

  toJSON(): { publicKey: string } {
    return { publicKey: this.publicKey.toBase58() };
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Checks and reads through one descriptor: the file that was checked is the file that is read. */
function readPrivately(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw invalid(path, `cannot be opened (${code}): give the path of a Solana keypair file`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw invalid(path, 'is not a regular file');
    if ((stat.mode & NOT_OWNER) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(3, '0');
      throw invalid(path, `can be read by others (mode ${mode}): run chmod 600 ${path}`);
    }
    if (stat.size > FILE_BYTES_MAX) throw invalid(path, 'is too large for a keypair file');
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Errors of JSON.parse quote the text, which may be a key: nothing of them gets out. */
function parseBytes(text: string): Uint8Array | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== 64 || !value.every(isByte)) return undefined;
  return Uint8Array.from(value);
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}

function invalid(path: string, problem: string): ExitlaneError {
  return new ExitlaneError('CONFIG_INVALID', `keypair file ${path} ${problem}`, { metadata: { path } });
}
