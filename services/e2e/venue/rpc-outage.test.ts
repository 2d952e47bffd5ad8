import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { type Desk, expectFilledOnce, FILLED_AT_ONCE, openDesk, pathOf } from './desk.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

describe('E7 E8 both RPC endpoints out while orders are on their way', () => {
  let proxies: TcpProxy[];
  let desk: Desk;
  beforeEach(async () => {
    proxies = [await startTcpProxy(), await startTcpProxy()];
    desk = await openDesk({
      maxConcurrentOrders: 6,
      // Long enough that an order refused during the outage does not use up its attempts.
      retryPolicy: { firstDelayMs: 200, maxDelayMs: 2_000 },
      venue: { rpcUrls: proxies.map(({ url }) => url), confirmTimeoutMs: 1_000 },
    });
    for (const proxy of proxies) proxy.target = Number(new URL(desk.sandboxUrl).port);
  });
  afterEach(async () => {
    await desk.close();
    for (const proxy of proxies) await proxy.close();
  });

  const cut = () => {
    for (const proxy of proxies) proxy.cut();
  };
  const mend = () => {
    for (const proxy of proxies) proxy.mend();
  };
  const unknown = ({ reason }: { reason: string }) => reason === 'UNKNOWN';

  it('what is committed says UNKNOWN and never FAILED, and all of it is filled once after the outage', async () => {
    const ids = ['sent-1', 'sent-2', 'dropped'];
    await desk.venue.pause();
    for (const [index, id] of ids.entries()) {
      // Through either endpoint, so that nothing of it gets through before the outage.
      if (id === 'dropped') await desk.venue.arm({ fault: 'drop', count: null });
      // Orders for the same amount on one blockhash would be one transaction.
      await desk.buy(id, { amountSol: `0.${index + 1}` });
      await desk.story(id, ({ status }) => status === OrderStatus.CONFIRMING);
    }
    cut();
    await desk.venue.disarmAll();
    // Those that were sent land while nobody can see it; the dropped one waits to be sent again.
    await desk.venue.resume();
    const late = desk.buy('late', { maxAttempts: 20 });
    for (const id of ids) {
      const story = await desk.story(id, unknown);
      expect(pathOf(story).filter((step) => step.startsWith('FAILED'))).to.deep.equal([]);
    }
    await late;
    const refused = await desk.story('late', ({ status }) => status === OrderStatus.FAILED);
    expect(refused.at(-1)).to.include({ reason: 'SWAP_BUILD_FAILED', attempt: 0 });
    expect(refused.at(-1)?.detail).to.match(/cannot be reached \(\w+\)\. Check that the venue is up and reachable\./);

    mend();
    for (const id of ids) {
      const path = pathOf(await desk.story(id));
      expect(path.filter((step) => step !== 'CONFIRMING UNKNOWN')).to.deep.equal(FILLED_AT_ONCE);
      expect((await expectFilledOnce(desk, id, 0)).attempts).to.have.length(1);
    }
    expect((await desk.story('late')).at(-1)?.status).to.equal(OrderStatus.FILLED);
    const order = await desk.order('late');
    await expectFilledOnce(desk, 'late', order.attemptCount);
    expect(order.attempts).to.have.length(1);
  });

  it('one endpoint out is not seen at all', async () => {
    for (const proxy of proxies) {
      proxy.cut();
      const id = `without-${proxies.indexOf(proxy)}`;
      await desk.buy(id);
      const path = pathOf(await desk.story(id));
      expect(path.filter((step) => step !== 'CONFIRMING UNKNOWN')).to.deep.equal(FILLED_AT_ONCE);
      await expectFilledOnce(desk, id, 0);
      proxy.mend();
    }
  });
});
