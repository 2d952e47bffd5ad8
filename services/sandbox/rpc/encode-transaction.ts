import { VersionedTransaction } from '@solana/web3.js';
import bs58 from 'bs58';
import type { Landed, TokenBalance } from '../landing.js';
import { TOKEN_PROGRAM } from '../spl.js';
import type { Execution } from '../vm.js';
import { uiAmount } from './accounts.js';

export type TransactionEncoding = 'json' | 'jsonParsed' | 'base58' | 'base64';

/** The `transaction` part of getTransaction's answer. */
export function encodeTransaction(landed: Landed, encoding: TransactionEncoding) {
  if (encoding === 'base64') return [Buffer.from(landed.wire).toString('base64'), 'base64'];
  if (encoding === 'base58') return [bs58.encode(landed.wire), 'base58'];
  const transaction = VersionedTransaction.deserialize(landed.wire);
  const signatures = transaction.signatures.map((each) => bs58.encode(each));
  const message = encoding === 'json' ? plainMessage(transaction) : parsedMessage(transaction, landed);
  return { signatures, message };
}

function plainMessage({ message }: VersionedTransaction) {
  return {
    accountKeys: message.staticAccountKeys.map((key) => key.toBase58()),
    header: { ...message.header },
    recentBlockhash: message.recentBlockhash,
    instructions: message.compiledInstructions.map((each) => ({
      programIdIndex: each.programIdIndex,
      accounts: [...each.accountKeyIndexes],
      data: bs58.encode(each.data),
      stackHeight: 1,
    })),
    ...lookups(message),
  };
}

/** All instructions in the partly decoded form, which nodes use for every program they cannot parse. */
function parsedMessage({ message }: VersionedTransaction, landed: Landed) {
  const statics = message.staticAccountKeys.length;
  const writable = statics + landed.loaded.writable.length;
  return {
    accountKeys: landed.keys.map((pubkey, index) => ({
      pubkey,
      signer: index < message.header.numRequiredSignatures,
      writable: index < statics ? message.isAccountWritable(index) : index < writable,
      source: index < statics ? 'transaction' : 'lookupTable',
    })),
    recentBlockhash: message.recentBlockhash,
    instructions: message.compiledInstructions.map((each) => ({
      programId: landed.keys[each.programIdIndex],
      accounts: each.accountKeyIndexes.map((index) => landed.keys[index]),
      data: bs58.encode(each.data),
      stackHeight: 1,
    })),
    ...lookups(message),
  };
}

function lookups(message: VersionedTransaction['message']) {
  if (message.version === 'legacy') return {};
  const addressTableLookups = message.addressTableLookups.map((lookup) => ({
    accountKey: lookup.accountKey.toBase58(),
    writableIndexes: lookup.writableIndexes,
    readonlyIndexes: lookup.readonlyIndexes,
  }));
  return { addressTableLookups };
}

/** The `meta` part of getTransaction's answer. */
export function encodeMeta(landed: Landed, encoding: TransactionEncoding) {
  const status = landed.err === null ? { Ok: null } : { Err: landed.err };
  // The parsed form has all keys in the message, so nodes leave the loaded addresses out of it.
  const loaded = encoding === 'jsonParsed' ? {} : { loadedAddresses: landed.loaded };
  return {
    err: landed.err,
    status,
    fee: Number(landed.fee),
    preBalances: landed.preBalances.map(Number),
    postBalances: landed.postBalances.map(Number),
    preTokenBalances: landed.preTokenBalances.map(encodeTokenBalance),
    postTokenBalances: landed.postTokenBalances.map(encodeTokenBalance),
    innerInstructions: encoding === 'jsonParsed' ? parsedInner(landed) : innerInstructions(landed),
    logMessages: landed.logs,
    computeUnitsConsumed: landed.computeUnits,
    rewards: [],
    ...loaded,
  };
}

function encodeTokenBalance({ accountIndex, mint, owner, amount, decimals }: TokenBalance) {
  return {
    accountIndex,
    mint,
    owner,
    programId: TOKEN_PROGRAM.toBase58(),
    uiTokenAmount: uiAmount(amount, decimals),
  };
}

/** Calls between programs, grouped by the top-level instruction that made them. */
export function innerInstructions({ inner }: Pick<Execution, 'inner'>) {
  return groups(inner, (each) => ({
    programIdIndex: each.programIdIndex,
    accounts: [...each.accounts],
    data: bs58.encode(each.data),
    stackHeight: each.stackHeight,
  }));
}

function parsedInner({ inner, keys }: Landed) {
  return groups(inner, (each) => ({
    programId: keys[each.programIdIndex],
    accounts: each.accounts.map((index) => keys[index]),
    data: bs58.encode(each.data),
    stackHeight: each.stackHeight,
  }));
}

function groups<Shown>(inner: Execution['inner'], show: (each: Execution['inner'][number][number]) => Shown) {
  return inner
    .map((list, index) => ({ index, instructions: list.map(show) }))
    .filter((group) => group.instructions.length > 0);
}
