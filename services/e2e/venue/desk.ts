/** A trader's desk for tests: the whole system as `exitlane dev` starts it, asked and followed through gRPC only. */
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { DeliveryServiceClient } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import type { StatusUpdate } from '../../../proto/gen/exitlane/v1/message.js';
import { AttemptState, type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient, SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { CloseStack } from '../../../shared/core/lifecycle.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { call, connect, openStream } from '../../../shared/grpc/client.js';
import { openDatabase } from '../../../shared/store/database.js';
import { newDataDir } from '../../../shared/store/testing/pglite.js';
import { type DevOptions, startDev } from '../../dev.js';
import type { LedgerLine } from '../../sandbox/ledger.js';
import { mintOf } from '../../sandbox/mints.js';
import type { VerifyReport } from '../../verify/report.js';
import { verify } from '../../verify/verify.js';
import { VenueControl } from '../crash/venue.js';

/** The longest a test waits for one order. Most take well below a second on an idle machine. */
const WAIT_MS = 45_000;

export interface Desk {
  readonly venue: VenueControl;
  readonly sandboxUrl: string;
  /** Buys 0.1 SOL's worth of WIF unless told otherwise. */
  buy(orderReqId: string, more?: Parameters<typeof SubmitOrderRequest.create>[0]): Promise<void>;
  /** What the order's stream told, until the order has ended or `enough` says so. */
  story(orderReqId: string, enough?: (told: StatusUpdate) => boolean): Promise<StatusUpdate[]>;
  /** Sells the whole position. */
  sell(orderReqId: string, positionId: string, exitReason: string): Promise<void>;
  order(orderReqId: string): Promise<Order>;
  /** POST to the sandbox's control endpoint. */
  control(action: string, body: object): Promise<void>;
  /** Transactions of this order in the ledger, with what the chain says went wrong. */
  landed(order: Order): Pick<LedgerLine, 'signature' | 'err'>[];
  /** Stops everything and lets the checker look at what is left; afterwards the desk can only be closed. */
  verified(): Promise<VerifyReport>;
  close(): Promise<void>;
}

export async function openDesk(options: Partial<DevOptions> = {}): Promise<Desk> {
  const open = new CloseStack(silentLogger);
  try {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'exitlane-desk-'));
    open.add('folder', () => rm(dataDir, { recursive: true, force: true }));
    await rename(await newDataDir(), path.join(dataDir, 'database'));
    const ports = { requestorPort: 0, processorPort: 0, sandboxPort: 0 };
    const dev = await startDev({ dataDir, ...ports, slotMs: 50, seed: 7, logger: silentLogger, ...options });
    open.add('services', () => dev.close());
    const orders = connect(OrderServiceClient, dev.requestorAddress);
    open.add('orders', () => orders.close());
    const delivery = connect(DeliveryServiceClient, dev.processorAddress);
    open.add('delivery', () => delivery.close());
    const venue = new VenueControl(dev.sandboxUrl, path.join(dataDir, 'sandbox'));
    const desk: Desk = {
      venue,
      sandboxUrl: dev.sandboxUrl,
      async buy(orderReqId, more = {}) {
        const common = { orderReqId, orderType: OrderType.ENTRY, amountSol: '0.1' };
        const tokenAddress = mintOf('WIF').address;
        await call(orders, 'submitOrder', SubmitOrderRequest.create({ ...common, tokenAddress, ...more }));
      },
      async story(orderReqId, enough = () => false) {
        const told: StatusUpdate[] = [];
        const request = { orderReqId, afterSequence: 0n };
        const signal = AbortSignal.timeout(WAIT_MS);
        for await (const { frame } of openStream(delivery, 'streamOrder', request, { signal })) {
          const content = frame?.$case === 'message' ? frame.value.content : undefined;
          if (content?.$case !== 'status') continue;
          told.push(content.value);
          if (enough(content.value)) break;
        }
        return told;
      },
      async sell(orderReqId, positionId, exitReason) {
        const wanted = { orderReqId, orderType: OrderType.EXIT, positionId, percent: 100, exitReason };
        await call(orders, 'submitOrder', SubmitOrderRequest.create(wanted));
      },
      async order(orderReqId) {
        const { order } = await call(orders, 'getOrder', { id: { $case: 'orderReqId', value: orderReqId } });
        if (!order) throw new Error(`no order ${orderReqId}`);
        return order;
      },
      async control(action, body) {
        const answer = await fetch(`${dev.sandboxUrl}/control/${action}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        if (!answer.ok) throw new Error(`the sandbox refused ${action}: ${await answer.text()}`);
      },
      landed({ attempts }) {
        const ours = new Set(attempts.map(({ txSignature }) => txSignature));
        const lines = venue.ledger().filter(({ signature }) => ours.has(signature));
        return lines.map(({ signature, err }) => ({ signature, err }));
      },
      async verified() {
        await dev.close();
        const db = await openDatabase({ dataDir: path.join(dataDir, 'database'), logger: silentLogger });
        try {
          return await verify({ db, ledger: venue.ledgerPath, wallet: dev.walletAddress });
        } finally {
          await db.close();
        }
      },
      close: () => open.close(),
    };
    await desk.control('volatility', { volatility: 0 });
    return desk;
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** States and reasons in the words of the API. */
export function pathOf(story: readonly StatusUpdate[]): string[] {
  return story.map(({ status, reason }) => `${status.replace('ORDER_STATUS_', '')} ${reason}`);
}

/** One execution of an order, from the queue to the commit. */
const UP_TO_SLOT = ['SUBMITTED CLAIMED'];
const UP_TO_COMMIT = [...UP_TO_SLOT, 'CONFIRMING ATTEMPT_COMMITTED'];

export const QUEUED = 'PENDING ACCEPTED';
export const FILLED_AT_ONCE = [QUEUED, ...UP_TO_COMMIT, 'FILLED FILLED'];

/** Failed before anything was signed, came back, and was filled. */
export function refusedThenFilled(reason: string): string[] {
  return [QUEUED, ...UP_TO_SLOT, `FAILED ${reason}`, 'PENDING RETRY_DUE', ...UP_TO_COMMIT, 'FILLED FILLED'];
}

/** Failed with a committed attempt that is proven to be no fill, came back, and was filled. */
export function failedThenFilled(reason: string): string[] {
  return [QUEUED, ...UP_TO_COMMIT, `FAILED ${reason}`, 'PENDING RETRY_DUE', ...UP_TO_COMMIT, 'FILLED FILLED'];
}

/** The order is FILLED by exactly one transaction of its last attempt, after so many failed executions. */
export async function expectFilledOnce(desk: Desk, orderReqId: string, attemptCount: number): Promise<Order> {
  const order = await desk.order(orderReqId);
  expect(order.status, order.lastError).to.equal(OrderStatus.FILLED);
  expect(order.attemptCount, 'attempt_count').to.equal(attemptCount);
  const fills = desk.landed(order).filter(({ err }) => err === null);
  expect(fills.map(({ signature }) => signature)).to.deep.equal([order.txSignature]);
  expect(order.attempts.at(-1)).to.include({ txSignature: order.txSignature, state: AttemptState.LANDED, error: '' });
  return order;
}
