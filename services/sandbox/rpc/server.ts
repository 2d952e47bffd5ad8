import { z } from 'zod';
import { messageOf } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import * as accounts from './accounts.js';
import * as blocks from './blocks.js';
import { type RpcContext, RpcError, type RpcHandler } from './context.js';
import * as history from './history.js';
import { RPC_METHODS, type RpcMethod } from './method-names.js';
import * as send from './send.js';

const HANDLERS: Readonly<Record<RpcMethod, RpcHandler>> = {
  getAccountInfo: accounts.getAccountInfo,
  getBalance: accounts.getBalance,
  getBlockHeight: blocks.getBlockHeight,
  getBlockTime: blocks.getBlockTime,
  getEpochInfo: blocks.getEpochInfo,
  getFeeForMessage: blocks.getFeeForMessage,
  getFirstAvailableBlock: blocks.getFirstAvailableBlock,
  getGenesisHash: blocks.getGenesisHash,
  getHealth: blocks.getHealth,
  getLatestBlockhash: blocks.getLatestBlockhash,
  getMinimumBalanceForRentExemption: accounts.getMinimumBalanceForRentExemption,
  getMultipleAccounts: accounts.getMultipleAccounts,
  getRecentPrioritizationFees: blocks.getRecentPrioritizationFees,
  getSignaturesForAddress: history.getSignaturesForAddress,
  getSignatureStatuses: history.getSignatureStatuses,
  getSlot: blocks.getSlot,
  getTokenAccountBalance: accounts.getTokenAccountBalance,
  getTokenAccountsByOwner: accounts.getTokenAccountsByOwner,
  getTokenSupply: accounts.getTokenSupply,
  getTransaction: history.getTransaction,
  getVersion: blocks.getVersion,
  isBlockhashValid: blocks.isBlockhashValid,
  minimumLedgerSlot: blocks.minimumLedgerSlot,
  requestAirdrop: send.requestAirdrop,
  sendTransaction: send.sendTransaction,
  simulateTransaction: send.simulateTransaction,
};

const callSchema = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  method: z.string(),
  params: z.array(z.unknown()).nullish(),
});

export interface RpcCall {
  readonly id: string | number | null;
  readonly method: string;
  readonly params: readonly unknown[];
}

export type RpcAnswer =
  | { jsonrpc: '2.0'; result: unknown; id: RpcCall['id'] }
  | { jsonrpc: '2.0'; error: { code: number; message: string; data?: unknown }; id: RpcCall['id'] };

/** Reads one call of a request; the answer to send instead when it is not one. */
export function readCall(value: unknown): { call: RpcCall } | { answer: RpcAnswer } {
  const read = callSchema.safeParse(value);
  if (read.success) {
    const { id, method, params } = read.data;
    return { call: { id: id ?? null, method, params: params ?? [] } };
  }
  const known = z.object({ id: z.union([z.string(), z.number()]) }).safeParse(value);
  return { answer: failure(known.success ? known.data.id : null, new RpcError(-32600, 'Invalid request')) };
}

export function isRpcMethod(method: string): method is RpcMethod {
  return (RPC_METHODS as readonly string[]).includes(method);
}

/** @param behind whether the node acts as one that has not seen the newest blockhashes; tells in simulations only */
export function answerCall(context: RpcContext, call: RpcCall, logger: Logger, behind = false): RpcAnswer {
  if (!isRpcMethod(call.method)) return failure(call.id, new RpcError(-32601, 'Method not found'));
  const lags = behind && call.method === 'simulateTransaction';
  const handler = lags ? send.simulateTransactionBehind : HANDLERS[call.method];
  try {
    return { jsonrpc: '2.0', result: handler(context, call.params), id: call.id };
  } catch (error) {
    if (error instanceof RpcError) return failure(call.id, error);
    logger.error({ method: call.method, err: messageOf(error) }, 'RPC call failed inside the sandbox');
    return failure(call.id, new RpcError(-32603, 'Internal error'));
  }
}

/** `data` is left out, not null, when there is none: clients tell the two apart. */
export function failure(id: RpcCall['id'], { code, message, data }: RpcError): RpcAnswer {
  const error = data === undefined ? { code, message } : { code, message, data };
  return { jsonrpc: '2.0', error, id };
}
