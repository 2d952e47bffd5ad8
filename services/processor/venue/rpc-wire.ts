import { z } from 'zod';
import { jsonOrUndefined } from './http.js';
import { RpcError, VenueError } from './venue-error.js';

/**
 * JSON-RPC by hand, for the methods whose errors matter: web3.js throws away the code and `data.err` of a refused
 * sendTransaction or simulateTransaction.
 */
const answerSchema = z.union([
  z.object({ error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }) }),
  z.object({ result: z.unknown() }),
]);

/** The `result` of a JSON-RPC answer read by `schema`. @throws RpcError, VenueError GARBAGE */
export async function resultOf<Schema extends z.ZodType>(
  host: string,
  method: string,
  response: Response,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const answer = answerSchema.safeParse(await response.json());
  if (answer.success && 'error' in answer.data) {
    const { code, message, data } = answer.data.error;
    throw new RpcError(code, message, data);
  }
  const result = answer.success && 'result' in answer.data ? schema.safeParse(answer.data.result) : undefined;
  if (!result?.success) throw unexpected(host, method);
  return result.data;
}

/** The JSON-RPC error that some nodes put into an HTTP error. A rate limit is one whatever it carries. */
export function refusalOf(status: number, body: string): RpcError | undefined {
  if (status === 429) return undefined;
  const answer = answerSchema.safeParse(jsonOrUndefined(body));
  if (!answer.success || !('error' in answer.data)) return undefined;
  const { code, message, data } = answer.data.error;
  return new RpcError(code, message, data);
}

/** A JSON-RPC request's body. */
export function requestBody(method: string, params: readonly unknown[]): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
}

export function unexpected(host: string, method: string): VenueError {
  return new VenueError('GARBAGE', `${host} answered ${method} with something else than its documented result`);
}

/** `err` of a status, a simulation or a landed transaction, such as `{InstructionError: [2, {Custom: 6001}]}`. */
export const transactionErrorSchema = z.union([z.string(), z.record(z.string(), z.unknown())]);
export type TransactionError = z.infer<typeof transactionErrorSchema>;

const accountSchema = z.object({
  lamports: z.number().int().nonnegative(),
  owner: z.string(),
  data: z.tuple([z.string(), z.literal('base64')]),
});

export const simulationSchema = z.object({
  value: z.object({
    err: transactionErrorSchema.nullable(),
    logs: z.array(z.string()).nullish(),
    accounts: z.array(accountSchema.nullable()).nullish(),
  }),
});

/** An account's state as the policy compares it. */
export interface AccountState {
  readonly lamports: bigint;
  readonly owner: string;
  readonly data: Uint8Array;
}

export interface Simulation {
  readonly err: TransactionError | null;
  readonly logs: readonly string[];
  /** In the order asked for; undefined for an account that would not exist. */
  readonly accounts: readonly (AccountState | undefined)[];
}

export function simulationOf({ value }: z.infer<typeof simulationSchema>): Simulation {
  const accounts = (value.accounts ?? []).map((account) => {
    if (!account || account.lamports === 0) return undefined;
    return { lamports: BigInt(account.lamports), owner: account.owner, data: Buffer.from(account.data[0], 'base64') };
  });
  return { err: value.err, logs: value.logs ?? [], accounts };
}

export interface SignatureStatus {
  readonly slot: bigint;
  readonly err: TransactionError | null;
  readonly commitment: 'processed' | 'confirmed' | 'finalized';
}

export interface TokenAccount {
  readonly address: string;
  readonly mint: string;
  /** Base units. */
  readonly amount: bigint;
}
