import { PublicKey, TransactionInstruction } from '@solana/web3.js';
import {
  elfOf,
  exit,
  jumpIfGreater,
  jumpIfGreaterOrEqual,
  jumpIfLess,
  load64,
  move,
  R0,
  R1,
  R2,
  R3,
} from './sbpf-elf.js';

/**
 * The slippage guard: a real program in the VM, at Jupiter's address, with one instruction:
 *
 *     account 0   the oracle of the traded pair: its current rate, u128 little endian, written by the sandbox
 *     data        the least acceptable rate, u128 little endian
 *
 * It fails with Jupiter's error 6001 (0x1771, slippage tolerance exceeded) when the rate is below it. Both directions
 * work alike, because a rate counts output per input and each direction has its own oracle.
 */
export const JUPITER_PROGRAM = new PublicKey('JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4');

/** Jupiter's SlippageToleranceExceeded. */
export const SLIPPAGE_ERROR = 6001;

const RATE_BYTES = 16;

/**
 * Where the loader puts things (aligned serialisation): number of accounts 8, flags 8, key 32, owner 32, lamports 8,
 * data length 8, data; room for the data to grow 10,240, rent epoch 8; then length of the instruction data 8, the data.
 */
const ORACLE_AT = 8 + 8 + 32 + 32 + 8 + 8;
const LEAST_AT = ORACLE_AT + RATE_BYTES + 10_240 + 8 + 8;

/** The program as an ELF file: eleven instructions. */
export function guardProgramElf(): Buffer {
  const HIGH = 8;
  return elfOf([
    load64(R2, R1, ORACLE_AT + HIGH),
    load64(R3, R1, LEAST_AT + HIGH),
    jumpIfGreater(R2, R3, 6),
    jumpIfLess(R2, R3, 3),
    load64(R2, R1, ORACLE_AT),
    load64(R3, R1, LEAST_AT),
    jumpIfGreaterOrEqual(R2, R3, 2),
    move(R0, SLIPPAGE_ERROR),
    exit(),
    move(R0, 0),
    exit(),
  ]);
}

/** Fails the transaction with {@link SLIPPAGE_ERROR} if the pair's rate is below `least` (times 2^64) when it lands. */
export function guardInstruction(oracle: PublicKey, least: bigint): TransactionInstruction {
  return new TransactionInstruction({
    programId: JUPITER_PROGRAM,
    keys: [{ pubkey: oracle, isSigner: false, isWritable: false }],
    data: encodeRate(least),
  });
}

/** A rate (times 2^64) as the oracle account and the instruction hold it: u128 little endian, capped at the largest. */
export function encodeRate(rate: bigint): Buffer {
  const capped = rate >= 1n << 128n ? (1n << 128n) - 1n : rate;
  const bytes = Buffer.alloc(RATE_BYTES);
  bytes.writeBigUInt64LE(capped & 0xffff_ffff_ffff_ffffn, 0);
  bytes.writeBigUInt64LE(capped >> 64n, 8);
  return bytes;
}
