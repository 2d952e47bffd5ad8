import { expect } from 'chai';
import { DeliveryServiceClient, type StreamOrderResponse } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import type { OrderMessage } from '../../../proto/gen/exitlane/v1/message.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { systemClock } from '../../../shared/core/clock.js';
import { call, connect, openStream } from '../../../shared/grpc/client.js';
import { followWithResume } from '../../../shared/grpc/resume.js';
import { startLine } from './line.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, filled, framesOf, messagesOf, orderOf, reached, statusIn, WAIT_MS } from './support.js';

/** What one purchase tells, proposals without their ids. */
const STORY = ['PENDING', 'SUBMITTED', 'New', 'Accepted', 'CONFIRMING', 'FILLED'];

function story(messages: readonly OrderMessage[]): string[] {
  return messages.map(({ text }) => text.slice(text.lastIndexOf('/') + 1));
}

describe('S1 S2 following one order', () => {
  let stack: Stack;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
  });
  after(() => stack?.close());

  it('every status and proposal, numbered from 1 without a gap, then the stream ends by itself', async () => {
    await buy(stack, 'one');
    const messages = await messagesOf(stack, 'one');
    expect(story(messages)).to.deep.equal(STORY);
    expect(messages.map(({ sequence }) => Number(sequence))).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(messages.map((message) => statusIn(message)?.isTerminal ?? false)).to.deep.equal([
      ...Array.from({ length: 5 }, () => false),
      true,
    ]);
    const order = await orderOf(stack, 'one');
    for (const message of messages) expect(message).to.include({ orderId: order.orderId, orderReqId: 'one' });
    const last = messages.at(-1);
    expect(last && statusIn(last)).to.include({
      txSignature: order.txSignature,
      amountSol: order.amountSol,
      amountTokens: order.amountTokens,
      actualPrice: order.actualPrice,
      positionId: order.positionId,
      feeSol: order.feeSol,
    });
  });

  it('the first frame is the header: epoch, earliest, head, order', async () => {
    const headers = [];
    for (const id of ['one', 'two']) {
      await buy(stack, id);
      await filled(stack, id);
      for await (const { frame } of framesOf(stack, id)) {
        expect(frame?.$case).to.equal('header');
        if (frame?.$case === 'header') headers.push(frame.value);
        break;
      }
    }
    const [one, two] = headers;
    expect(one).to.include({ earliestSequence: 1n, headSequence: 6n });
    expect(one?.orderId).to.equal((await orderOf(stack, 'one')).orderId);
    expect(one?.epoch).to.match(/^[0-9a-f-]{36}$/);
    expect(two?.epoch).to.equal(one?.epoch);
  });

  it('two readers, one that joins in the middle and one that comes after the end read the same', async () => {
    await stack.control('pause');
    await buy(stack, 'many');
    const early = [messagesOf(stack, 'many'), messagesOf(stack, 'many')];
    await reached(stack, 'many', OrderStatus.CONFIRMING);
    const joined = messagesOf(stack, 'many', 3n);
    await stack.control('resume');
    const [whole = [], second] = await Promise.all(early);
    expect(story(whole)).to.deep.equal(STORY);
    expect(second).to.deep.equal(whole);
    expect(await joined).to.deep.equal(whole.slice(3));
    expect(await messagesOf(stack, 'many')).to.deep.equal(whole);
    expect(await messagesOf(stack, 'many', 5n)).to.deep.equal(whole.slice(5));
    expect(await messagesOf(stack, 'many', 6n)).to.deep.equal([]);
  });

  it('a reader that leaves after every message and comes back misses nothing and hears nothing twice', async () => {
    await buy(stack, 'restless');
    const heard: OrderMessage[] = [];
    for (;;) {
      const [next] = await messagesOf(stack, 'restless', heard.at(-1)?.sequence ?? 0n, () => true);
      if (!next) break;
      heard.push(next);
    }
    expect(heard).to.deep.equal(await messagesOf(stack, 'restless'));
  });

  it('so does one whose connection is cut under it', async () => {
    const line = await startLine(stack.processorAddress);
    const client = connect(DeliveryServiceClient, line.address);
    const heard: OrderMessage[] = [];
    await stack.control('pause');
    await buy(stack, 'cut-off');
    const frames = followWithResume<StreamOrderResponse>({
      open: (afterSequence, signal) =>
        openStream(client, 'streamOrder', { orderReqId: 'cut-off', afterSequence }, { signal }),
      sequenceOf: ({ frame }) => (frame?.$case === 'message' ? frame.value.sequence : undefined),
      epochOf: ({ frame }) => (frame?.$case === 'header' ? frame.value.epoch : undefined),
      clock: systemClock,
      signal: AbortSignal.timeout(WAIT_MS),
    });
    for await (const { frame } of frames) {
      if (frame?.$case !== 'message') continue;
      heard.push(frame.value);
      if (frame.value.text === 'PENDING') line.cut();
      if (frame.value.text !== 'CONFIRMING') continue;
      line.cut();
      await stack.control('resume');
    }
    expect(line.connections).to.be.at.least(3);
    expect(heard).to.deep.equal(await messagesOf(stack, 'cut-off'));
    client.close();
    await line.close();
  });

  it('a reader that leaves is not counted as an open stream any more', async () => {
    await stack.control('pause');
    await buy(stack, 'left');
    const reading = framesOf(stack, 'left')[Symbol.asyncIterator]();
    await reading.next();
    const openStreams = async () => {
      const stats = await call(stack.delivery, 'getOrderQueueStats', { orderReqId: 'left', limit: 0 });
      return stats.openStreams;
    };
    expect(await openStreams()).to.equal(1);
    await reading.return?.();
    for (let looks = 0; (await openStreams()) > 0; looks++) expect(looks).to.be.lessThan(1_000);
    await stack.control('resume');
    await filled(stack, 'left');
  });
});
