import { VersionedMessage } from '@solana/web3.js';
import { z } from 'zod';
import { BLOCKHASH_LIFE_BLOCKS, FIRST_HEIGHT, heightAt, slotAt } from '../block-clock.js';
import { feeOf } from '../message.js';
import { SLOTS_PER_EPOCH } from '../vm.js';
import {
  checkContextSlot,
  configAt,
  invalidParams,
  NODE_VERSION,
  paramAt,
  RpcError,
  type RpcHandler,
  readConfig,
  withContext,
} from './context.js';

export const getHealth: RpcHandler = () => 'ok';

export const getVersion: RpcHandler = () => ({ 'solana-core': NODE_VERSION, 'feature-set': 0 });

/** Hash of a block that no chain of another seed has. */
export const getGenesisHash: RpcHandler = ({ blocks }) => blocks.hashAt(0);

export const getSlot: RpcHandler = (context, params) => {
  const config = configAt(params, 0, readConfig);
  checkContextSlot(context, config);
  return slotAt(context.chain.heightAt(config.commitment));
};

export const getBlockHeight: RpcHandler = (context, params) => {
  const config = configAt(params, 0, readConfig);
  checkContextSlot(context, config);
  return context.chain.heightAt(config.commitment);
};

export const getEpochInfo: RpcHandler = (context, params) => {
  const config = configAt(params, 0, readConfig);
  checkContextSlot(context, config);
  const blockHeight = context.chain.heightAt(config.commitment);
  const absoluteSlot = slotAt(blockHeight);
  return {
    absoluteSlot,
    blockHeight,
    epoch: Math.floor(absoluteSlot / SLOTS_PER_EPOCH),
    slotIndex: absoluteSlot % SLOTS_PER_EPOCH,
    slotsInEpoch: SLOTS_PER_EPOCH,
    transactionCount: context.chain.history.size,
  };
};

export const getLatestBlockhash: RpcHandler = (context, params) => {
  const config = configAt(params, 0, readConfig);
  checkContextSlot(context, config);
  const height = context.chain.heightAt(config.commitment);
  const lastValidBlockHeight = height + BLOCKHASH_LIFE_BLOCKS;
  return withContext(context, config.commitment, { blockhash: context.blocks.hashAt(height), lastValidBlockHeight });
};

export const isBlockhashValid: RpcHandler = (context, params) => {
  const blockhash = paramAt(params, 0, z.string());
  const config = configAt(params, 1, readConfig);
  checkContextSlot(context, config);
  const height = context.chain.heightAt(config.commitment);
  return withContext(context, config.commitment, context.blocks.isLive(blockhash, height));
};

export const getBlockTime: RpcHandler = ({ blocks }, params) => {
  const slot = paramAt(params, 0, z.number().int().nonnegative());
  const time = blocks.timeOf(heightAt(slot));
  if (time === undefined) throw new RpcError(-32004, `Block not available for slot ${slot}`);
  return time;
};

export const getFirstAvailableBlock: RpcHandler = () => slotAt(FIRST_HEIGHT);

export const minimumLedgerSlot: RpcHandler = () => slotAt(FIRST_HEIGHT);

export const getRecentPrioritizationFees: RpcHandler = ({ blocks }, params) => {
  paramAt(params, 0, z.array(z.string()).max(128).default([]));
  return [{ slot: blocks.slot, prioritizationFee: 0 }];
};

export const getFeeForMessage: RpcHandler = (context, params) => {
  const bytes = Buffer.from(paramAt(params, 0, z.base64()), 'base64');
  const config = configAt(params, 1, readConfig);
  checkContextSlot(context, config);
  let message: VersionedMessage;
  try {
    message = VersionedMessage.deserialize(bytes);
  } catch {
    throw invalidParams('failed to deserialize the message');
  }
  const live = context.blocks.isLive(message.recentBlockhash, context.blocks.height);
  return withContext(context, config.commitment, live ? Number(feeOf({ message })) : null);
};
