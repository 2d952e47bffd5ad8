import { expect } from 'chai';
import { type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { ListOrdersRequest, type ListOrdersResponse } from '../../../proto/gen/exitlane/v1/order_service.js';
import { type Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { ListPositionsRequest } from '../../../proto/gen/exitlane/v1/position_service.js';
import { call } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, filled, mint, orderOf, sell } from './support.js';

const ENTRIES = ['buy-1', 'buy-2', 'buy-3', 'buy-4', 'buy-5'];
const JUP = new Set(['buy-2', 'buy-4']);
/** Newest first: two exits, one of them whole, and a purchase that nobody wanted any more. */
const ALL = ['sell-half', 'sell-all', 'unwanted', ...[...ENTRIES].reverse()];

describe('E0 X0 lists of orders and positions', () => {
  let stack: Stack;
  let opened: Order[];
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    for (const id of ENTRIES) await buy(stack, id, { tokenAddress: mint(JUP.has(id) ? 'JUP' : 'WIF') });
    opened = await Promise.all(ENTRIES.map((id) => filled(stack, id)));
    await stack.control('faults', { fault: 'no_route', mint: 'RAY', count: 1 });
    await buy(stack, 'unwanted', { tokenAddress: mint('RAY'), maxAttempts: 1 });
    await sell(stack, 'sell-all', positionOf('buy-1'), { percent: 100, exitReason: 'stop_loss' });
    await sell(stack, 'sell-half', positionOf('buy-2'), { percent: 50 });
    for (const id of ['sell-all', 'sell-half']) await filled(stack, id);
  });
  after(() => stack?.close());

  function positionOf(orderReqId: string): string {
    return opened.find((order) => order.orderReqId === orderReqId)?.positionId ?? '';
  }

  function list(request: Parameters<typeof ListOrdersRequest.create>[0] = {}): Promise<ListOrdersResponse> {
    return call(stack.orders, 'listOrders', ListOrdersRequest.create(request));
  }

  async function idsOf(request: Parameters<typeof list>[0]): Promise<string[]> {
    return (await list(request)).orders.map(({ orderReqId }) => orderReqId);
  }

  async function positions(request: Parameters<typeof ListPositionsRequest.create>[0] = {}): Promise<Position[]> {
    const answer = await call(stack.positions, 'listPositions', ListPositionsRequest.create(request));
    return answer.positions;
  }

  it('ListOrders gives all, newest first, without attempts', async () => {
    const { orders, nextPageToken } = await list();
    expect(orders.map(({ orderReqId }) => orderReqId)).to.deep.equal(ALL);
    expect(nextPageToken).to.equal('');
    for (const { attempts } of orders) expect(attempts).to.have.length(0);
    expect((await orderOf(stack, 'buy-1')).attempts).to.have.length(1);
  });

  for (const pageSize of [1, 3, 8, 500]) {
    it(`pages of ${pageSize} hold every order once`, async () => {
      const seen: string[] = [];
      let pages = 0;
      for (let pageToken = '', more = true; more; pages++) {
        const answer = await list({ pageSize, pageToken });
        expect(answer.orders.length).to.be.within(1, pageSize);
        seen.push(...answer.orders.map(({ orderReqId }) => orderReqId));
        pageToken = answer.nextPageToken;
        more = pageToken !== '';
      }
      expect(seen).to.deep.equal(ALL);
      expect(pages).to.equal(Math.ceil(ALL.length / pageSize));
    });
  }

  it('an order made meanwhile does not shift the next page', async () => {
    const first = await list({ pageSize: 2, tokenAddress: mint('WIF') });
    await buy(stack, 'meanwhile');
    await filled(stack, 'meanwhile');
    const second = await list({ pageSize: 2, tokenAddress: mint('WIF'), pageToken: first.nextPageToken });
    const ids = [...first.orders, ...second.orders].map(({ orderReqId }) => orderReqId);
    expect(ids).to.deep.equal(['sell-all', 'buy-5', 'buy-3', 'buy-1']);
    expect(second.nextPageToken).to.equal('');
  });

  it('filters by type, token, status and position, and by several at once', async () => {
    expect(await idsOf({ orderType: OrderType.EXIT })).to.deep.equal(['sell-half', 'sell-all']);
    expect(await idsOf({ tokenAddress: mint('JUP') })).to.deep.equal(['sell-half', 'buy-4', 'buy-2']);
    expect(await idsOf({ tokenAddress: mint('JUP'), orderType: OrderType.ENTRY })).to.deep.equal(['buy-4', 'buy-2']);
    expect(await idsOf({ positionId: positionOf('buy-1') })).to.deep.equal(['sell-all', 'buy-1']);
    expect(await idsOf({ statuses: [OrderStatus.CANCELLED] })).to.deep.equal(['unwanted']);
    expect(await idsOf({ statuses: [OrderStatus.CANCELLED, OrderStatus.FILLED] })).to.include.members(ALL);
    expect(await idsOf({ statuses: [OrderStatus.PENDING] })).to.deep.equal([]);
    expect(await idsOf({ tokenAddress: mint('PYTH') })).to.deep.equal([]);
  });

  it('E3 the order that could not be filled says why, and that it may be tried again', async () => {
    const [order] = (await list({ statuses: [OrderStatus.CANCELLED] })).orders;
    expect(order).to.include({ reason: 'ATTEMPTS_EXHAUSTED', attemptCount: 1, maxAttempts: 1, canRetry: true });
    expect(order?.lastError).not.to.equal('');
  });

  it('X1 GetPosition tells what the entry bought, from the chain', async () => {
    const entry = await orderOf(stack, 'buy-3');
    const { position } = await call(stack.positions, 'getPosition', { positionId: entry.positionId });
    expect(position).to.include({
      entryOrderId: entry.orderId,
      tokenAddress: mint('WIF'),
      tokenSymbol: 'WIF',
      tokenDecimals: 6,
      status: PositionStatus.OPEN,
      entryPrice: entry.actualPrice,
      entryAmountSol: entry.amountSol,
      entryAmountTokens: entry.amountTokens,
      availableTokens: entry.amountTokens,
      soldTokens: '0',
      reservedTokens: '0',
      finalPnl: '',
      isSimulated: false,
    });
    expect(position?.feesSol).to.equal(entry.feeSol);
    expect(position?.openedAt).not.to.equal(undefined);
    expect(position?.closedAt).to.equal(undefined);
  });

  it('X3 X4 a part sold and all sold', async () => {
    const [closed] = await positions({ statuses: [PositionStatus.CLOSED] });
    const whole = await orderOf(stack, 'sell-all');
    expect(closed).to.include({
      positionId: positionOf('buy-1'),
      exitReason: 'stop_loss',
      lastExitOrderId: whole.orderId,
      lastExitPrice: whole.actualPrice,
      soldTokens: whole.amountTokens,
      availableTokens: '0',
    });
    expect(closed?.finalPnl).to.equal(closed?.realizedPnl);
    expect(closed?.closedAt).not.to.equal(undefined);
    const [partial] = await positions({ statuses: [PositionStatus.PARTIAL_EXIT] });
    expect(partial?.positionId).to.equal(positionOf('buy-2'));
    expect(partial?.soldTokens).to.equal((await orderOf(stack, 'sell-half')).amountTokens);
    expect(partial?.closedAt).to.equal(undefined);
  });

  it('ListPositions pages and filters', async () => {
    expect((await positions({ tokenAddress: mint('JUP') })).map(({ positionId }) => positionId)).to.have.members([
      positionOf('buy-2'),
      positionOf('buy-4'),
    ]);
    const all = await positions();
    const first = await call(stack.positions, 'listPositions', ListPositionsRequest.create({ pageSize: 2 }));
    const rest = await positions({ pageSize: 500, pageToken: first.nextPageToken });
    // Prices and their ages go on between the calls.
    const ids = (some: readonly Position[]) => some.map(({ positionId }) => positionId);
    expect(ids([...first.positions, ...rest])).to.deep.equal(ids(all));
    const openedAt = all.map((position) => position.openedAt?.getTime() ?? 0);
    expect(openedAt).to.deep.equal([...openedAt].sort((one, two) => two - one));
  });
});
