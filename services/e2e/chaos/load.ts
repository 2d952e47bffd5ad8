import { OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import type { SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import type { Position } from '../../../proto/gen/exitlane/v1/position.js';
import { formatAmount, parseAmount } from '../../../shared/core/decimals.js';
import { type Random, seededRandom } from '../../../shared/core/random.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { mintOf } from '../../sandbox/mints.js';
import type { Trader } from './trader.js';

/** Orders of every kind, drawn from a seed, for as long as a test wants them. */

export type Request = Partial<SubmitOrderRequest> & { readonly orderReqId: string };

export interface LoadOptions {
  readonly trader: Trader;
  readonly seed: number;
  /** Most orders made in all. */
  readonly ordersMax: number;
  /** New ones wait while this many have not ended. */
  readonly liveMax: number;
  /** Told of every accepted order, repeats left out. */
  readonly onAccepted?: (orderReqId: string) => void;
}

export interface LoadFigures {
  accepted: number;
  entries: number;
  exits: number;
  emergencies: number;
  /** Repeats of a request that had been answered: each got the same order again, or the one that it followed or became. */
  repeats: number;
  /** Submissions whose first call was not answered. */
  unanswered: number;
  /** Of those, accepted by a call whose answer was lost. */
  foundAccepted: number;
  /** Exits of what was sold already or promised to another exit, and entries into tokens with a critical alert. */
  refused: number;
  /** Exits that made no order, since one on the wire had everything. */
  follows: number;
  /** Alerts that stood in the way of an entry. */
  alertsResolved: number;
}

const SYMBOLS = ['BONK', 'WIF', 'JUP', 'JTO', 'POPCAT', 'RAY', 'PYTH'];
const EXIT_REASONS = ['stop_loss', 'trailing_stop', 'take_profit_1', 'take_profit_2', 'time_limit', 'manual'];
/** Clients that submit side by side. */
const LANES = 3;
/** Prices walk, and a killed service comes back seconds later: that must not turn an order down. */
const SLIPPAGE_BPS = 5_000;
const REFUSALS = new Set(['POSITION_TOO_SMALL', 'POSITION_NOT_EXITABLE', 'ENTRY_REFUSED']);

/** An ENTRY of 0.05 to 0.5 SOL; one in twenty is an emergency. */
export function drawEntry(orderReqId: string, random: Random): Request {
  return {
    orderReqId,
    orderType: OrderType.ENTRY,
    tokenAddress: mintOf(SYMBOLS[random.int(0, SYMBOLS.length - 1)] ?? 'BONK').address,
    amountSol: `0.${String(random.int(50, 500)).padStart(3, '0')}`,
    maxSlippageBps: SLIPPAGE_BPS,
    emergency: random.int(1, 20) === 1,
  };
}

/** An EXIT of a part by percent or amount, or of all that is left; one in ten is an emergency. */
export function drawExit(orderReqId: string, position: Position, random: Random): Request {
  const available = parseAmount(position.availableTokens, position.tokenDecimals);
  const units = available.ok ? available.units : 0n;
  const part = (units * BigInt(random.int(10, 60))) / 100n;
  const kind = random.int(1, 10);
  const amount =
    kind <= 3 && part > 0n
      ? { amountTokens: formatAmount(part, position.tokenDecimals) }
      : { percent: kind <= 6 ? random.int(5, 95) : 100 };
  return {
    orderReqId,
    orderType: OrderType.EXIT,
    positionId: position.positionId,
    exitReason: EXIT_REASONS[random.int(0, EXIT_REASONS.length - 1)] ?? 'manual',
    maxSlippageBps: SLIPPAGE_BPS,
    emergency: random.int(1, 10) === 1,
    ...amount,
  };
}

/** Submits until the signal aborts or `ordersMax` is reached; resolves when every submission has its answer. */
export async function runLoad(options: LoadOptions, signal: AbortSignal): Promise<LoadFigures> {
  const figures: LoadFigures = {
    accepted: 0,
    entries: 0,
    exits: 0,
    emergencies: 0,
    repeats: 0,
    unanswered: 0,
    foundAccepted: 0,
    refused: 0,
    follows: 0,
    alertsResolved: 0,
  };
  const accepted: Request[] = [];
  const lanes = Array.from({ length: LANES }, (_, lane) => runLane({ ...options, lane, figures, accepted }, signal));
  await Promise.all(lanes);
  return figures;
}

interface Lane extends LoadOptions {
  readonly lane: number;
  readonly figures: LoadFigures;
  readonly accepted: Request[];
}

async function runLane(lane: Lane, signal: AbortSignal): Promise<void> {
  const { trader, figures, accepted, liveMax, ordersMax } = lane;
  // A sequence of its own: what one lane draws does not depend on how fast the others are.
  const random = seededRandom(lane.seed + lane.lane);
  for (let number = 1; !signal.aborted && figures.accepted < ordersMax; number++) {
    const drawn = random.int(1, 10);
    const pauseMs = random.int(20, 400);
    if ((await trader.liveOrders()).length >= liveMax) {
      await pause(pauseMs);
      continue;
    }
    const id = `load-${lane.lane}-${number}`;
    const repeated = drawn <= 2 ? accepted[random.int(0, Math.max(0, accepted.length - 1))] : undefined;
    if (repeated) {
      const { duplicate } = await trader.submit(repeated);
      if (!duplicate) throw new Error(`${repeated.orderReqId} was acknowledged before, and accepted again`);
      figures.repeats += 1;
    } else await submitNew(lane, (drawn <= 5 && (await exitOf(lane, id, random))) || drawEntry(id, random));
    await pause(pauseMs);
  }
}

async function exitOf({ trader }: Lane, id: string, random: Random): Promise<Request | undefined> {
  const held = (await trader.openPositions()).filter(({ availableTokens }) => Number(availableTokens) > 0);
  const position = held[random.int(0, Math.max(0, held.length - 1))];
  return position && drawExit(id, position, random);
}

async function submitNew({ trader, figures, accepted, onAccepted }: Lane, request: Request): Promise<void> {
  try {
    const { duplicate, follows, calls } = await trader.submit(request);
    if (follows) {
      figures.follows += 1;
      // A repeat gets this answer again, or the order that was made since; it is never refused.
      accepted.push(request);
      return;
    }
    if (duplicate && calls === 1) throw new Error(`${request.orderReqId} is new, and was called a duplicate`);
    if (calls > 1) figures.unanswered += 1;
    if (duplicate) figures.foundAccepted += 1;
  } catch (error) {
    // Another lane was faster at the same position, or an exit of the token failed for good.
    if (!(error instanceof CallError) || !REFUSALS.has(error.reason ?? '')) throw error;
    figures.refused += 1;
    if (error.reason === 'ENTRY_REFUSED') {
      figures.alertsResolved += await trader.resolveAlerts(request.tokenAddress ?? '');
    }
    return;
  }
  accepted.push(request);
  figures.accepted += 1;
  if (request.orderType === OrderType.ENTRY) figures.entries += 1;
  else figures.exits += 1;
  if (request.emergency) figures.emergencies += 1;
  onAccepted?.(request.orderReqId);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
