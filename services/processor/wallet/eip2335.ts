import {
  createCipheriv,
  createDecipheriv,
  createHash,
  pbkdf2,
  randomBytes,
  randomUUID,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';

/**
 * Keystores after EIP-2335, version 4: https://eips.ethereum.org/EIPS/eip-2335. The format is about 32 secret bytes and a
 * password; whose key the bytes are is the caller's business. Passwords come in as bytes, see `password.ts`.
 */

const hexOf = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-fA-F]{${2 * bytes}}$`), `must be ${bytes} bytes in hex`);

/** An untrusted file must not take the process's memory: 128 * n * r bytes are needed. */
const SCRYPT_BYTES_MAX = 1024 * 1024 * 1024;
const SCRYPT_N_MAX = 2 ** 22;
const PBKDF2_ROUNDS_MAX = 10_000_000;

const derivedKeyBytes = z.literal(32);
const salt = z.string().regex(/^([0-9a-fA-F]{2}){8,64}$/, 'must be 8 to 64 bytes in hex');

const scryptKdf = z.object({
  function: z.literal('scrypt'),
  params: z
    .object({
      dklen: derivedKeyBytes,
      n: z
        .number()
        .int()
        .min(2)
        .max(SCRYPT_N_MAX)
        .refine((n) => Number.isInteger(Math.log2(n)), 'must be a power of two'),
      r: z.number().int().min(1).max(64),
      p: z.number().int().min(1).max(64),
      salt,
    })
    .refine(({ n, r }) => 128 * n * r <= SCRYPT_BYTES_MAX, 'would need more than 1 GiB of memory'),
  message: z.literal(''),
});

const pbkdf2Kdf = z.object({
  function: z.literal('pbkdf2'),
  params: z.object({
    dklen: derivedKeyBytes,
    c: z.number().int().min(1).max(PBKDF2_ROUNDS_MAX),
    prf: z.literal('hmac-sha256'),
    salt,
  }),
  message: z.literal(''),
});

/** What a keystore of 32 secret bytes looks like. */
export const keystoreSchema = z.object({
  crypto: z.object({
    kdf: z.discriminatedUnion('function', [scryptKdf, pbkdf2Kdf]),
    checksum: z.object({ function: z.literal('sha256'), params: z.object({}), message: hexOf(32) }),
    cipher: z.object({
      function: z.literal('aes-128-ctr'),
      params: z.object({ iv: hexOf(16) }),
      message: hexOf(32),
    }),
  }),
  description: z.string().optional(),
  pubkey: z.string(),
  path: z.string(),
  uuid: z.guid(),
  version: z.literal(4),
});

export type Keystore = z.infer<typeof keystoreSchema>;

/** scrypt's cost as the EIP's examples have it: 256 MiB and most of a second for every guess. */
const SCRYPT_N = 2 ** 18;

export interface SealOptions {
  readonly pubkey: string;
  readonly description: string;
  /** scrypt's cost, a power of two; default 2^18. Less is for tests. */
  readonly n?: number;
}

/** Encrypts 32 secret bytes under a password. */
export async function sealKeystore(secret: Uint8Array, password: Uint8Array, options: SealOptions): Promise<Keystore> {
  if (secret.length !== 32) throw new RangeError('a keystore holds 32 secret bytes');
  const { pubkey, description, n = SCRYPT_N } = options;
  const params = { dklen: 32 as const, n, r: 8, p: 1, salt: randomBytes(32).toString('hex') };
  const kdf = { function: 'scrypt' as const, params, message: '' as const };
  const key = await derivedKey(kdf, password);
  try {
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), iv);
    const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
    return {
      crypto: {
        kdf,
        checksum: { function: 'sha256', params: {}, message: checksum(key, sealed).toString('hex') },
        cipher: { function: 'aes-128-ctr', params: { iv: iv.toString('hex') }, message: sealed.toString('hex') },
      },
      description,
      pubkey,
      path: '',
      uuid: randomUUID(),
      version: 4,
    };
  } finally {
    key.fill(0);
  }
}

/** The 32 secret bytes, which the caller wipes; undefined when the password is wrong or the file was changed. */
export async function openKeystore({ crypto }: Keystore, password: Uint8Array): Promise<Buffer | undefined> {
  const sealed = Buffer.from(crypto.cipher.message, 'hex');
  const key = await derivedKey(crypto.kdf, password);
  try {
    if (!timingSafeEqual(checksum(key, sealed), Buffer.from(crypto.checksum.message, 'hex'))) return undefined;
    const cipher = createDecipheriv('aes-128-ctr', key.subarray(0, 16), Buffer.from(crypto.cipher.params.iv, 'hex'));
    // A stream cipher ends with nothing: the one buffer is the only copy.
    return cipher.update(sealed);
  } finally {
    key.fill(0);
  }
}

/** The second half of the key proves the password, the first half encrypts. */
function checksum(key: Buffer, sealed: Buffer): Buffer {
  return createHash('sha256').update(key.subarray(16, 32)).update(sealed).digest();
}

const scryptAsync = promisify<Uint8Array, Uint8Array, number, Parameters<typeof scrypt>[3], Buffer>(scrypt);
const pbkdf2Async = promisify(pbkdf2);

function derivedKey({ function: name, params }: Keystore['crypto']['kdf'], password: Uint8Array): Promise<Buffer> {
  const salted = Buffer.from(params.salt, 'hex');
  if (name === 'pbkdf2') return pbkdf2Async(password, salted, params.c, params.dklen, 'sha256');
  const { n: N, r, p, dklen } = params;
  // Node refuses more than 32 MiB unless told; what OpenSSL takes is a little above 128 * N * r.
  return scryptAsync(password, salted, dklen, { N, r, p, maxmem: 128 * N * r + 128 * r * p + 1024 * 1024 });
}
