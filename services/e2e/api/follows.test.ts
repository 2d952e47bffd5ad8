import { expect } from 'chai';
import type { StreamOrderResponse } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { ExitPositionRequest } from '../../../proto/gen/exitlane/v1/position_service.js';
import { call } from '../../../shared/grpc/client.js';
import type { Database } from '../../../shared/store/database.js';
import { START_MS, type Stack, startParts } from './stack.js';
import {
  filled,
  framesOf,
  messagesOf,
  openPositions,
  orderOf,
  reached,
  refusal,
  sell,
  statusIn,
  streamRefusal,
} from './support.js';

describe('S6 X11 an exit that follows a sent one which has all the tokens', () => {
  let stack: Stack & { readonly db: Database };
  before(async function () {
    this.timeout(START_MS);
    stack = await startParts({ processor: { executor: 'venue' } });
  });
  after(() => stack?.close());

  /** A position whose tokens are all with a sent take-profit. */
  async function sent(name: string): Promise<string> {
    await sell(stack, `${name}-profit`, positions.get(name) ?? '', { percent: 100, exitReason: 'take_profit_1' });
    await reached(stack, `${name}-profit`, OrderStatus.CONFIRMING);
    return positions.get(name) ?? '';
  }
  const positions = new Map<string, string>();
  const open = async (name: string) => {
    const [positionId = ''] = await openPositions(stack, [name]);
    positions.set(name, positionId);
  };
  const stop = (orderReqId: string, positionId: string, more: object = {}) => {
    const request = { orderReqId, positionId, exitReason: 'stop_loss', ...more };
    return call(stack.positions, 'exitPosition', ExitPositionRequest.create(request));
  };
  const all = async (frames: AsyncIterable<StreamOrderResponse>) => {
    const seen: StreamOrderResponse[] = [];
    for await (const frame of frames) seen.push(frame);
    return seen;
  };

  it('is made under its own id when the sent one dies; answers before and after are the same request', async () => {
    await open('dies');
    await stack.control('faults', { fault: 'drop', count: null, resends: true });
    const positionId = await sent('dies');
    const first = await stop('dies-stop', positionId);
    expect(first).to.include({ duplicate: false, follows: true });
    expect(first.order?.orderReqId).to.equal('dies-profit');
    const streamed = all(framesOf(stack, 'dies-stop'));

    const again = await stop('dies-stop', positionId);
    expect(again).to.include({ duplicate: true, follows: true });
    expect(again.order?.orderReqId).to.equal('dies-profit');
    expect((await refusal(stop('dies-stop', positionId, { percent: 50 }))).status).to.equal('ALREADY_EXISTS');
    expect((await streamRefusal(framesOf(stack, 'dies-stop', 3n))).status).to.equal('OUT_OF_RANGE');

    // Long enough for the chain to pass its last block by.
    await messagesOf(stack, 'dies-profit');
    await stack.control('faults/reset');
    const own = await filled(stack, 'dies-stop');
    expect(own).to.include({ exitReason: 'stop_loss', positionId });
    expect(await orderOf(stack, 'dies-profit')).to.include({ status: OrderStatus.CANCELLED, reason: 'SUPERSEDED' });
    const after = await stop('dies-stop', positionId);
    expect(after).to.include({ duplicate: true, follows: false });
    expect(after.order?.orderId).to.equal(own.orderId);

    const frames = (await streamed).flatMap(({ frame }) => frame ?? []);
    const headers = frames.flatMap((frame) => (frame.$case === 'header' ? frame.value : []));
    expect(headers.map(({ orderId }) => orderId)).to.deep.equal(['', own.orderId]);
    expect(headers[0]).to.include({ earliestSequence: 1n, headSequence: 0n, epoch: headers[1]?.epoch });
    const messages = frames.flatMap((frame) => (frame.$case === 'message' ? frame.value : []));
    expect(messages.map(({ sequence }) => Number(sequence))).to.deep.equal(messages.map((_, n) => n + 1));
    const last = messages.at(-1);
    expect(last && statusIn(last)?.status).to.equal(OrderStatus.FILLED);
  });

  it("sells what a dead one had although a client's order of an older version has the id of what follows", async () => {
    await open('taken');
    await stack.control('faults', { fault: 'drop', count: null, resends: true });
    const positionId = positions.get('taken') ?? '';
    const sold = await sell(stack, 'taken-profit', positionId, { percent: 30, exitReason: 'take_profit_1' });
    await reached(stack, 'taken-profit', OrderStatus.CONFIRMING);
    await stack.db.query("UPDATE orders SET order_req_id = $1 WHERE order_req_id = 'opens-taken'", [
      `follow:${sold.orderId}`,
    ]);
    expect((await stop('taken-stop', positionId)).follows).to.equal(false);
    await messagesOf(stack, 'taken-profit');
    await stack.control('faults/reset');
    const follower = await filled(stack, `follow:${sold.orderId}.2`);
    expect(follower).to.include({ exitReason: 'stop_loss', positionId, amountTokens: sold.amountTokens });
    await filled(stack, 'taken-stop');
    const { position } = await call(stack.positions, 'getPosition', { positionId });
    expect(position).to.include({ status: PositionStatus.CLOSED, soldTokens: position?.entryAmountTokens });
  });

  it('is never made when the sent one is filled: its stream says so and names that one', async () => {
    await open('fills');
    await stack.control('pause');
    const positionId = await sent('fills');
    expect((await stop('fills-stop', positionId)).follows).to.equal(true);
    const ended = streamRefusal(framesOf(stack, 'fills-stop'));
    await stack.control('resume');
    const order = await filled(stack, 'fills-profit');
    const error = await ended;
    expect([error.status, error.reason]).to.deep.equal(['FAILED_PRECONDITION', 'ORDER_NOT_MADE']);
    expect(error.metadata).to.include({ follows_order_req_id: 'fills-profit', order_id: order.orderId });
    expect((await streamRefusal(framesOf(stack, 'fills-stop'))).reason).to.equal('ORDER_NOT_MADE');
    const again = await stop('fills-stop', positionId);
    expect(again).to.include({ duplicate: true, follows: true });
    expect(again.order).to.include({ orderId: order.orderId, status: OrderStatus.FILLED });
  });
});
