import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';
import { SubmitProposalRequest } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { ListOrdersRequest, SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { ListPositionsRequest } from '../../../proto/gen/exitlane/v1/position_service.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call, openStream } from '../../../shared/grpc/client.js';
import { IndependentClient } from '../../../shared/grpc/testing/independent.js';
import { failureOf } from '../../../shared/store/testing/waiting.js';
import { START_MS, type Stack, startStack } from './stack.js';
import {
  buy,
  entryRequest,
  exitRequest,
  expectViolation,
  filled,
  framesOf,
  mint,
  refusal,
  streamRefusal,
  submit,
} from './support.js';

const NOBODY = '0190a6c2-7b1e-7c3a-9f00-1234567890ab';
const TOO_LARGE = 'x'.repeat(70_000);

describe('S2 S5 S6 other requests that cannot be served', () => {
  let stack: Stack;
  let independent: IndependentClient;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    independent = new IndependentClient(stack.requestorAddress, 'exitlane/v1/order_service.proto');
    await buy(stack, 'known');
    await filled(stack, 'known');
  });
  after(async () => {
    independent?.close();
    await stack?.close();
  });

  /** Sends a value that no generated client can: enums there have the known numbers only. */
  async function sendUnknownEnum(request: object): Promise<CallError> {
    const calling = independent.unary('exitlane.v1.OrderService', 'SubmitOrder', request, new Metadata());
    return new CallError('SubmitOrder', await failureOf(calling));
  }

  describe('lists', () => {
    const orders = (request: Partial<ListOrdersRequest>) =>
      refusal(call(stack.orders, 'listOrders', ListOrdersRequest.create(request)));
    const positions = (request: Partial<ListPositionsRequest>) =>
      refusal(call(stack.positions, 'listPositions', ListPositionsRequest.create(request)));

    it('a page that is too large', async () => {
      expectViolation(await orders({ pageSize: 501 }), 'page_size', /at most 500/);
      expectViolation(await positions({ pageSize: 4_294_967_295 }), 'page_size', /at most 500/);
    });

    it('a page token that is none', async () => {
      expectViolation(await orders({ pageToken: 'garbage' }), 'page_token', /not a next_page_token/);
      expectViolation(await positions({ pageToken: '%%%' }), 'page_token', /not a next_page_token/);
    });

    it('a status that is not set, and a position id that is none', async () => {
      expectViolation(await orders({ statuses: [OrderStatus.UNSPECIFIED] }), 'statuses', /ORDER_STATUS_PENDING/);
      expectViolation(await orders({ positionId: 'mine' }), 'position_id', /UUID/);
    });
  });

  it('P1 an enum number that nobody defined', async () => {
    const request = { order_req_id: 'bad', order_type: 7, token_address: mint('WIF'), amount_sol: '1' };
    expectViolation(await sendUnknownEnum(request), 'order_type', /ORDER_TYPE_ENTRY to buy/);
  });

  it('P9 a trading state that is not set, by nobody, for no reason', async () => {
    const request = { state: TradingState.UNSPECIFIED, changedBy: '', changeReason: '' };
    const error = await refusal(call(stack.queue, 'setTradingState', request));
    expectViolation(error, 'state', /TRADING_STATE_ACTIVE/);
    expectViolation(error, 'changed_by', /is required/);
    expectViolation(error, 'change_reason', /is required/);
  });

  it('P6 a watch that would never, or always, tell', async () => {
    for (const minInterval of [
      { seconds: 0n, nanos: 1 },
      { seconds: 61n, nanos: 0 },
    ]) {
      const error = await streamRefusal(openStream(stack.queue, 'watchQueueStats', { minInterval }));
      expectViolation(error, 'min_interval', /from 100 ms to 60 s/);
    }
  });

  describe('what does not exist is NOT_FOUND and named', () => {
    const byOrderId = { $case: 'orderId' as const, value: NOBODY };
    const byReqId = { $case: 'orderReqId' as const, value: 'nobody' };
    const offer = { orderReqId: 'nobody', proposalId: 'p', source: 'maker', amountSol: '1', amountTokens: '1' };

    const calls: readonly [what: string, id: string, start: () => Promise<CallError>][] = [
      ['GetOrder by order_id', NOBODY, () => refusal(call(stack.orders, 'getOrder', { id: byOrderId }))],
      ['GetOrder by order_req_id', 'nobody', () => refusal(call(stack.orders, 'getOrder', { id: byReqId }))],
      ['CancelOrder', NOBODY, () => refusal(call(stack.orders, 'cancelOrder', { id: byOrderId, cancelReason: '' }))],
      ['StreamOrder', 'nobody', () => streamRefusal(framesOf(stack, 'nobody'))],
      ['GetPosition', NOBODY, () => refusal(call(stack.positions, 'getPosition', { positionId: NOBODY }))],
      ['SubmitOrder of an exit', NOBODY, () => refusal(submit(stack, exitRequest('exit', NOBODY)))],
      [
        'SubmitProposal',
        'nobody',
        () => refusal(call(stack.delivery, 'submitProposal', SubmitProposalRequest.create(offer))),
      ],
      [
        'GetOrderQueueStats',
        'nobody',
        () => refusal(call(stack.delivery, 'getOrderQueueStats', { orderReqId: 'nobody', limit: 0 })),
      ],
    ];
    for (const [what, id, start] of calls) {
      it(what, async () => {
        const error = await start();
        expect(error.status, error.message).to.equal('NOT_FOUND');
        expect(error.reason).to.match(/^(ORDER|POSITION)_NOT_FOUND$/);
        expect(Object.values(error.metadata)).to.include(id);
        expect(error.message).to.contain(id);
      });
    }
  });

  it('an id that cannot be one is INVALID_ARGUMENT, before anybody looks', async () => {
    const lookUp = (id: Parameters<typeof call<typeof stack.orders, 'getOrder'>>[2]['id']) =>
      refusal(call(stack.orders, 'getOrder', { id }));
    expectViolation(await lookUp({ $case: 'orderId', value: 'known' }), 'order_id', /use order_req_id/);
    expectViolation(await lookUp({ $case: 'orderReqId', value: '' }), 'order_req_id', /1 to 128 characters/);
    expectViolation(await lookUp(undefined), 'id', /order_id or order_req_id/);
    expectViolation(await streamRefusal(framesOf(stack, 'two words')), 'order_req_id', /1 to 128 characters/);
    const none = call(stack.positions, 'getPosition', { positionId: '' });
    expectViolation(await refusal(none), 'position_id', /is required/);
  });

  it('S2 a cursor from the future is OUT_OF_RANGE and hears what is available', async () => {
    for (const after of [1_000n, 2n ** 64n - 1n]) {
      const error = await streamRefusal(framesOf(stack, 'known', after));
      expect(error).to.include({ status: 'OUT_OF_RANGE', reason: 'CURSOR_OUT_OF_RANGE' });
      const { earliest_sequence: earliest, head_sequence: head, epoch } = error.metadata;
      expect(earliest).to.equal('1');
      expect(Number(head)).to.be.greaterThan(3);
      expect(epoch).to.match(/^[0-9a-f-]{36}$/);
      expect(error.message).to.contain(`so pass 0 to ${head}`);
    }
  });

  describe('S6 order_req_id is the idempotency key', () => {
    it('the same request again is the same order, amounts by value', async () => {
      const first = await submit(stack, entryRequest('twice', { amountSol: '0.5' }));
      expect(first.duplicate).to.equal(false);
      for (const amountSol of ['0.5', '0.50', '00.500']) {
        const again = await submit(stack, entryRequest('twice', { amountSol }));
        expect(again.duplicate, amountSol).to.equal(true);
        expect(again.order?.orderId).to.equal(first.order?.orderId);
      }
      await filled(stack, 'twice');
      const late = await submit(stack, entryRequest('twice', { amountSol: '0.5' }));
      expect(late.order).to.include({ orderId: first.order?.orderId, status: OrderStatus.FILLED });
    });

    it('twenty at the same moment make one order', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => submit(stack, entryRequest('crowd'))));
      expect(new Set(answers.map(({ order }) => order?.orderId)).size).to.equal(1);
      expect(answers.filter(({ duplicate }) => !duplicate)).to.have.length(1);
    });

    it('another payload under the same id is ALREADY_EXISTS and names the order that has it', async () => {
      const { order } = await submit(stack, entryRequest('taken'));
      const others = [{ amountSol: '0.2' }, { tokenAddress: mint('JUP') }, { maxSlippageBps: 5 }, { emergency: true }];
      for (const other of others) {
        const error = await refusal(submit(stack, entryRequest('taken', other)));
        expect(error).to.include({ status: 'ALREADY_EXISTS', reason: 'ORDER_REQ_ID_TAKEN' });
        expect(error.metadata).to.deep.equal({ order_req_id: 'taken', order_id: order?.orderId });
        expect(error.message).to.contain('use a new id');
      }
    });
  });

  it('a request larger than 64 KiB is RESOURCE_EXHAUSTED', async () => {
    const error = await refusal(submit(stack, entryRequest('large', { tokenSymbol: TOO_LARGE })));
    expect(error.status).to.equal('RESOURCE_EXHAUSTED');
    const allowed = SubmitOrderRequest.create({ orderType: OrderType.ENTRY, orderReqId: 'x'.repeat(60_000) });
    expect((await refusal(submit(stack, allowed))).status).to.equal('INVALID_ARGUMENT');
  });

  it('after all of it the services still serve', async () => {
    await buy(stack, 'after-all');
    await filled(stack, 'after-all');
  });
});
