import { PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js';

/**
 * The parts of the SPL token and associated token account programs that a swap needs: instructions, addresses and account
 * layouts. Source: https://github.com/solana-program/token/blob/main/interface/src/state.rs and instruction.rs
 */
export const TOKEN_PROGRAM = new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
export const ASSOCIATED_TOKEN_PROGRAM = new PublicKey('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');

export const TOKEN_ACCOUNT_BYTES = 165;
export const MINT_BYTES = 82;

export interface TokenAccount {
  readonly mint: string;
  readonly owner: string;
  /** Base units. */
  readonly amount: bigint;
  /** Lamports kept for rent when the account wraps SOL. */
  readonly nativeReserve: bigint | undefined;
  readonly state: 'uninitialized' | 'initialized' | 'frozen';
}

export interface Mint {
  /** Base units. */
  readonly supply: bigint;
  readonly decimals: number;
}

/** The associated token account of `owner` for `mint`. */
export function associatedTokenAddress(owner: PublicKey, mint: PublicKey): PublicKey {
  const seeds = [owner.toBuffer(), TOKEN_PROGRAM.toBuffer(), mint.toBuffer()];
  return PublicKey.findProgramAddressSync(seeds, ASSOCIATED_TOKEN_PROGRAM)[0];
}

export function createIdempotentInstruction(payer: PublicKey, owner: PublicKey, mint: PublicKey) {
  return new TransactionInstruction({
    programId: ASSOCIATED_TOKEN_PROGRAM,
    keys: [
      { pubkey: payer, isSigner: true, isWritable: true },
      { pubkey: associatedTokenAddress(owner, mint), isSigner: false, isWritable: true },
      { pubkey: owner, isSigner: false, isWritable: false },
      { pubkey: mint, isSigner: false, isWritable: false },
      { pubkey: SystemProgram.programId, isSigner: false, isWritable: false },
      { pubkey: TOKEN_PROGRAM, isSigner: false, isWritable: false },
    ],
    data: Buffer.from([1]),
  });
}

export interface TokenTransfer {
  readonly source: PublicKey;
  readonly mint: PublicKey;
  readonly destination: PublicKey;
  readonly owner: PublicKey;
  readonly amount: bigint;
  readonly decimals: number;
}

/** TransferChecked: fails unless mint and decimals are what the caller thinks. */
export function transferInstruction(transfer: TokenTransfer): TransactionInstruction {
  const data = Buffer.alloc(10);
  data.writeUInt8(12, 0);
  data.writeBigUInt64LE(transfer.amount, 1);
  data.writeUInt8(transfer.decimals, 9);
  return new TransactionInstruction({
    programId: TOKEN_PROGRAM,
    keys: [
      { pubkey: transfer.source, isSigner: false, isWritable: true },
      { pubkey: transfer.mint, isSigner: false, isWritable: false },
      { pubkey: transfer.destination, isSigner: false, isWritable: true },
      { pubkey: transfer.owner, isSigner: true, isWritable: false },
    ],
    data,
  });
}

/** Makes a wrapped-SOL account's token amount follow its lamports. */
export function syncNativeInstruction(account: PublicKey): TransactionInstruction {
  const keys = [{ pubkey: account, isSigner: false, isWritable: true }];
  return new TransactionInstruction({ programId: TOKEN_PROGRAM, keys, data: Buffer.from([17]) });
}

/** Closes a token account; its lamports (for wrapped SOL: the SOL too) go to the owner. */
export function closeAccountInstruction(account: PublicKey, owner: PublicKey): TransactionInstruction {
  return new TransactionInstruction({
    programId: TOKEN_PROGRAM,
    keys: [
      { pubkey: account, isSigner: false, isWritable: true },
      { pubkey: owner, isSigner: false, isWritable: true },
      { pubkey: owner, isSigner: true, isWritable: false },
    ],
    data: Buffer.from([9]),
  });
}

const STATES = ['uninitialized', 'initialized', 'frozen'] as const;

/** Reads a token account; undefined if the data is not one (mints and other accounts of the program are shorter). */
export function readTokenAccount(data: Uint8Array): TokenAccount | undefined {
  if (data.length !== TOKEN_ACCOUNT_BYTES) return undefined;
  const bytes = Buffer.from(data);
  const state = STATES[bytes.readUInt8(108)];
  if (state === undefined || state === 'uninitialized') return undefined;
  return {
    mint: new PublicKey(bytes.subarray(0, 32)).toBase58(),
    owner: new PublicKey(bytes.subarray(32, 64)).toBase58(),
    amount: bytes.readBigUInt64LE(64),
    nativeReserve: bytes.readUInt32LE(109) === 1 ? bytes.readBigUInt64LE(113) : undefined,
    state,
  };
}

export function readMint(data: Uint8Array): Mint | undefined {
  if (data.length !== MINT_BYTES) return undefined;
  const bytes = Buffer.from(data);
  return bytes.readUInt8(45) === 1 ? { supply: bytes.readBigUInt64LE(36), decimals: bytes.readUInt8(44) } : undefined;
}

/** An initialised token account. `nativeReserve` (lamports) makes it wrapped SOL. */
export function tokenAccountData(mint: PublicKey, owner: PublicKey, amount: bigint, nativeReserve?: bigint): Buffer {
  const data = Buffer.alloc(TOKEN_ACCOUNT_BYTES);
  data.set(mint.toBytes(), 0);
  data.set(owner.toBytes(), 32);
  data.writeBigUInt64LE(amount, 64);
  data.writeUInt8(1, 108);
  if (nativeReserve !== undefined) {
    data.writeUInt32LE(1, 109);
    data.writeBigUInt64LE(nativeReserve, 113);
  }
  return data;
}

/** An initialised mint with no authorities: nobody can mint more or freeze. */
export function mintData(supply: bigint, decimals: number): Buffer {
  const data = Buffer.alloc(MINT_BYTES);
  data.writeBigUInt64LE(supply, 36);
  data.writeUInt8(decimals, 44);
  data.writeUInt8(1, 45);
  return data;
}
