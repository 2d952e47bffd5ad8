import { BigNumber } from 'bignumber.js';
import { z } from 'zod';
import type { Queryable } from '../../../shared/store/database.js';
import type { Check } from '../check.js';
import { readJsonLines } from '../json-lines.js';
import type { Findings } from '../report.js';

/** Orders that were acknowledged to a client, written down and synced by the client itself. */

const decimal = z.string().regex(/^\d{1,30}(\.\d{1,30})?$/, 'must be a plain decimal');
const plainName = z.string().transform((name) => name.replace(/^ORDER_(TYPE|STATUS)_/, ''));

const acknowledgedSchema = z.object({
  orderReqId: z.string(),
  orderId: z.string(),
  orderType: plainName,
  mint: z.string().optional(),
  /** Whole SOL. */
  amountSol: decimal.optional(),
  /** Whole tokens. */
  amountTokens: decimal.optional(),
  percent: z.number().optional(),
  /** What the client was told. */
  status: plainName.optional(),
});

type Acknowledged = z.infer<typeof acknowledgedSchema>;

/** Acknowledgements looked up by one statement. */
const BATCH = 1_000;

export const acknowledgedOrders: Check = {
  name: 'acknowledged-orders',
  promise: 'every order acknowledged to a client exists exactly once, as it was acknowledged',
  async run({ db, witness }, findings) {
    if (witness === undefined) return findings.note('no witness file was given');
    const missing: Acknowledged[] = [];
    let batch: Acknowledged[] = [];
    for await (const line of readJsonLines(witness, acknowledgedSchema)) {
      batch.push(line);
      if (batch.length < BATCH) continue;
      missing.push(...(await compare(db, batch, findings)));
      batch = [];
    }
    missing.push(...(await compare(db, batch, findings)));
    await judgeMissing(db, missing, findings);
  },
};

/** S6: an idempotent call has one answer. */
export const acknowledgementsAgree: Check = {
  name: 'acknowledgements-agree',
  promise: 'whoever repeats a request is told the same order',
  async run({ witness }, findings) {
    if (witness === undefined) return findings.note('no witness file was given');
    const seen = new Map<string, string>();
    for await (const line of readJsonLines(witness, acknowledgedSchema)) {
      findings.looked();
      const told = describe(line);
      const before = seen.get(line.orderReqId);
      if (before === undefined) seen.set(line.orderReqId, told);
      else if (before !== told) findings.violation(line.orderReqId, `was acknowledged as ${before}, then as ${told}`);
    }
  },
};

function describe({ orderId, orderType, mint, amountSol, amountTokens, percent }: Acknowledged): string {
  const amounts = [
    amountSol === undefined ? '' : `${new BigNumber(amountSol).toFixed()} SOL`,
    amountTokens === undefined ? '' : `${new BigNumber(amountTokens).toFixed()} tokens`,
    percent === undefined ? '' : `${percent} %`,
  ];
  return [orderType, orderId, mint ?? '', ...amounts].filter((part) => part !== '').join(' ');
}

interface OrderRow {
  order_req_id: string;
  order_id: string;
  order_type: string;
  mint: string;
  decimals: number;
  requested_lamports: string | null;
  requested_tokens: string | null;
  status: string;
}

/**
 * O6: of those that may have been removed by now, as many as were removed may be missing. Nothing is removed before it is a day old, so
 * what was younger when it was last cleaned up must be there.
 */
async function judgeMissing(db: Queryable, missing: readonly Acknowledged[], findings: Findings): Promise<void> {
  const { rows } = await db.query<{ n: string; kept_since: Date | null }>(
    `SELECT orders_removed AS n, ran_at - interval '1 day' AS kept_since FROM retention`,
  );
  const removed = Number(rows[0]?.n ?? 0);
  const keptSince = rows[0]?.kept_since ?? new Date(0);
  const removable = missing.filter(({ orderId }) => (madeAt(orderId) ?? keptSince) <= keptSince);
  const excused = new Set(removable.length <= removed ? removable : []);
  if (excused.size > 0) findings.note(`${excused.size} are not there; retention removed ${removed} orders`);
  for (const order of missing) {
    if (excused.has(order)) continue;
    findings.violation(order.orderReqId, `was acknowledged as order ${order.orderId} and does not exist`);
  }
}

/** By its id, a UUID of version 7 (RFC 9562), which begins with milliseconds; undefined: it is none. */
function madeAt(orderId: string): Date | undefined {
  const [, high, low] = UUID_V7.exec(orderId) ?? [];
  return high === undefined || low === undefined ? undefined : new Date(Number.parseInt(high + low, 16));
}

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7/i;

/** Returns those that do not exist. */
async function compare(db: Queryable, batch: readonly Acknowledged[], findings: Findings): Promise<Acknowledged[]> {
  findings.looked(batch.length);
  const { rows } = await db.query<OrderRow>(
    `SELECT order_req_id, order_id, order_type, mint, decimals, requested_lamports, requested_tokens, status
     FROM orders WHERE order_req_id = ANY($1)`,
    [[...new Set(batch.map(({ orderReqId }) => orderReqId))]],
  );
  const found = new Map<string, OrderRow[]>();
  for (const row of rows) found.set(row.order_req_id, [...(found.get(row.order_req_id) ?? []), row]);
  const missing: Acknowledged[] = [];
  for (const line of batch) {
    const orders = found.get(line.orderReqId) ?? [];
    const [order] = orders;
    if (!order) missing.push(line);
    else if (orders.length > 1) findings.violation(line.orderReqId, `exists ${orders.length} times`);
    else for (const difference of differences(line, order)) findings.violation(line.orderReqId, difference);
  }
  return missing;
}

function differences(line: Acknowledged, order: OrderRow): string[] {
  const found: string[] = [];
  const expect = (what: string, told: string, is: string) => {
    if (told !== is) found.push(`was acknowledged with ${what} ${told}, and has ${is}`);
  };
  expect('order_id', line.orderId, order.order_id);
  expect('order_type', line.orderType, order.order_type);
  if (line.mint !== undefined && line.mint !== '') expect('mint', line.mint, order.mint);
  if (line.amountSol !== undefined) {
    expect('lamports', baseUnits(line.amountSol, 9), order.requested_lamports ?? 'none');
  }
  if (line.amountTokens !== undefined) {
    expect('token base units', baseUnits(line.amountTokens, order.decimals), order.requested_tokens ?? 'none');
  }
  // A terminal state is for good: once told, it must be there.
  if (line.status === 'FILLED' || line.status === 'CANCELLED') expect('status', line.status, order.status);
  return found;
}

function baseUnits(text: string, decimals: number): string {
  return new BigNumber(text).shiftedBy(decimals).toFixed();
}
