import { AddressLookupTableAccount, ComputeBudgetProgram, PublicKey, VersionedTransaction } from '@solana/web3.js';
import bs58 from 'bs58';
import type { AccountState } from './vm.js';

/** A transaction as it came over the wire, with what the chain needs to know of it. */
export interface WireTransaction {
  readonly wire: Uint8Array;
  /** Base58 of the first signature: the transaction's id. */
  readonly signature: string;
  readonly transaction: VersionedTransaction;
  readonly blockhash: string;
  readonly feePayer: string;
  /** Every account it names: static keys first, then those of lookup tables, writable before read-only. */
  readonly keys: readonly string[];
  readonly loaded: { readonly writable: readonly string[]; readonly readonly: readonly string[] };
  /** By index in `keys`. */
  isWritable(index: number): boolean;
  /** Lamports: signatures plus priority fee. */
  readonly fee: bigint;
}

/** The largest packet a Solana leader takes. */
export const WIRE_BYTES_MAX = 1232;

const LAMPORTS_PER_SIGNATURE = 5_000n;
const MICRO = 1_000_000n;

/** Reads a serialised transaction, legacy or v0. Throws when the bytes are not one. */
export function readTransaction(wire: Uint8Array, account: (key: string) => AccountState | undefined): WireTransaction {
  const transaction = VersionedTransaction.deserialize(wire);
  const { message } = transaction;
  if (message.version !== 'legacy' && message.version !== 0)
    throw new Error('only legacy and v0 messages are supported');
  const first = transaction.signatures[0];
  const payer = message.staticAccountKeys[0];
  if (!first || !payer || transaction.signatures.length !== message.header.numRequiredSignatures) {
    throw new Error('the number of signatures does not match the message header');
  }
  const loaded = resolveLookups(transaction, account);
  const statics = message.staticAccountKeys.map((key) => key.toBase58());
  const writableUntil = statics.length + loaded.writable.length;
  return {
    wire,
    transaction,
    signature: encodeSignature(first),
    blockhash: message.recentBlockhash,
    feePayer: payer.toBase58(),
    keys: [...statics, ...loaded.writable, ...loaded.readonly],
    loaded,
    isWritable: (index) => (index < statics.length ? message.isAccountWritable(index) : index < writableUntil),
    fee: feeOf(transaction),
  };
}

function resolveLookups(transaction: VersionedTransaction, account: (key: string) => AccountState | undefined) {
  const loaded: { writable: string[]; readonly: string[] } = { writable: [], readonly: [] };
  for (const lookup of transaction.message.addressTableLookups) {
    const table = account(lookup.accountKey.toBase58());
    const addresses = table ? AddressLookupTableAccount.deserialize(table.data).addresses : [];
    const pick = (index: number) => (addresses[index] ?? PublicKey.default).toBase58();
    loaded.writable.push(...lookup.writableIndexes.map(pick));
    loaded.readonly.push(...lookup.readonlyIndexes.map(pick));
  }
  return loaded;
}

const COMPUTE_BUDGET = ComputeBudgetProgram.programId.toBase58();

/** Units a transaction may use when it does not say: 3,000 for a builtin program's instruction, 200,000 for another. */
const BUILTIN_UNITS = 3_000;
const DEFAULT_UNITS = 200_000;
const UNITS_MAX = 1_400_000;
const BUILTINS = new Set([
  COMPUTE_BUDGET,
  '11111111111111111111111111111111',
  'Vote111111111111111111111111111111111111111',
  'BPFLoaderUpgradeab1e11111111111111111111111',
]);

/** Lamports a transaction pays whether it succeeds or not. https://solana.com/docs/core/fees */
export function feeOf({ message }: Pick<VersionedTransaction, 'message'>): bigint {
  let price = 0n;
  let limit: number | undefined;
  let assumed = 0;
  for (const { programIdIndex, data } of message.compiledInstructions) {
    const program = message.staticAccountKeys[programIdIndex]?.toBase58() ?? '';
    assumed += BUILTINS.has(program) ? BUILTIN_UNITS : DEFAULT_UNITS;
    if (program !== COMPUTE_BUDGET) continue;
    const bytes = Buffer.from(data);
    if (bytes[0] === 2 && bytes.length >= 5) limit = bytes.readUInt32LE(1);
    if (bytes[0] === 3 && bytes.length >= 9) price = bytes.readBigUInt64LE(1);
  }
  const units = BigInt(Math.min(limit ?? assumed, UNITS_MAX));
  const priority = (price * units + MICRO - 1n) / MICRO;
  return LAMPORTS_PER_SIGNATURE * BigInt(message.header.numRequiredSignatures) + priority;
}

/** A signature as people and JSON-RPC write it. */
export function encodeSignature(signature: Uint8Array): string {
  return bs58.encode(signature);
}
