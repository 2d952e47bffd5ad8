import { expect } from 'chai';
import type { OrderMessage } from '../../../proto/gen/exitlane/v1/message.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, filled, messagesOf, reached, statusIn } from './support.js';

/** A second order that holds back until the next block is as good as one that goes on. */
const HOLDING_BACK_MS = 2_000;

describe('E2 E3 two equal orders in one block', () => {
  let stack: Stack;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
  });
  after(() => stack?.close());

  it('are two purchases: both are filled, and neither has failed on the way', async () => {
    await stack.control('pause');
    for (const id of ['first', 'second']) await buy(stack, id, { amountSol: '0.25' });
    const movedOn = (message: OrderMessage) => {
      const status = statusIn(message)?.status;
      return status === OrderStatus.CONFIRMING || status === OrderStatus.FAILED;
    };
    const both = Promise.all(['first', 'second'].map((id) => messagesOf(stack, id, 0n, movedOn)));
    const first = Promise.any(['first', 'second'].map((id) => reached(stack, id, OrderStatus.CONFIRMING)));
    await Promise.all([first, Promise.race([both, new Promise((resolve) => setTimeout(resolve, HOLDING_BACK_MS))])]);
    await stack.control('resume');

    const orders = await Promise.all(['first', 'second'].map((id) => filled(stack, id)));
    await both;
    expect(new Set(orders.map(({ txSignature }) => txSignature)).size).to.equal(2);
    for (const { orderReqId, attemptCount, lastError } of orders) {
      expect({ orderReqId, attemptCount, lastError }).to.deep.equal({ orderReqId, attemptCount: 0, lastError: '' });
    }
  });
});
