import { z } from 'zod';
import { type BlockClock, slotAt } from '../block-clock.js';
import type { Chain, Commitment } from '../chain.js';
import type { Market } from '../market.js';
import type { Vm } from '../vm.js';

export interface RpcContext {
  readonly chain: Chain;
  readonly blocks: BlockClock;
  readonly market: Market;
  readonly vm: Vm;
}

/** Answers one call: takes the `params` array, returns the `result`. */
export type RpcHandler = (context: RpcContext, params: readonly unknown[]) => unknown;

/** A JSON-RPC error object. Codes: https://github.com/anza-xyz/agave/blob/master/rpc-client-api/src/custom_error.rs */
export class RpcError extends Error {
  override readonly name = 'RpcError';

  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

export const invalidParams = (text: string) => new RpcError(-32602, `Invalid params: ${text}`);

/** What agave names things in `context`, so that clients which look at it see a current version. */
export const NODE_VERSION = '3.0.6';

const commitment = z.enum(['processed', 'confirmed', 'finalized']).default('finalized');

/** The part of a config object that every read has. */
export const readConfig = z.object({ commitment, minContextSlot: z.number().int().nonnegative().optional() });

/** Reads the config object at `params[index]`; a missing one means all defaults. */
export function configAt<Schema extends z.ZodType>(
  params: readonly unknown[],
  index: number,
  schema: Schema,
): z.infer<Schema> {
  const result = schema.safeParse(params[index] ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => `${issue.path.join('.') || `params[${index}]`}: ${issue.message}`,
  );
  throw invalidParams(problems.join('; '));
}

/** Reads `params[index]`, which must be there. */
export function paramAt<Schema extends z.ZodType>(
  params: readonly unknown[],
  index: number,
  schema: Schema,
): z.infer<Schema> {
  const result = schema.safeParse(params[index]);
  if (result.success) return result.data;
  throw invalidParams(`params[${index}]: ${result.error.issues.map((issue) => issue.message).join('; ')}`);
}

/** Fails with -32016 when the caller has seen a newer slot than this commitment is at. */
export function checkContextSlot({ chain }: RpcContext, config: z.infer<typeof readConfig>): void {
  const contextSlot = slotAt(chain.heightAt(config.commitment));
  if (config.minContextSlot !== undefined && config.minContextSlot > contextSlot) {
    throw new RpcError(-32016, 'Minimum context slot has not been reached', { contextSlot });
  }
}

/** A result together with the slot it was read at. */
export function withContext({ chain }: RpcContext, at: Commitment, value: unknown) {
  return { context: { apiVersion: NODE_VERSION, slot: slotAt(chain.heightAt(at)) }, value };
}
