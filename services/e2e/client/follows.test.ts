import { expect } from 'chai';
import { connectExitlane, type ExitlaneClient, OrderStatus, statusOf } from '../../../shared/client/index.js';
import { START_MS, type Stack, startStack } from '../api/stack.js';
import { openPositions } from '../api/support.js';

const WAIT_MS = 60_000;

describe('S6 X11 the client leaves a position whose tokens are all with a sent exit', () => {
  let stack: Stack;
  let client: ExitlaneClient;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    const { requestorAddress: requestor, processorAddress: processor } = stack;
    client = connectExitlane({ requestor, processor, deadlineMs: WAIT_MS });
  });
  after(async () => {
    client?.close();
    await stack?.close();
  });

  async function untilSent(orderReqId: string): Promise<void> {
    for await (const message of client.followOrder(orderReqId)) {
      if (statusOf(message)?.status === OrderStatus.CONFIRMING) return;
    }
    throw new Error(`${orderReqId} was never sent`);
  }

  it('is told that it follows, and waits for the one that sells', async () => {
    const [positionId = ''] = await openPositions(stack, ['held']);
    await stack.control('pause');
    const profit = { orderReqId: 'profit', positionId, percent: 100, exitReason: 'take_profit_1' };
    expect((await client.orders.sell(profit)).follows).to.equal(false);
    await untilSent('profit');
    const stop = await client.exitPosition(positionId, { orderReqId: 'stop', exitReason: 'stop_loss' });
    expect(stop).to.include({ orderReqId: 'stop', follows: true, duplicate: false });
    expect(stop.order.orderReqId).to.equal('profit');

    const ended = client.waitForEnd('stop', { deadlineMs: WAIT_MS });
    await stack.control('resume');
    expect(await ended).to.include({ orderReqId: 'profit', status: OrderStatus.FILLED, isTerminal: true });
    expect((await client.positions.get(positionId)).soldTokens).to.equal((await ended).amountTokens);
  });
});
