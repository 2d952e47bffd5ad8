/**
 * What the tests of the API share. They are clients: everything they ask and see goes through gRPC; only the venue is moved
 * by hand, through the sandbox's own control endpoint. `stack.ts` starts the services, this file talks to them.
 */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { StreamOrderResponse } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import type { OrderMessage, StatusUpdate } from '../../../proto/gen/exitlane/v1/message.js';
import { type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { SubmitOrderRequest, type SubmitOrderResponse } from '../../../proto/gen/exitlane/v1/order_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call, openStream } from '../../../shared/grpc/client.js';
import { failureOf } from '../../../shared/store/testing/waiting.js';
import { mintOf } from '../../sandbox/mints.js';
import type { Stack } from './stack.js';

/** The longest a test waits for one event. Everything here takes well below a second on an idle machine. */
export const WAIT_MS = 20_000;

type Wanted = Parameters<typeof SubmitOrderRequest.create>[0];

/** Mint address of a token of the sandbox. */
export function mint(symbol: string): string {
  return mintOf(symbol).address;
}

export function entryRequest(orderReqId: string, more: Wanted = {}): SubmitOrderRequest {
  const amountSol = amountFor(orderReqId);
  const common = { orderReqId, orderType: OrderType.ENTRY, tokenAddress: mint('WIF'), amountSol };
  return SubmitOrderRequest.create({ ...common, ...more });
}

/** A tenth of a SOL and a little that only this order has: equal orders would be equal transactions within one block. */
function amountFor(orderReqId: string): string {
  const digest = createHash('sha256').update(orderReqId).digest();
  return `0.1${String(digest.readUInt32LE(0) % 1_000_000).padStart(6, '0')}1`;
}

export function exitRequest(orderReqId: string, positionId: string, more: Wanted = {}): SubmitOrderRequest {
  const amount = more?.amountTokens === undefined ? { percent: 10 } : {};
  const common = { orderReqId, orderType: OrderType.EXIT, positionId, exitReason: 'manual' };
  return SubmitOrderRequest.create({ ...common, ...amount, ...more });
}

export function submit(stack: Stack, request: SubmitOrderRequest): Promise<SubmitOrderResponse> {
  return call(stack.orders, 'submitOrder', request);
}

/** Submits an entry; the answer's order. */
export async function buy(stack: Stack, orderReqId: string, more: Wanted = {}): Promise<Order> {
  return orderIn(await submit(stack, entryRequest(orderReqId, more)));
}

/** Submits an exit; the answer's order. */
export async function sell(stack: Stack, orderReqId: string, positionId: string, more: Wanted = {}): Promise<Order> {
  return orderIn(await submit(stack, exitRequest(orderReqId, positionId, more)));
}

export async function orderOf(stack: Stack, orderReqId: string): Promise<Order> {
  return orderIn(await call(stack.orders, 'getOrder', { id: { $case: 'orderReqId', value: orderReqId } }));
}

/** The order inside an answer; fails if there is none. */
export function orderIn({ order }: { order?: Order | undefined }): Order {
  if (!order) throw new Error('the answer holds no order');
  return order;
}

/** Frames of one order's stream; fails when the stream stays open longer than any test waits. */
export function framesOf(stack: Stack, orderReqId: string, afterSequence = 0n): AsyncIterable<StreamOrderResponse> {
  const request = { orderReqId, afterSequence };
  return openStream(stack.delivery, 'streamOrder', request, { signal: AbortSignal.timeout(WAIT_MS) });
}

/** Messages of one order until its stream ends by itself, or until `enough` says so. */
export async function messagesOf(
  stack: Stack,
  orderReqId: string,
  afterSequence = 0n,
  enough: (message: OrderMessage) => boolean = () => false,
): Promise<OrderMessage[]> {
  const messages: OrderMessage[] = [];
  for await (const { frame } of framesOf(stack, orderReqId, afterSequence)) {
    if (frame?.$case !== 'message') continue;
    messages.push(frame.value);
    if (enough(frame.value)) break;
  }
  return messages;
}

/** What a status message says; undefined for a proposal. */
export function statusIn(message: OrderMessage): StatusUpdate | undefined {
  return message.content?.$case === 'status' ? message.content.value : undefined;
}

/** Waits until the order says this status. */
export async function reached(stack: Stack, orderReqId: string, status: OrderStatus): Promise<void> {
  const messages = await messagesOf(stack, orderReqId, 0n, (message) => statusIn(message)?.status === status);
  const last = messages.at(-1);
  expect(last && statusIn(last)?.status, `where ${orderReqId} got to`).to.equal(status);
}

/** Waits for the end of the order, which must be a fill. */
export async function filled(stack: Stack, orderReqId: string): Promise<Order> {
  await messagesOf(stack, orderReqId);
  const order = await orderOf(stack, orderReqId);
  expect(order.status, `${orderReqId}: ${order.lastError}`).to.equal(OrderStatus.FILLED);
  return order;
}

/** Opens a position per name, all at once; their ids in the order of the names. */
export async function openPositions(stack: Stack, names: readonly string[], more: Wanted = {}): Promise<string[]> {
  const orders = await Promise.all(
    names.map(async (name) => {
      await buy(stack, `opens-${name}`, more);
      return filled(stack, `opens-${name}`);
    }),
  );
  return orders.map(({ positionId }) => positionId);
}

/** What a call fails with; fails when it does not. */
export async function refusal(promise: Promise<unknown>): Promise<CallError> {
  const error = await failureOf(promise, WAIT_MS);
  if (!(error instanceof CallError)) throw error;
  return error;
}

/** What reading a stream fails with. */
export function streamRefusal(stream: AsyncIterable<unknown>): Promise<CallError> {
  const read = async () => {
    for await (const _ of stream);
  };
  return refusal(read());
}

/** An INVALID_ARGUMENT that names `field` and says `text`, in the details and in the message for those who see only that. */
export function expectViolation(error: CallError, field: string, text: RegExp): void {
  expect(error.status, error.message).to.equal('INVALID_ARGUMENT');
  const violation = error.violations.find((each) => each.field === field);
  expect(violation, `a violation of ${field} in ${JSON.stringify(error.violations)}`).not.to.equal(undefined);
  expect(violation?.description).to.match(text);
  expect(error.message).to.contain(`${field}: `);
}
