import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Random, seededRandom } from '../../shared/core/random.js';
import type { CallTarget, FaultInput } from './fault-specs.js';

/** Faults by chance: which kinds there are, where each may strike, and the draw itself, which is a pure function. */

const HTTP_KINDS = ['http', 'rate_limit', 'slow', 'hang', 'reset', 'garbage'] as const;
const RPC_KINDS = [...HTTP_KINDS, 'rpc_error', 'node_behind'] as const;
const ROUTE_KINDS = ['no_route', 'not_tradable'] as const;
const TRANSACTION_KINDS = ['drop', 'delay', 'hide_status', 'history_lag', 'vanish'] as const;

export const CHAOS_KINDS = [
  ...TRANSACTION_KINDS,
  ...RPC_KINDS,
  'blockhash_not_found',
  ...ROUTE_KINDS,
  'price_jump',
] as const;

export type ChaosKind = (typeof CHAOS_KINDS)[number];

const kinds = z.array(z.enum(CHAOS_KINDS)).max(100);

/** What POST /control/chaos takes. */
export const chaosSettings = z
  .strictObject({
    /** Same seed and same calls, same faults. */
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 32 - 1),
    /** Part of the calls, and of the transactions, that meet a fault: above 0, at most 1. */
    intensity: z.number().gt(0).max(1).default(0.1),
    /** Default: all. */
    kinds: kinds.min(1).default([...CHAOS_KINDS]),
    /** Taken from `kinds`. */
    exclude: kinds.default([]),
  })
  .refine(({ kinds: wanted, exclude }) => wanted.some((kind) => !exclude.includes(kind)), {
    path: ['exclude'],
    message: 'leaves no kind of fault',
  });

export type ChaosSettings = z.infer<typeof chaosSettings>;
export type ChaosInput = z.input<typeof chaosSettings>;

/**
 * Where faults are drawn. `call`: when a call comes in; `route`: when a quote looks for one; `jump`: after a call was answered;
 * `transaction`: when one is handed in.
 */
export type ChaosPart = 'call' | 'route' | 'jump' | 'transaction';

export interface ChaosPoint {
  readonly part: ChaosPart;
  /** The call: one of Jupiter's, an RPC method, or `rpc` for an unknown one. */
  readonly target: CallTarget;
}

function kindsAt({ part, target }: ChaosPoint): readonly ChaosKind[] {
  const isJupiter = target === 'quote' || target === 'swap' || target === 'price';
  const jumps = target === 'quote' || target === 'swap' || target === 'sendTransaction';
  switch (part) {
    case 'transaction':
      return TRANSACTION_KINDS;
    case 'route':
      return target === 'quote' ? ROUTE_KINDS : [];
    case 'jump':
      return jumps ? ['price_jump'] : [];
    case 'call': {
      if (isJupiter) return HTTP_KINDS;
      const forgets = target === 'sendTransaction' || target === 'simulateTransaction';
      return forgets ? [...RPC_KINDS, 'blockhash_not_found'] : RPC_KINDS;
    }
  }
}

/** Kinds of one call share its intensity, wherever in the call they strike. */
const PARTS_OF_CALL = ['call', 'route', 'jump'] as const;

/**
 * The fault that the nth arrival at a point meets, if any. It depends on nothing else: how often statuses are polled changes
 * nothing about what the third quote meets.
 *
 * @param mint address of the token whose price may jump
 */
export function drawFault(
  settings: ChaosSettings,
  point: ChaosPoint,
  nth: number,
  mint: string | undefined,
): FaultInput | undefined {
  const enabled = (kind: ChaosKind) => settings.kinds.includes(kind) && !settings.exclude.includes(kind);
  const { part, target } = point;
  const here = kindsAt(point).filter(enabled);
  const parts = part === 'transaction' ? [point] : PARTS_OF_CALL.map((each) => ({ part: each, target }));
  const all = parts.flatMap((each) => kindsAt(each).filter(enabled)).length;
  if (here.length === 0) return undefined;
  const random = randomAt(settings.seed, `${part} ${target} ${nth}`);
  if (random.next() >= (settings.intensity * here.length) / all) return undefined;
  const kind = here[random.int(0, here.length - 1)];
  return kind && specOf(kind, target, mint, random);
}

function randomAt(seed: number, point: string): Random {
  return seededRandom(createHash('sha256').update(`${seed} ${point}`).digest().readUInt32LE());
}

/** JSON-RPC errors of nodes in trouble. */
const NODE_ERRORS = [
  { code: -32603, message: 'Internal error' },
  { code: -32004, message: 'Block not available for slot' },
  { code: -32016, message: 'Minimum context slot has not been reached' },
] as const;

/** The fault with everything about it drawn. Times and blocks are such that a patient client gets through. */
function specOf(kind: ChaosKind, on: CallTarget, mint: string | undefined, random: Random): FaultInput | undefined {
  switch (kind) {
    case 'drop':
      return { fault: kind, resends: random.int(1, 4) === 1 };
    case 'delay':
    case 'hide_status':
    case 'history_lag':
      return { fault: kind, blocks: random.int(1, 40) };
    case 'vanish':
      return { fault: kind, blocks: random.int(1, 5) };
    case 'http':
      return { fault: kind, on, status: [500, 502, 503, 504][random.int(0, 3)] ?? 500 };
    case 'rate_limit':
      return { fault: kind, on, retryAfterSeconds: random.int(0, 3) };
    case 'slow':
      return { fault: kind, on, ms: random.int(50, 1_500) };
    case 'reset':
      return { fault: kind, on, when: random.int(0, 1) === 0 ? 'before' : 'after' };
    case 'hang':
      return { fault: kind, on };
    case 'garbage':
      return { fault: kind, on };
    case 'rpc_error':
      return { fault: kind, on, ...(NODE_ERRORS[random.int(0, NODE_ERRORS.length - 1)] ?? NODE_ERRORS[0]) };
    case 'node_behind':
      return { fault: kind, on, slots: random.int(1, 300) };
    case 'blockhash_not_found':
      return { fault: kind, on: on === 'simulateTransaction' ? on : 'sendTransaction' };
    case 'no_route':
    case 'not_tradable':
      return { fault: kind };
    case 'price_jump': {
      if (mint === undefined) return undefined;
      const percent = random.int(1, 10) * (random.int(0, 1) === 0 ? -1 : 1);
      return { fault: kind, mint, multiply: ((100 + percent) / 100).toFixed(2), after: on };
    }
  }
}
