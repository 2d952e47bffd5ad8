import { VersionedTransaction } from '@solana/web3.js';
import { z } from 'zod';
import type { SignatureStatus } from '../chain.js';
import {
  checkContextSlot,
  configAt,
  invalidParams,
  paramAt,
  RpcError,
  type RpcHandler,
  readConfig,
  withContext,
} from './context.js';
import { encodeMeta, encodeTransaction } from './encode-transaction.js';
import { addressParam, signatureParam } from './schemas.js';

const STATUSES_MAX = 256;

/** Blocks a node keeps a status at hand; older ones are found with `searchTransactionHistory` only. */
const STATUS_CACHE_BLOCKS = 300;

const SIGNATURES_MAX = 1_000;

export const getSignatureStatuses: RpcHandler = (context, params) => {
  const signatures = paramAt(params, 0, z.array(signatureParam));
  if (signatures.length > STATUSES_MAX) throw invalidParams(`Too many inputs provided; max ${STATUSES_MAX}`);
  const { searchTransactionHistory } = configAt(
    params,
    1,
    z.object({ searchTransactionHistory: z.boolean().default(false) }),
  );
  const value = signatures.map((signature) => {
    const status = context.chain.status(signature);
    if (!status || (status.depth > STATUS_CACHE_BLOCKS && !searchTransactionHistory)) return null;
    return encodeStatus(status);
  });
  return withContext(context, 'processed', value);
};

function encodeStatus({ landed, depth, commitment }: SignatureStatus) {
  return {
    slot: landed.slot,
    confirmations: commitment === 'finalized' ? null : depth,
    err: landed.err,
    status: landed.err === null ? { Ok: null } : { Err: landed.err },
    confirmationStatus: commitment,
  };
}

/** Histories of blocks that may still go away are not served. */
const historyConfig = readConfig.extend({
  commitment: z
    .enum(['processed', 'confirmed', 'finalized'])
    .default('finalized')
    .transform((value, context) => {
      if (value !== 'processed') return value;
      context.addIssue({ code: 'custom', message: 'Method does not support commitment below `confirmed`' });
      return z.NEVER;
    }),
});

const transactionConfig = historyConfig.extend({
  encoding: z.enum(['json', 'jsonParsed', 'base58', 'base64']).default('json'),
  maxSupportedTransactionVersion: z.number().int().nonnegative().optional(),
});

export const getTransaction: RpcHandler = (context, params) => {
  const signature = paramAt(params, 0, signatureParam);
  // The second parameter may be the bare encoding.
  const given = typeof params[1] === 'string' ? { encoding: params[1] } : params[1];
  const config = configAt([given], 0, transactionConfig);
  const landed = context.chain.transaction(signature, config.commitment);
  if (!landed) return null;
  const { version } = VersionedTransaction.deserialize(landed.wire);
  if (config.maxSupportedTransactionVersion === undefined && version !== 'legacy') {
    const advice = `Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": ${version}`;
    const text = `Transaction version (${version}) is not supported by the requesting client. ${advice}`;
    throw new RpcError(-32015, text);
  }
  return {
    slot: landed.slot,
    blockTime: landed.blockTime,
    transaction: encodeTransaction(landed, config.encoding),
    meta: encodeMeta(landed, config.encoding),
    ...(config.maxSupportedTransactionVersion === undefined ? {} : { version }),
  };
};

const signaturesConfig = historyConfig.extend({
  limit: z.number().int().min(1).max(SIGNATURES_MAX).default(SIGNATURES_MAX),
  before: signatureParam.nullish(),
  until: signatureParam.nullish(),
});

export const getSignaturesForAddress: RpcHandler = (context, params) => {
  const key = paramAt(params, 0, addressParam);
  const config = configAt(params, 1, signaturesConfig);
  checkContextSlot(context, config);
  const found: unknown[] = [];
  let counting = !config.before;
  for (const landed of context.chain.history.ofAccount(key)) {
    if (landed.signature === config.until || found.length >= config.limit) break;
    if (counting && context.chain.transaction(landed.signature, config.commitment)) {
      found.push({
        signature: landed.signature,
        slot: landed.slot,
        err: landed.err,
        memo: null,
        blockTime: landed.blockTime,
        confirmationStatus: context.chain.status(landed.signature)?.commitment ?? null,
      });
    }
    if (landed.signature === config.before) counting = true;
  }
  return found;
};
