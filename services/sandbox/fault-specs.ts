import { z } from 'zod';
import { RPC_METHODS } from './rpc/method-names.js';

/** Which calls a call fault meets: a kind of call, any RPC method (`rpc`), one RPC method by name, or every call. */
export const CALL_TARGETS = ['any', 'quote', 'swap', 'price', 'rpc', ...RPC_METHODS] as const;

const on = z.enum(CALL_TARGETS);
/** How many calls or transactions it meets before it is spent; null: until it is removed. */
const count = z.number().int().min(1).max(1_000_000).nullable().default(1);
const blocks = z.number().int().min(1).max(100_000);
const ms = z.number().int().min(0).max(600_000);
const headers = z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string());
/** What the price is multiplied with, such as "0.9". */
const multiply = z.string().regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a plain decimal such as "0.9"');

const transactionFaults = [
  /** sendTransaction says yes, but no leader ever sees it. With `resends`, sending the same bytes again does not help. */
  z.strictObject({ fault: z.literal('drop'), count, resends: z.boolean().default(false) }),
  /** Lands this many blocks later than it would; never, if its blockhash has expired by then. */
  z.strictObject({ fault: z.literal('delay'), count, blocks }),
  /** Lands, but no status or history call shows it for this many blocks. */
  z.strictObject({ fault: z.literal('hide_status'), count, blocks }),
  /** Lands and has a status, but getTransaction answers null for this many blocks. */
  z.strictObject({ fault: z.literal('history_lag'), count, blocks }),
  /** Its status is `processed` for this many blocks, then it is gone: the fork it was on was abandoned. */
  z.strictObject({ fault: z.literal('vanish'), count, blocks: blocks.default(1) }),
] as const;

const callFaults = [
  /** Answers with this HTTP status and body. */
  z.strictObject({
    fault: z.literal('http'),
    on,
    count,
    status: z.number().int().min(400).max(599),
    body: z.string().max(65_536).default('<html><body><h1>Service unavailable</h1></body></html>'),
    contentType: z.string().default('text/html'),
    headers: headers.default({}),
  }),
  /** Answers 429 with Jupiter's rate limit headers. */
  z.strictObject({
    fault: z.literal('rate_limit'),
    on,
    count,
    retryAfterSeconds: z.number().int().min(0).max(3600).default(1),
  }),
  /** Answers with a JSON-RPC error. */
  z.strictObject({
    fault: z.literal('rpc_error'),
    on,
    count,
    code: z.number().int(),
    message: z.string(),
    data: z.unknown().optional(),
  }),
  /** -32005, node is behind. */
  z.strictObject({ fault: z.literal('node_behind'), on: on.default('rpc'), count, slots: blocks.default(150) }),
  /** A lagging node: sendTransaction's preflight, or a simulation, says BlockhashNotFound. */
  z.strictObject({
    fault: z.literal('blockhash_not_found'),
    on: z.enum(['sendTransaction', 'simulateTransaction']).default('sendTransaction'),
    count,
  }),
  /** Answers correctly, this much later. */
  z.strictObject({ fault: z.literal('slow'), on, count, ms }),
  /** Never answers. */
  z.strictObject({ fault: z.literal('hang'), on, count }),
  /** Cuts the connection: `before` doing anything, or `after` it was done, so that only the answer is lost. */
  z.strictObject({ fault: z.literal('reset'), on, count, when: z.enum(['before', 'after']).default('before') }),
  /** Answers 200 with something that is not JSON. */
  z.strictObject({ fault: z.literal('garbage'), on, count }),
  /** Quotes find no route. */
  z.strictObject({ fault: z.literal('no_route'), count, mint: z.string().optional() }),
  /** Quotes say that a token is not tradable. */
  z.strictObject({ fault: z.literal('not_tradable'), count, mint: z.string().optional() }),
  /** The price of a token jumps right after the next call of this kind was answered. */
  z.strictObject({ fault: z.literal('price_jump'), count, mint: z.string(), multiply, after: on.default('quote') }),
] as const;

/** What POST /control/faults takes. */
export const faultSpec = z.discriminatedUnion('fault', [...transactionFaults, ...callFaults]);

export type FaultSpec = z.infer<typeof faultSpec>;
/** The same before defaults are filled in. */
export type FaultInput = z.input<typeof faultSpec>;
export type CallTarget = (typeof CALL_TARGETS)[number];
export type FaultOf<Name extends FaultSpec['fault']> = Extract<FaultSpec, { fault: Name }>;
export type TransactionFault = FaultOf<'drop' | 'delay' | 'hide_status' | 'history_lag' | 'vanish'>;
export type QuoteFault = FaultOf<'no_route' | 'not_tradable'>;
export type CallFault = Exclude<FaultSpec, TransactionFault | QuoteFault | FaultOf<'price_jump'>>;
