import {
  ComputeBudgetProgram,
  PublicKey,
  SystemProgram,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import bs58 from 'bs58';
import { z } from 'zod';
import type { Commitment } from '../chain.js';
import { WIRE_BYTES_MAX, type WireTransaction } from '../message.js';
import { errorSentence, type TransactionError } from '../transaction-error.js';
import type { Simulation } from '../vm.js';
import { accountEncoding, encodeAccount } from './accounts.js';
import {
  checkContextSlot,
  configAt,
  invalidParams,
  paramAt,
  type RpcContext,
  RpcError,
  type RpcHandler,
  readConfig,
  withContext,
} from './context.js';
import { innerInstructions } from './encode-transaction.js';
import { addressParam } from './schemas.js';

const wireEncoding = z.enum(['base58', 'base64']).default('base58');

const sendConfig = z.object({
  encoding: wireEncoding,
  skipPreflight: z.boolean().default(false),
  preflightCommitment: readConfig.shape.commitment,
  maxRetries: z.number().int().nonnegative().nullish(),
  minContextSlot: z.number().int().nonnegative().optional(),
});

/**
 * Takes a transaction for the next block. As on a real node, preflight checks signatures, duplicates, the blockhash (in
 * the bank of `preflightCommitment`) and a simulation; without preflight nothing is checked and the signature is returned
 * whatever becomes of it.
 */
export const sendTransaction: RpcHandler = (context, params) => {
  const config = configAt(params, 1, sendConfig);
  const tx = decode(context, paramAt(params, 0, z.string()), config.encoding);
  const commitment = config.preflightCommitment;
  checkContextSlot(context, { commitment, minContextSlot: config.minContextSlot });
  if (!config.skipPreflight) preflight(context, tx, commitment);
  context.chain.submit(tx);
  return tx.signature;
};

function preflight(context: RpcContext, tx: WireTransaction, commitment: Commitment): void {
  const simulation = checkedSimulation(context, tx, { commitment, verifySignatures: true, checkBlockhash: true });
  if (simulation.err === 'SignatureFailure') throw signatureFailure();
  if (simulation.err === null) return;
  const data = { ...simulationValue(simulation), accounts: null };
  throw new RpcError(-32002, `Transaction simulation failed: ${errorSentence(simulation.err)}`, data);
}

const simulateConfig = readConfig.extend({
  encoding: wireEncoding,
  sigVerify: z.boolean().default(false),
  replaceRecentBlockhash: z.boolean().default(false),
  innerInstructions: z.boolean().default(false),
  accounts: z
    .object({ addresses: z.array(addressParam).max(64), encoding: accountEncoding.default('base64') })
    .optional(),
});

export const simulateTransaction: RpcHandler = (context, params) => {
  const config = configAt(params, 1, simulateConfig);
  const tx = decode(context, paramAt(params, 0, z.string()), config.encoding);
  checkContextSlot(context, config);
  if (config.sigVerify && config.replaceRecentBlockhash) {
    throw invalidParams('sigVerify may not be used with replaceRecentBlockhash');
  }
  const simulation = checkedSimulation(context, tx, {
    commitment: config.commitment,
    verifySignatures: config.sigVerify,
    checkBlockhash: !config.replaceRecentBlockhash,
  });
  if (simulation.err === 'SignatureFailure') throw signatureFailure();
  const accounts = config.accounts && accountsAfter(context, simulation, config.accounts);
  const value = { ...simulationValue(simulation, config.innerInstructions), accounts: accounts ?? null };
  if (!config.replaceRecentBlockhash) return withContext(context, config.commitment, value);
  const height = context.chain.heightAt(config.commitment);
  const replacementBlockhash = { blockhash: context.blocks.hashAt(height), lastValidBlockHeight: height + 150 };
  return withContext(context, config.commitment, { ...value, replacementBlockhash });
};

/** What a node answers that has not seen the transaction's blockhash yet. */
export const simulateTransactionBehind: RpcHandler = (context, params) => {
  const { commitment } = configAt(params, 1, simulateConfig);
  return withContext(context, commitment, { ...simulationValue(refused('BlockhashNotFound')), accounts: null });
};

export const requestAirdrop: RpcHandler = (context, params) => {
  const to = new PublicKey(paramAt(params, 0, addressParam));
  const lamports = paramAt(params, 1, z.number().int().positive());
  const { faucet } = context.market;
  // Two airdrops of one amount in one block would be one transaction: their unit limits tell them apart.
  const units = 1_000 + context.chain.pendingCount;
  const recentBlockhash = context.blocks.hashAt(context.blocks.height);
  const instructions = [
    ComputeBudgetProgram.setComputeUnitLimit({ units }),
    SystemProgram.transfer({ fromPubkey: faucet.publicKey, toPubkey: to, lamports }),
  ];
  const message = new TransactionMessage({ payerKey: faucet.publicKey, recentBlockhash, instructions });
  const transaction = new VersionedTransaction(message.compileToV0Message());
  transaction.sign([faucet]);
  const tx = context.chain.read(transaction.serialize());
  context.chain.submit(tx);
  return tx.signature;
};

interface SimulationChecks {
  readonly commitment: Commitment;
  readonly verifySignatures: boolean;
  readonly checkBlockhash: boolean;
}

/** What LiteSVM does not know: duplicates, and which blockhashes a bank of this commitment accepts. */
function checkedSimulation(context: RpcContext, tx: WireTransaction, checks: SimulationChecks): Simulation {
  const { chain, blocks } = context;
  const simulation = chain.simulate(tx, checks);
  if (simulation.err === 'SignatureFailure') return simulation;
  if (checks.checkBlockhash && !blocks.isLive(tx.blockhash, chain.heightAt(checks.commitment))) {
    return refused('BlockhashNotFound');
  }
  return chain.hasExecuted(tx.signature) ? refused('AlreadyProcessed') : simulation;
}

function refused(err: TransactionError): Simulation {
  return { err, logs: [], computeUnits: 0, inner: [], accounts: new Map() };
}

function simulationValue(simulation: Simulation, withInner = false) {
  return {
    err: simulation.err,
    logs: simulation.logs,
    unitsConsumed: simulation.computeUnits,
    returnData: null,
    innerInstructions: withInner ? innerInstructions(simulation) : null,
  };
}

function accountsAfter(
  context: RpcContext,
  simulation: Simulation,
  wanted: { addresses: string[]; encoding: z.infer<typeof accountEncoding> },
) {
  if (wanted.encoding === 'base58') throw invalidParams('base58 encoding not supported');
  if (simulation.err !== null) return wanted.addresses.map(() => null);
  return wanted.addresses.map((key) => {
    const state = simulation.accounts.get(key) ?? context.vm.account(key);
    const gone = state === undefined || state.lamports === 0n;
    return gone ? null : encodeAccount(context, state, { encoding: wanted.encoding });
  });
}

function signatureFailure(): RpcError {
  return new RpcError(-32003, 'Transaction signature verification failure');
}

function decode({ chain }: RpcContext, text: string, encoding: 'base58' | 'base64'): WireTransaction {
  if (text.length > 2 * WIRE_BYTES_MAX) throw tooLarge(encoding, text.length);
  const wire = decodeBytes(text, encoding);
  if (wire.length > WIRE_BYTES_MAX) throw tooLarge(encoding, wire.length);
  try {
    return chain.read(wire);
  } catch {
    throw invalidParams('failed to deserialize the transaction');
  }
}

function decodeBytes(text: string, encoding: 'base58' | 'base64'): Uint8Array {
  if (encoding === 'base64') {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) throw invalidParams('invalid base64 encoding');
    return bytes;
  }
  try {
    return bs58.decode(text);
  } catch {
    throw invalidParams('invalid base58 encoding');
  }
}

function tooLarge(encoding: string, size: number): RpcError {
  return invalidParams(`${encoding} encoded transaction too large: ${size} bytes (max: ${WIRE_BYTES_MAX} bytes)`);
}
