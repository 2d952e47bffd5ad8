import { expect } from 'chai';
import {
  connectExitlane,
  type ExitlaneClient,
  OrderStatus,
  OrderType,
  statusOf,
} from '../../../shared/client/index.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { START_MS } from '../api/stack.js';
import { mint } from '../api/support.js';
import { Stack } from '../crash/stack.js';

const WAIT_MS = 60_000;

describe('S1 E8 the client follows and watches across killed services', function () {
  this.timeout(START_MS);
  let stack: Stack;
  let client: ExitlaneClient;
  before(async () => {
    stack = await Stack.start();
    const [requestor, processor] = [stack.requestorAddresses[0] ?? '', stack.processorAddress];
    client = connectExitlane({ requestor, processor, deadlineMs: WAIT_MS });
    await stack.venue.stillPrices();
  });
  after(async () => {
    client?.close();
    await stack?.close();
  });

  it('an order is followed to its fill over the death of its processor: each message once, in order', async () => {
    await stack.venue.pause();
    const entry = { tokenAddress: mint('WIF'), amountSol: '0.1', maxSlippageBps: 5_000 };
    const reconnects: number[] = [];
    const order = { ...entry, orderReqId: 'followed' };
    await client.orders.buy(order);
    const messages = client.followOrder('followed', { onReconnect: ({ attempt }) => reconnects.push(attempt) });
    const seen: number[] = [];
    const epochs = new Set<string | undefined>();
    let last: OrderStatus | undefined;
    let isKilled = false;
    for await (const message of messages) {
      seen.push(Number(message.sequence));
      epochs.add(messages.epoch);
      last = statusOf(message)?.status ?? last;
      if (last !== OrderStatus.CONFIRMING || isKilled) continue;
      isKilled = true;
      await killAndRestart();
    }
    expect(seen).to.deep.equal(seen.map((_, index) => index + 1));
    expect(last).to.equal(OrderStatus.FILLED);
    expect(reconnects.length).to.be.above(0);
    expect([...epochs]).to.have.lengthOf(1);
    expect(messages.epoch).to.be.a('string').and.not.equal('');

    async function killAndRestart(): Promise<void> {
      await stack.processor.kill();
      await stack.processor.start();
      await stack.venue.resume();
    }
  });

  it('an order is taken while the requestor is away for a moment, and a watch comes back with it', async () => {
    const told = new Map<string, OrderStatus>();
    const stop = new AbortController();
    let currents = 0;
    const watching = (async () => {
      const onCurrent = () => {
        currents += 1;
      };
      for await (const order of client.orders.watch({}, { signal: stop.signal, onCurrent })) {
        told.set(order.orderReqId, order.status);
      }
    })().catch((error: unknown) => error);
    await eventually('the watch to begin', () => currents > 0);
    // What begins and ends while the watch is away is not told: this order cannot end before it is back.
    await stack.venue.pause();
    await stack.requestor.kill();
    const asked = client.submitAndFollow({
      orderReqId: 'meanwhile',
      orderType: OrderType.ENTRY,
      tokenAddress: mint('BONK'),
      amountSol: '0.1',
      maxSlippageBps: 5_000,
    });
    await stack.requestor.start();
    const { messages } = await asked;
    await eventually('the watch to come back', () => currents > 1 && told.has('meanwhile'), WAIT_MS);
    await stack.venue.resume();
    for await (const _ of messages);
    expect((await client.waitForEnd('meanwhile')).status).to.equal(OrderStatus.FILLED);
    await eventually('the fill to be told', () => told.get('meanwhile') === OrderStatus.FILLED, WAIT_MS);
    stop.abort(new Error('seen enough'));
    expect(await watching).to.include({ message: 'seen enough' });
  });
});
