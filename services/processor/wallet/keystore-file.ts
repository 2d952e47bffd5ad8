import { closeSync, constants, fsyncSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import { type Keystore, keystoreSchema, openKeystore, sealKeystore } from './eip2335.js';
import { passwordBytes } from './password.js';
import { codeOf, invalidFile, readPrivateFile } from './private-file.js';
import { publicKeyOfSeed, SeedSigner } from './seed-signer.js';
import type { Signer } from './signer.js';

const WHAT = 'keystore file';

/** Not BLS, which the format was made for: tools that read it should see at once. */
const DESCRIPTION = 'Solana ed25519';

/**
 * Loads the key from an encrypted keystore (EIP-2335, version 4) that holds an ed25519 seed. Takes a second on purpose.
 *
 * @param password normalised, see `password.ts`; the caller wipes it
 * @throws ExitlaneError CONFIG_INVALID (missing, readable by others, malformed, wrong password, changed, key of another wallet).
 * Nothing of the file's content, the key or the password is in it.
 */
export async function loadKeystoreFile(file: string, password: Uint8Array): Promise<Signer> {
  const keystore = parseKeystore(file);
  const seed = await openKeystore(keystore, password);
  if (!seed) {
    throw invalidFile(WHAT, file, 'cannot be decrypted: the password is wrong, or the file was changed');
  }
  try {
    const signer = new SeedSigner(seed, 'keystore-file');
    if (signer.publicKey.toBase58() === keystore.pubkey) return signer;
    throw invalidFile(WHAT, file, 'holds the key of another wallet than its pubkey says: the file was changed');
  } finally {
    seed.fill(0);
  }
}

/**
 * Writes an ed25519 seed of 32 bytes into a new keystore file with mode 0600; a file that is there already is never touched.
 * The seed stays the caller's to wipe. Returns the public key, base58.
 *
 * @throws ExitlaneError CONFIG_INVALID (the file exists or cannot be written, no seed, no password)
 */
export async function createKeystore(file: string, seed: Uint8Array, password: string): Promise<string> {
  const normalised = passwordBytes(password);
  try {
    return await writeKeystore(file, seed, normalised);
  } finally {
    normalised.fill(0);
  }
}

/** The same with a password that is normalised already, see `password.ts`; the caller wipes it. */
export async function writeKeystore(file: string, seed: Uint8Array, normalised: Uint8Array): Promise<string> {
  if (seed.length !== 32) throw invalidFile(WHAT, file, 'is not written: a seed has 32 bytes');
  if (normalised.length === 0) throw invalidFile(WHAT, file, 'is not written: the password is empty');
  const pubkey = publicKeyOfSeed(seed).toBase58();
  const keystore = await sealKeystore(seed, normalised, { pubkey, description: DESCRIPTION });
  writeNew(file, `${JSON.stringify(keystore, undefined, 2)}\n`);
  return pubkey;
}

/** What is wrong is named by field; values, and the parser's own words, stay in the file. */
function parseKeystore(file: string): Keystore {
  const content = readPrivateFile(file, WHAT);
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch {
    throw invalidFile(WHAT, file, 'is not JSON: it must be a keystore after EIP-2335, version 4');
  } finally {
    content.fill(0);
  }
  const parsed = keystoreSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = [...new Set(parsed.error.issues.map(problemOf))].join(', ');
  throw invalidFile(WHAT, file, `is not a keystore after EIP-2335, version 4, that we can read: wrong ${problems}`);
}

/** Unknown keys are quoted from the file by zod's messages: only the place is told. */
function problemOf({ path: place }: z.core.$ZodIssue): string {
  return place.join('.') || 'content';
}

/** Synced, so that the key is there when the caller throws its own copy away. */
function writeNew(file: string, text: string): void {
  let opened: number;
  try {
    opened = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (error) {
    const code = codeOf(error);
    const why = code === 'EEXIST' ? 'exists already and is not overwritten' : `cannot be written (${code})`;
    throw invalidFile(WHAT, file, why);
  }
  try {
    writeFileSync(opened, text);
    fsyncSync(opened);
  } catch (error) {
    unlinkSync(file);
    throw invalidFile(WHAT, file, `cannot be written (${codeOf(error)})`);
  } finally {
    closeSync(opened);
  }
  syncFolder(path.dirname(file));
}

function syncFolder(folder: string): void {
  const opened = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
