import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';
import { OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import {
  OrderServiceClient,
  SubmitOrderRequest,
  type SubmitOrderResponse,
} from '../../../proto/gen/exitlane/v1/order_service.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { call, connect } from '../../../shared/grpc/client.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { mintOf } from '../../sandbox/mints.js';
import { Stack, showLogsOf } from '../crash/stack.js';
import { OtlpReceiver, type SeenSpan } from './otlp-receiver.js';

const THEIR_TRACE = '0af7651916cd43dd8448eb211c80319c';
const STEPS = ['quote', 'swap', 'simulate', 'sign', 'commit', 'send', 'confirm', 'settle'];

describe('O2 traces across both services', function () {
  this.slow(20_000);
  let collector: OtlpReceiver;
  let stack: Stack;
  let orders: OrderServiceClient;
  before(async () => {
    collector = await OtlpReceiver.start();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    stack = await Stack.start({ requestorEnv: env, processorEnv: env });
    orders = connect(OrderServiceClient, stack.requestorAddresses[0] ?? '');
    await call(orders, 'submitOrder', buying('traced'), { requestId: 'traced-call' });
    await stack.bot.follow('traced').until(OrderStatus.FILLED);
    await submitInTheirTrace('theirs');
    await stack.bot.follow('theirs').until(OrderStatus.FILLED);
    // One that outlives the process that accepted it.
    await stack.bot.setTradingState(TradingState.HALTED);
    await call(orders, 'submitOrder', buying('survives'), { requestId: 'survivor' });
    await stack.requestor.terminate();
    await stack.requestor.start();
    await eventually('the requestor to answer', () =>
      stack.bot.orders().then(
        () => true,
        () => false,
      ),
    );
    await stack.bot.setTradingState(TradingState.ACTIVE);
    await stack.bot.follow('survives').until(OrderStatus.FILLED);
    // A service that ends sends what it has.
    await Promise.all([stack.requestor.terminate(), stack.processor.terminate()]);
  });
  afterEach(function () {
    showLogsOf(this, stack);
  });
  after(async () => {
    orders?.close();
    await stack?.close();
    await collector?.close();
  });

  function buying(orderReqId: string): SubmitOrderRequest {
    return SubmitOrderRequest.fromPartial({
      orderReqId,
      orderType: OrderType.ENTRY,
      tokenAddress: mintOf('JUP').address,
      amountSol: `0.${orderReqId.length}`,
      maxSlippageBps: 5_000,
    });
  }

  /** As a bot does that makes traces itself. */
  function submitInTheirTrace(orderReqId: string): Promise<SubmitOrderResponse> {
    const metadata = new Metadata();
    metadata.set('traceparent', `00-${THEIR_TRACE}-b7ad6b7169203331-01`);
    metadata.set('x-request-id', 'their-call');
    return new Promise((resolve, reject) => {
      orders.submitOrder(buying(orderReqId), metadata, {}, (error, answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
  }

  const spansOf = (requestId: string) =>
    collector.spans.filter(({ facts }) => facts['exitlane.request_id'] === requestId);

  function only(spans: readonly SeenSpan[], name: string): SeenSpan {
    const found = spans.filter((span) => span.name === name);
    expect(found, `spans named ${name} of ${spans.map((span) => span.name).join(', ')}`).to.have.length(1);
    return found[0] as SeenSpan;
  }

  /** The names from a span up to its root. */
  function lineOf(span: SeenSpan): string[] {
    const parent = collector.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent ? [span.name, ...lineOf(parent)] : [span.name];
  }

  it('one order is one tree, from SubmitOrder to the settlement', () => {
    expect([...collector.paths]).to.deep.equal(['/v1/traces']);
    const spans = spansOf('traced-call');
    const submit = only(spans, 'SubmitOrder');
    expect(submit).to.include({ service: 'exitlane-requestor', parentSpanId: '', failed: false });
    const trace = collector.spans.filter(({ traceId }) => traceId === submit.traceId);
    expect(lineOf(only(trace, 'queued'))).to.deep.equal(['queued', 'accepted', 'SubmitOrder']);
    const execute = only(trace, 'execute');
    expect(execute.service).to.equal('exitlane-processor');
    expect(lineOf(execute)).to.deep.equal(['execute', 'ExecuteOrder', 'run', 'accepted', 'SubmitOrder']);
    for (const step of STEPS) {
      const span = only(trace, step);
      expect(span.service, step).to.equal('exitlane-processor');
      expect(lineOf(span)[1], step).to.equal('execute');
    }
  });

  it("a client's own trace has the call, and the order's trace links to it", () => {
    const spans = spansOf('their-call');
    const submit = only(spans, 'SubmitOrder');
    expect(submit).to.include({ traceId: THEIR_TRACE, parentSpanId: 'b7ad6b7169203331' });
    const accepted = only(spans, 'accepted');
    expect(accepted.traceId).not.to.equal(THEIR_TRACE);
    expect(accepted.links).to.deep.equal([THEIR_TRACE]);
    expect(lineOf(only(spans, 'execute'))).to.deep.equal(['execute', 'ExecuteOrder', 'run', 'accepted']);
  });

  it('the trace of an order goes on after a restart of the process that accepted it', () => {
    const spans = spansOf('survivor');
    expect(lineOf(only(spans, 'queued'))).to.deep.equal(['queued', 'accepted', 'SubmitOrder']);
    expect(lineOf(only(spans, 'execute'))).to.deep.equal(['execute', 'ExecuteOrder', 'run', 'accepted', 'SubmitOrder']);
  });

  it('no span says what a client named or what is traded', () => {
    const text = JSON.stringify(collector.spans);
    expect(text).not.to.contain(mintOf('JUP').address);
    expect(text).not.to.match(/"(traced|theirs|survives)"/);
  });
});
