import { PublicKey } from '@solana/web3.js';

/**
 * Addresses and account layouts of the token programs, as far as we read them. Layouts are shared by SPL Token and Token-2022,
 * whose accounts go on with extensions.
 * Source: https://github.com/solana-program/token/blob/main/interface/src/state.rs
 */
export const SOL_MINT = 'So11111111111111111111111111111111111111112';
export const SYSTEM_PROGRAM = '11111111111111111111111111111111';
export const COMPUTE_BUDGET_PROGRAM = 'ComputeBudget111111111111111111111111111111';
export const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
export const TOKEN_2022_PROGRAM = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb';
export const ASSOCIATED_TOKEN_PROGRAM = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL';
export const JUPITER_PROGRAM = 'JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4';

const TOKEN_PROGRAMS: ReadonlySet<string> = new Set([TOKEN_PROGRAM, TOKEN_2022_PROGRAM]);

export function isTokenProgram(program: string): boolean {
  return TOKEN_PROGRAMS.has(program);
}

const MINT_BYTES = 82;
const ACCOUNT_BYTES = 165;
/** Behind the account layout, Token-2022 says which kind of account it is. */
const KIND_MINT = 1;
const KIND_ACCOUNT = 2;

/** Decimals of a mint account's data; undefined when it is not an initialised mint. */
export function readMintDecimals(data: Uint8Array): number | undefined {
  const isMint = data.length === MINT_BYTES || (data.length > ACCOUNT_BYTES && data[ACCOUNT_BYTES] === KIND_MINT);
  return isMint && data[45] === 1 ? data[44] : undefined;
}

export interface TokenAccountState {
  readonly mint: string;
  /** Who may move the tokens. */
  readonly owner: string;
  /** Base units. */
  readonly amount: bigint;
  /** Who else may move tokens; undefined: nobody. */
  readonly delegate: string | undefined;
  /** Base units the delegate may move. */
  readonly delegatedAmount: bigint;
  /** Who may close it and take its rent; undefined: the owner. */
  readonly closeAuthority: string | undefined;
}

/** Reads a token account's data; undefined when it is not an initialised one. */
export function readTokenAccount(data: Uint8Array): TokenAccountState | undefined {
  const fits = data.length === ACCOUNT_BYTES || (data.length > ACCOUNT_BYTES && data[ACCOUNT_BYTES] === KIND_ACCOUNT);
  if (!fits || data[108] === 0) return undefined;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const key = (at: number) => new PublicKey(bytes.subarray(at, at + 32)).toBase58();
  const option = (at: number) => (bytes.readUInt32LE(at) === 1 ? key(at + 4) : undefined);
  return {
    mint: key(0),
    owner: key(32),
    amount: bytes.readBigUInt64LE(64),
    delegate: option(72),
    delegatedAmount: bytes.readBigUInt64LE(121),
    closeAuthority: option(129),
  };
}
