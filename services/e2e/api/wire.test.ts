import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { call } from '../../../shared/grpc/client.js';
import { STATUS_DETAILS_KEY } from '../../../shared/grpc/status.js';
import { IndependentClient } from '../../../shared/grpc/testing/independent.js';
import { failureOf } from '../../../shared/store/testing/waiting.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { mint, WAIT_MS } from './support.js';

interface Timestamp {
  readonly seconds: string;
  readonly nanos: number;
}
interface WireOrder {
  readonly [field: string]: unknown;
  readonly order_id: string;
  readonly created_at: Timestamp;
  readonly dispatch_sequence: string;
}
interface Frame {
  readonly frame: 'header' | 'message' | 'progress';
  readonly header?: { readonly epoch: string; readonly earliest_sequence: string; readonly order_id: string };
  readonly message?: {
    readonly sequence: string;
    readonly text: string;
    readonly created_at: Timestamp;
    readonly content: 'status' | 'proposal';
    readonly status?: { readonly [field: string]: unknown; readonly status: string };
    readonly proposal?: { readonly [field: string]: unknown };
  };
}
interface Packed {
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly type_url: string; readonly value: Buffer }[];
}

const ORDERS = 'exitlane.v1.OrderService';
const SOON = 60;

describe('S5 a client that shares no code with the services (proto-loader)', () => {
  let stack: Stack;
  let orders: IndependentClient;
  let delivery: IndependentClient;
  let details: IndependentClient;
  let statuses: IndependentClient;

  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    orders = new IndependentClient(stack.requestorAddress, 'exitlane/v1/order_service.proto');
    delivery = new IndependentClient(stack.processorAddress, 'exitlane/v1/delivery_service.proto');
    details = new IndependentClient(stack.requestorAddress, 'google/rpc/error_details.proto');
    statuses = new IndependentClient(stack.requestorAddress, 'google/rpc/status.proto');
  });
  after(async () => {
    for (const client of [orders, delivery, details, statuses]) client?.close();
    await stack?.close();
  });

  const ask = (method: string, request: object) => orders.unary(ORDERS, method, request, new Metadata());

  async function framesOf(orderReqId: string): Promise<Frame[]> {
    const frames: Frame[] = [];
    const deadline = setTimeout(() => delivery.close(), WAIT_MS);
    const request = { order_req_id: orderReqId, after_sequence: '0' };
    const stream = delivery.stream('exitlane.v1.DeliveryService', 'StreamOrder', request, new Metadata());
    for await (const frame of stream) frames.push(frame as Frame);
    clearTimeout(deadline);
    return frames;
  }

  it('submits an order and reads enums, times, optional fields and 64-bit numbers', async () => {
    const hold = (state: TradingState) =>
      call(stack.queue, 'setTradingState', { state, changedBy: 'test', changeReason: 'to see the order wait' });
    await hold(TradingState.HALTED);
    const expires = Math.floor(Date.now() / 1000) + SOON;
    const answer = (await ask('SubmitOrder', {
      order_req_id: 'wire-1',
      order_type: 'ORDER_TYPE_ENTRY',
      token_address: mint('WIF'),
      amount_sol: '0.75',
      max_slippage_bps: 77,
      expires_at: { seconds: expires, nanos: 250_000_000 },
      exit_plan: { stop_loss_percent: 90.5, take_profits: [{ gain_percent: 900, sell_percent: 50 }] },
    })) as { order: WireOrder; duplicate: boolean };
    expect(answer.duplicate).to.equal(false);
    const { order } = answer;
    expect(order).to.deep.include({
      order_req_id: 'wire-1',
      order_type: 'ORDER_TYPE_ENTRY',
      side: 'ORDER_SIDE_BUY',
      status: 'ORDER_STATUS_PENDING',
      token_symbol: 'WIF',
      token_decimals: 6,
      amount_sol: '0.75',
      amount_tokens: '',
      max_slippage_bps: 77,
      priority: 100,
      dispatch_sequence: '0',
      is_terminal: false,
      expires_at: { seconds: String(expires), nanos: 250_000_000 },
      submitted_at: null,
    });
    expect(order).not.to.have.property('slippage_bps');
    expect(Math.abs(Number(order.created_at.seconds) - Date.now() / 1000)).to.be.lessThan(60);
    await hold(TradingState.ACTIVE);
  });

  it('reads the stream: header, statuses, proposals, end', async () => {
    const frames = await framesOf('wire-1');
    const [first, ...rest] = frames;
    expect(first?.frame).to.equal('header');
    expect(first?.header).to.include({ earliest_sequence: '1' });
    const messages = rest.flatMap(({ message }) => (message ? [message] : []));
    expect(messages.map(({ sequence }) => sequence)).to.deep.equal(['1', '2', '3', '4', '5', '6']);
    expect(messages.map(({ content }) => content)).to.deep.equal([
      'status',
      'status',
      'proposal',
      'proposal',
      'status',
      'status',
    ]);
    expect(messages.map(({ status }) => status?.status ?? 'none')).to.deep.equal([
      'ORDER_STATUS_PENDING',
      'ORDER_STATUS_SUBMITTED',
      'none',
      'none',
      'ORDER_STATUS_CONFIRMING',
      'ORDER_STATUS_FILLED',
    ]);
    expect(messages[2]?.text).to.match(/^jup-.*\/New$/);
    expect(messages[3]?.proposal).to.include({ source: 'jupiter', state: 'PROPOSAL_STATE_ACCEPTED' });
    expect(messages[0]?.status).not.to.have.property('slippage_bps');
    expect(messages[5]?.status).to.include({ is_terminal: true, attempt: 1, attempt_count: 0 });
    expect(messages[5]?.status?.slippage_bps).to.be.a('number');
  });

  it('reads the filled order with its attempt by either id', async () => {
    const byReqId = (await ask('GetOrder', { order_req_id: 'wire-1' })) as { order: WireOrder };
    const byId = (await ask('GetOrder', { order_id: byReqId.order.order_id })) as { order: WireOrder };
    expect(byId).to.deep.equal(byReqId);
    expect(byId.order).to.include({ status: 'ORDER_STATUS_FILLED', is_terminal: true });
    expect(BigInt(byId.order.dispatch_sequence) > 0n).to.equal(true);
    const [attempt] = byId.order.attempts as { [field: string]: unknown }[];
    expect(attempt).to.include({ number: 1, state: 'ATTEMPT_STATE_LANDED', tx_signature: byId.order.tx_signature });
    expect(BigInt(String(attempt?.slot)) > 0n).to.equal(true);
  });

  it('reads google.rpc.Status with its details from the trailers', async () => {
    const error = await failureOf(ask('SubmitOrder', { order_type: 'ORDER_TYPE_ENTRY', amount_sol: '-1' }));
    const { code, metadata } = error as Error & { code: number; metadata: Metadata };
    expect(code).to.equal(3);
    const [trailer] = metadata.get(STATUS_DETAILS_KEY);
    const packed = statuses.decode('google.rpc.Status', Buffer.from(trailer ?? '')) as Packed;
    expect(packed.code).to.equal(3);
    const unpack = (name: string) => {
      const found = packed.details.find(({ type_url: url }) => url === `type.googleapis.com/google.rpc.${name}`);
      return found && details.decode(`google.rpc.${name}`, found.value);
    };
    expect(unpack('ErrorInfo')).to.deep.include({ reason: 'INVALID_FIELD', domain: 'exitlane' });
    const { field_violations: violations } = unpack('BadRequest') as { field_violations: { field: string }[] };
    expect(violations.map(({ field }) => field)).to.have.members(['order_req_id', 'token_address', 'amount_sol']);
    expect(unpack('RetryInfo')).to.equal(undefined);
  });
});
