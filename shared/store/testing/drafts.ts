import type { Order } from '../../order/order.js';
import { priorityOf } from '../../order/priority.js';
import { commitAttempt, type NewAttempt } from '../attempts.js';
import { claimNextOrder } from '../claim-next.js';
import type { Database } from '../database.js';
import { insertOrder } from '../orders.js';
import { settleFill } from '../settlement.js';
import { type Submission, submitOrder } from '../submit.js';

/** Ready-made orders for tests of the store and of what stands on it. */

export const BONK = 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263';
export const LEASE_MS = 4_000;

let made = 0;

export function entryDraft(overrides: Partial<Submission['draft']> = {}): Submission {
  made += 1;
  return {
    draft: {
      orderReqId: `entry-${made}`,
      payloadHash: `hash-${made}`,
      orderType: 'ENTRY',
      priority: priorityOf({ orderType: 'ENTRY', emergency: overrides.emergency ?? false }),
      emergency: false,
      mint: BONK,
      symbol: 'BONK',
      decimals: 5,
      requestedLamports: 1_000_000_000n,
      expectedPrice: null,
      maxSlippageBps: 100,
      slippageCapBps: null,
      positionId: null,
      exitReason: '',
      exitPlan: {},
      isSimulated: false,
      maxAttempts: 5,
      expiresAt: null,
      ...overrides,
    },
  };
}

export function exitDraft(
  positionId: string,
  exitReason: string,
  amount: NonNullable<Submission['exitAmount']>,
  overrides: Partial<Submission['draft']> = {},
): Submission {
  const emergency = overrides.emergency ?? false;
  const priority = priorityOf({ orderType: 'EXIT', exitReason, emergency });
  const draft = entryDraft({
    orderType: 'EXIT',
    requestedLamports: null,
    positionId,
    exitReason,
    priority,
    ...overrides,
  }).draft;
  return { draft: { ...draft, orderReqId: overrides.orderReqId ?? `exit-${made}` }, exitAmount: amount };
}

/** An exit of one base unit beside others of its position, which {@link submitOrder} would refuse or take over (X7, X11). */
export async function anotherExit(
  db: Database,
  positionId: string,
  exitReason: string,
  overrides: Partial<Submission['draft']> = {},
): Promise<Order> {
  const { draft } = exitDraft(positionId, exitReason, { tokens: 1n }, overrides);
  return db.transaction(async (tx) => {
    await tx.query(`UPDATE positions SET reserved_tokens = reserved_tokens + 1 WHERE position_id = $1`, [positionId]);
    const order = await insertOrder(tx, { ...draft, requestedTokens: 1n });
    if (!order) throw new Error(`order_req_id ${draft.orderReqId} is taken`);
    return order;
  });
}

let signatures = 0;

/** A signed attempt like no other. */
export function testAttempt(): NewAttempt {
  signatures += 1;
  return {
    signature: `signature-${signatures}`,
    rawTransaction: new Uint8Array([1, 2, 3]),
    blockhash: 'hash',
    lastValidBlockHeight: 150n,
    quote: {},
    proposalId: 'proposal',
    expectedPrice: '0.000001',
  };
}

/** Walks a claimed order to FILLED with these amounts. */
export async function fillClaimed(
  db: Database,
  order: Order,
  amounts: { lamports: bigint; tokens: bigint },
): Promise<Order> {
  const claim = { orderId: order.orderId, fence: order.fence };
  const { order: confirming, number } = await db.transaction((tx) => commitAttempt(tx, claim, testAttempt()));
  const fill = { ...amounts, feeLamports: 5_000n, rentLamports: 0n, price: '0.000001' };
  return settleFill(db, claim, confirming, { number, slot: 7n }, fill);
}

/** Submits, claims and fills an entry; the queue must be empty before. Returns the filled order with its position. */
export async function openTestPosition(db: Database, tokens = 100_000_000n): Promise<Order & { positionId: string }> {
  await submitOrder(db, entryDraft());
  const claimed = await claimNextOrder(db, 'test', LEASE_MS);
  if (!claimed) throw new Error('nothing to claim');
  const filled = await fillClaimed(db, claimed, { lamports: 1_000_000_000n, tokens });
  if (filled.positionId === null) throw new Error('a filled entry has a position');
  return { ...filled, positionId: filled.positionId };
}

/** Sets the time that decides anything; it stands still from then on. */
export async function setDatabaseTime(db: Database, at: Date): Promise<void> {
  await db.query(
    'INSERT INTO clock_override (fixed_at) VALUES ($1) ON CONFLICT (id) DO UPDATE SET fixed_at = excluded.fixed_at',
    [at],
  );
}

export async function advanceDatabaseTime(db: Database, ms: number): Promise<void> {
  await db.query(`UPDATE clock_override SET fixed_at = fixed_at + interval '1 millisecond' * $1::int`, [ms]);
}
