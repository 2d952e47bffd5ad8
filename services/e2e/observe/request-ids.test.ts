import { expect } from 'chai';
import { OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient, SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { call, connect } from '../../../shared/grpc/client.js';
import { mintOf } from '../../sandbox/mints.js';
import { showLogsOf } from '../crash/stack.js';
import { type Observed, startObserved } from './rig.js';

const REQUEST_ID = 'trail-7.one_order';

type Line = Record<string, unknown>;

describe('O2 E1 one request id leads through both services', function () {
  this.slow(10_000);
  let observed: Observed;
  let orderId: string;
  before(async () => {
    observed = await startObserved({ EXITLANE_LOG_LEVEL: 'debug' });
    const { bot, requestorAddresses } = observed.stack;
    const orders = connect(OrderServiceClient, requestorAddresses[0] ?? '');
    const request = SubmitOrderRequest.fromPartial({
      orderReqId: 'trail',
      orderType: OrderType.ENTRY,
      tokenAddress: mintOf('JUP').address,
      amountSol: '0.3',
      maxSlippageBps: 5_000,
    });
    const { order } = await call(orders, 'submitOrder', request, { requestId: REQUEST_ID });
    orders.close();
    orderId = order?.orderId ?? '';
    await bot.follow('trail').until(OrderStatus.FILLED);
  });
  afterEach(function () {
    showLogsOf(this, observed?.stack);
  });
  after(() => observed?.stack.close());

  const ofOrder = (lines: readonly Line[]) => lines.filter((line) => line.orderId === orderId);
  const moves = (lines: readonly Line[]) => ofOrder(lines).filter(({ msg }) => msg === 'order moved');

  it('every transition is one line, with order id, attempt, state and request id', () => {
    const { requestor, processor } = observed.stack;
    const told = ({ status, reason, attempt, request_id }: Line) => ({ status, reason, attempt, request_id });
    expect(moves(requestor.lines).map(told)).to.deep.equal([
      { status: 'PENDING', reason: 'ACCEPTED', attempt: undefined, request_id: REQUEST_ID },
      { status: 'SUBMITTED', reason: 'CLAIMED', attempt: undefined, request_id: REQUEST_ID },
    ]);
    expect(moves(processor.lines).map(told)).to.deep.equal([
      { status: 'CONFIRMING', reason: 'ATTEMPT_COMMITTED', attempt: 1, request_id: REQUEST_ID },
      { status: 'FILLED', reason: 'FILLED', attempt: 1, request_id: REQUEST_ID },
    ]);
  });

  it('what is done for the order in the background carries it too', () => {
    const { requestor, processor } = observed.stack;
    const withId = (lines: readonly Line[]) => lines.filter(({ request_id }) => request_id === REQUEST_ID);
    const texts = (lines: readonly Line[]) => withId(lines).map(({ msg, call }) => (call ? `${msg} ${call}` : msg));
    expect(texts(requestor.lines)).to.include('call ended').and.include('order message');
    expect(texts(processor.lines)).to.include('attempt has a verdict').and.include('call ended');
    expect(
      texts(processor.lines).filter((text) => /quote/.test(String(text))),
      'the quote',
    ).to.have.length.above(0);
  });

  it('no line of the order is without it, or tells it twice', () => {
    for (const service of [observed.stack.requestor, observed.stack.processor]) {
      for (const line of ofOrder(service.lines))
        expect(line, JSON.stringify(line)).to.include({ request_id: REQUEST_ID });
      for (const line of service.log.split('\n')) {
        expect(line.split('"request_id":').length - 1, line).to.be.at.most(1);
        expect(line.split('"orderId":').length - 1, line).to.be.at.most(1);
      }
    }
  });
});
