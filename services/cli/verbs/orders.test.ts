import { expect } from 'chai';
import { AttemptState, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import type { GetOrderRequest, ListOrdersRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { QueueStats, TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode } from '../exit-codes.js';
import { anOrder, run, serve } from '../testing/rig.js';
import { whyItStands } from '../why.js';

describe('exitlane orders', () => {
  let server: GrpcServer | undefined;
  afterEach(() => server?.close());

  /** 120 orders in pages as asked. */
  async function listing() {
    const asked: ListOrdersRequest[] = [];
    const all = Array.from({ length: 120 }, (_, index) => anOrder({ orderReqId: `bot:${index}` }));
    server = await serve({
      orders: {
        listOrders: unary((request: ListOrdersRequest) => {
          asked.push(request);
          const from = Number(request.pageToken || '0');
          const to = from + request.pageSize;
          return { orders: all.slice(from, to), nextPageToken: to < all.length ? String(to) : '' };
        }),
      },
    });
    return { at: server, asked };
  }

  it('lists the newest, and says that there is more', async () => {
    const { at } = await listing();
    const { lines, exitCode } = await run(['orders', '--limit', '3'], { at });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(lines).to.have.length(5);
    expect(lines[1]).to.match(/^bot:0 {2,}ENTRY {2,}BONK {2,}PENDING/);
    expect(lines[4]).to.equal('more: --limit 6, or --all');
  });

  it('reads every page with --all', async () => {
    const { at } = await listing();
    const { stdout } = await run(['orders', '--all', '-o', 'json'], { at });
    const answer = JSON.parse(stdout);
    expect(answer.orders).to.have.length(120);
    expect(answer.next_page_token).to.equal('');
  });

  it('passes the filters on', async () => {
    const { at, asked } = await listing();
    await run(['orders', '--status', 'pending,failed', '--type', 'exit', '--token', 'WIF', '--limit', '1'], { at });
    expect(asked[0]).to.deep.include({
      statuses: [OrderStatus.PENDING, OrderStatus.FAILED],
      orderType: OrderType.EXIT,
      tokenAddress: 'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm',
      pageSize: 1,
    });
  });

  it('fits 80 columns and keeps an id whole', async () => {
    const id = 'cli-6d2b1aa9-b5bb-4d3a-a7ce-017cbdd8acd6';
    const order = anOrder({ orderReqId: id, status: OrderStatus.CONFIRMING, exitReason: 'take_profit_1' });
    server = await serve({ orders: { listOrders: unary(() => ({ orders: [order], nextPageToken: '' })) } });
    const { lines } = await run(['orders', '--no-color'], { at: server, columns: 80 });
    for (const line of lines) expect(line.length).to.be.at.most(80);
    expect(lines[1]).to.contain(id);
  });

  it('shows one by either id, with attempts and why it stands where it stands', async () => {
    const signature = '5KtPn1LGuxhFiwjxErkxTb7XxtLVYUBe6Cn33ej7ATNVk1bEUvJkFqDeCPEKxwVyhPfHkJNTJnCmNsQYwTA9Mz4x';
    const attempt = {
      number: 1,
      txSignature: signature,
      state: AttemptState.SENT,
      lastValidBlockHeight: 9n,
      slot: 0n,
      feeSol: '',
      error: '',
    };
    const asked: (string | undefined)[] = [];
    server = await serve({
      orders: {
        getOrder: unary(({ id }: GetOrderRequest) => {
          asked.push(id?.$case);
          if (id?.$case === 'orderId') throw new ExitlaneError('ORDER_NOT_FOUND', 'no such order');
          const attempts = [
            { ...attempt, createdAt: undefined, sentAt: undefined, resolvedAt: undefined, seenAt: undefined },
          ];
          return { order: anOrder({ status: OrderStatus.CONFIRMING, reason: 'UNKNOWN', attempts }) };
        }),
      },
    });
    const { stdout } = await run(['orders', '01990000-0000-7000-8000-000000000009'], { at: server });
    expect(asked).to.deep.equal(['orderId', 'orderReqId']);
    expect(stdout).to.contain('may still land');
    expect(stdout).to.contain(`1  SENT   ${signature}`);
  });

  it('ends with 5 when the requestor is not there', async () => {
    const { exitCode, stderr } = await run(['orders']);
    expect(exitCode).to.equal(ExitCode.UNREACHABLE);
    expect(stderr).to.contain('UNAVAILABLE: no answer (connect ECONNREFUSED 127.0.0.1:1)');
    expect(stderr).to.contain('exitlane dev');
  });
});

describe('why an order stands where it stands', () => {
  const queue = QueueStats.fromPartial({
    processing: 3n,
    maxConcurrentOrders: 3,
    tradingState: TradingState.ACTIVE,
    priorities: [
      { priority: 0, queued: 1n },
      { priority: 10, queued: 2n },
      { priority: 100, queued: 5n },
    ],
  });

  it('counts who waits before it', () => {
    expect(whyItStands(anOrder(), queue)).to.contain('3 of 3 slots are in use, 3 more urgent orders wait before it.');
  });

  it('names the trading state that holds it, and spares an emergency', () => {
    const halted = { ...queue, tradingState: TradingState.HALTED };
    expect(whyItStands(anOrder(), halted)).to.contain('HALTED: only emergency exits start');
    expect(whyItStands(anOrder({ emergency: true, priority: 0 }), halted)).not.to.contain('HALTED');
    const exitsOnly = { ...queue, tradingState: TradingState.EXITS_ONLY };
    expect(whyItStands(anOrder(), exitsOnly)).to.contain('EXITS_ONLY: no entry starts');
    expect(whyItStands(anOrder({ priority: 30 }), exitsOnly)).not.to.contain('EXITS_ONLY');
  });

  for (const [own, text] of [
    [
      { status: OrderStatus.FAILED, lastError: 'no route', attemptCount: 2 },
      'no route. Nothing of it is on chain. Attempt 2 of 5',
    ],
    [
      { status: OrderStatus.CANCELLED, reason: 'ATTEMPTS_EXHAUSTED', lastError: 'no route.' },
      'no route. All 5 attempts',
    ],
    [
      { status: OrderStatus.CANCELLED, reason: 'TOKEN_NOT_TRADABLE', lastError: 'not traded' },
      'not traded. No later try could fare better (TOKEN_NOT_TRADABLE). Nothing was traded.',
    ],
    [{ status: OrderStatus.CANCELLED, reason: 'EXPIRED' }, 'was not to trade later'],
    [{ status: OrderStatus.CONFIRMING, reason: 'SETTLING' }, 'the amounts are being read'],
    [{ status: OrderStatus.FILLED }, 'Landed on chain'],
    [{ status: OrderStatus.UNRECOGNIZED }, 'update exitlane'],
  ] as const) {
    it(`explains ${own.status} ${'reason' in own ? own.reason : ''}`, () => {
      expect(whyItStands(anOrder(own), undefined)).to.contain(text);
    });
  }
});
