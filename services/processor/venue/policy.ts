import { createPublicKey, verify } from 'node:crypto';
import {
  type PublicKey,
  SystemInstruction,
  SystemProgram,
  TransactionInstruction,
  VersionedTransaction,
} from '@solana/web3.js';
import {
  ASSOCIATED_TOKEN_PROGRAM,
  COMPUTE_BUDGET_PROGRAM,
  isTokenProgram,
  JUPITER_PROGRAM,
  SYSTEM_PROGRAM,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
} from './spl.js';

/**
 * What a transaction from outside must look like before the wallet signs it, read from its bytes alone. What it *does* is the
 * second half, see policy-balances.ts: both must pass.
 *
 * - The wallet pays the fee; its signature is the only one missing, and those that are there are valid.
 * - Top-level instructions call known programs only.
 * - None hands power over the wallet's accounts to anyone (approve, set authority, assign), and none makes the transaction
 *   live longer than its blockhash (a durable nonce: it could then never be proven dead).
 * - The network fee stays within its bound.
 */
export class PolicyViolation extends Error {
  override readonly name = 'PolicyViolation';
}

export interface PolicyRules {
  readonly wallet: PublicKey;
  readonly priorityFeeMaxLamports: bigint;
  readonly extraPrograms: readonly string[];
}

export interface CheckedTransaction {
  readonly transaction: VersionedTransaction;
  /** The most the network can charge for it, lamports. */
  readonly feeLamportsMax: bigint;
}

const LAMPORTS_PER_SIGNATURE = 5_000n;

const SWAP_PROGRAMS = [
  SYSTEM_PROGRAM,
  COMPUTE_BUDGET_PROGRAM,
  TOKEN_PROGRAM,
  TOKEN_2022_PROGRAM,
  ASSOCIATED_TOKEN_PROGRAM,
  JUPITER_PROGRAM,
];

/** @throws PolicyViolation that says what is wrong */
export function checkTransaction(bytes: Uint8Array, rules: PolicyRules): CheckedTransaction {
  const transaction = parse(bytes);
  checkSignatures(transaction, rules.wallet);
  const { message } = transaction;
  const allowed = new Set([...SWAP_PROGRAMS, ...rules.extraPrograms]);
  for (const [index, instruction] of message.compiledInstructions.entries()) {
    const program = message.staticAccountKeys[instruction.programIdIndex]?.toBase58();
    if (program === undefined || !allowed.has(program)) {
      throw new PolicyViolation(`instruction ${index} calls ${program ?? 'an unknown program'}, which is not allowed`);
    }
    if (program === SYSTEM_PROGRAM) checkSystem(index, instruction.data);
    if (isTokenProgram(program)) checkToken(index, instruction.data);
  }
  const priority = priorityFee(transaction);
  if (priority > rules.priorityFeeMaxLamports) {
    throw new PolicyViolation(`its priority fee of ${priority} lamports is above ${rules.priorityFeeMaxLamports}`);
  }
  const signatures = BigInt(message.header.numRequiredSignatures);
  return { transaction, feeLamportsMax: LAMPORTS_PER_SIGNATURE * signatures + priority };
}

function parse(bytes: Uint8Array): VersionedTransaction {
  try {
    return VersionedTransaction.deserialize(bytes);
  } catch {
    throw new PolicyViolation('it is not a Solana transaction');
  }
}

function checkSignatures({ message, signatures }: VersionedTransaction, wallet: PublicKey): void {
  const signers = message.staticAccountKeys.slice(0, message.header.numRequiredSignatures);
  if (!signers[0]?.equals(wallet)) throw new PolicyViolation('its fee payer is not the wallet');
  if (signatures.length !== signers.length)
    throw new PolicyViolation('its number of signatures does not fit its message');
  const signed = message.serialize();
  for (const [index, signer] of signers.entries()) {
    const signature = signatures[index];
    const missing = signature === undefined || signature.every((byte) => byte === 0);
    if (index === 0) continue;
    if (missing) throw new PolicyViolation(`it also wants a signature of ${signer.toBase58()}, which is missing`);
    if (!isSignature(signer, signed, signature)) {
      throw new PolicyViolation(`its signature of ${signer.toBase58()} does not fit its message`);
    }
  }
}

/** DER in front of a raw ed25519 public key (RFC 8410). */
const ED25519_DER = Buffer.from('302a300506032b6570032100', 'hex');

function isSignature(signer: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const der = Buffer.concat([ED25519_DER, signer.toBytes()]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
}

const ALLOWED_SYSTEM = new Set(['Create', 'CreateWithSeed', 'Transfer']);

function checkSystem(index: number, data: Uint8Array): void {
  let kind: string;
  try {
    const instruction = new TransactionInstruction({
      programId: SystemProgram.programId,
      keys: [],
      data: Buffer.from(data),
    });
    kind = SystemInstruction.decodeInstructionType(instruction);
  } catch {
    kind = 'unknown';
  }
  if (!ALLOWED_SYSTEM.has(kind)) {
    throw new PolicyViolation(`instruction ${index} is the System program's ${kind}, which no swap needs`);
  }
}

/** https://github.com/solana-program/token/blob/main/interface/src/instruction.rs */
const REFUSED_TOKEN = new Map([
  [4, 'Approve'],
  [6, 'SetAuthority'],
  [13, 'ApproveChecked'],
]);

function checkToken(index: number, data: Uint8Array): void {
  const refused = REFUSED_TOKEN.get(data[0] ?? -1);
  if (refused) throw new PolicyViolation(`instruction ${index} is the token program's ${refused}, which no swap needs`);
}

/** Compute units a transaction may use when it does not say, at most. https://solana.com/docs/core/fees */
const UNITS_MAX = 1_400_000n;
const MICRO = 1_000_000n;
const SET_LIMIT = 2;
const SET_PRICE = 3;

function priorityFee({ message }: VersionedTransaction): bigint {
  let price = 0n;
  let units = UNITS_MAX;
  for (const { programIdIndex, data } of message.compiledInstructions) {
    if (message.staticAccountKeys[programIdIndex]?.toBase58() !== COMPUTE_BUDGET_PROGRAM) continue;
    const bytes = Buffer.from(data);
    if (bytes[0] === SET_LIMIT && bytes.length >= 5) units = BigInt(bytes.readUInt32LE(1));
    if (bytes[0] === SET_PRICE && bytes.length >= 9) price = bytes.readBigUInt64LE(1);
  }
  return (price * (units < UNITS_MAX ? units : UNITS_MAX) + MICRO - 1n) / MICRO;
}
