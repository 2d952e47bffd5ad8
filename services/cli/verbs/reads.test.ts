import { expect } from 'chai';
import { GetGateStatsResponse } from '../../../proto/gen/exitlane/v1/market_service.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import type { CancelOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { QueueStats, type SetTradingStateRequest, TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { GetStatusResponse, TradingMode } from '../../../proto/gen/exitlane/v1/system_service.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { type Answers, anOrder, run, serve } from '../testing/rig.js';

const POSITION = Position.fromPartial({
  positionId: '01a1fe42-d157-7ba9-9dff-4079dbdf5270',
  tokenSymbol: 'WIF',
  status: PositionStatus.OPEN,
  availableTokens: '277.919674',
  reservedTokens: '0',
  entryPrice: '0.0045',
  unrealizedPnl: '-0.003',
  exitPlan: { stopLossPercent: 10, takeProfits: [{ gainPercent: 25, sellPercent: 50 }] },
});

const STATS = QueueStats.fromPartial({
  queued: 9n,
  queuedEntries: 5n,
  queuedExits: 4n,
  processing: 3n,
  maxConcurrentOrders: 3,
  tradingState: TradingState.EXITS_ONLY,
  takenAt: new Date('2026-01-02T03:04:05.678Z'),
  priorities: [{ priority: 100, name: 'ENTRY', queued: 5n, oldestWaiting: { seconds: 2n, nanos: 0 } }],
  running: [
    {
      orderReqId: 'bot:1',
      tokenSymbol: 'WIF',
      status: OrderStatus.CONFIRMING,
      since: new Date('2026-01-02T03:04:04Z'),
    },
  ],
});

const GATE = GetGateStatsResponse.fromPartial({
  levels: [
    { level: 'CRITICAL', inFlight: 2, callsTotal: 412n },
    {
      level: 'NORMAL',
      waiting: 3,
      callsTotal: 90n,
      waitsTotal: 31n,
      averageWait: { seconds: 0n, nanos: 240_000_000 },
      waitMax: { seconds: 5n, nanos: 0 },
      refusedTotal: 1n,
    },
  ],
  hosts: [
    {
      host: 'jupiter api.jup.ag',
      budgetLeft: 9,
      budget: 30,
      reserved: 9,
      window: { seconds: 60n, nanos: 0 },
      waiting: 3,
      limitedTotal: 2n,
      limitedUntil: new Date('2026-01-02T03:04:05.678Z'),
      overBudgetTotal: 4n,
    },
    { host: 'rpc an-endpoint-with-a-long-name.example.org', inFlight: 2 },
  ],
});

describe('the other verbs', () => {
  let server: GrpcServer | undefined;
  afterEach(() => server?.close());
  const at = async (answers: Answers): Promise<GrpcServer> => {
    server = await serve(answers);
    return server;
  };

  it('lists positions in 80 columns with their whole ids', async () => {
    const positions = { listPositions: unary(() => ({ positions: [POSITION], nextPageToken: '' })) };
    const { lines } = await run(['positions', '--no-color'], { at: await at({ positions }), columns: 80 });
    for (const line of lines) expect(line.length).to.be.at.most(80);
    expect(lines[1]).to.match(/^01a1fe42-d157-7ba9-9dff-4079dbdf5270 {2}WIF {4}OPEN .* -0\.003/);
  });

  it('shows one position with its plan and how to leave it', async () => {
    const positions = { getPosition: unary(() => ({ position: POSITION })) };
    const { stdout } = await run(['positions', POSITION.positionId], { at: await at({ positions }) });
    expect(stdout).to.contain('stop-loss -10 %, at +25 % sell 50 %');
    expect(stdout).to.contain(
      `exitlane --requestor ${server?.address} --processor ${server?.address} exit ${POSITION.positionId}`,
    );
  });

  it('shows the queue by priority and what runs', async () => {
    const queue = { getQueueStats: unary(() => ({ stats: STATS })) };
    const { lines, stdout } = await run(['queue', '--no-color'], { at: await at({ queue }), columns: 80 });
    for (const line of lines) expect(line.length).to.be.at.most(80);
    expect(stdout).to.contain('9 (5 entries, 4 exits)');
    expect(stdout).to.match(/100 {2}ENTRY +5 +- +2\.0 s/);
    expect(stdout).to.match(/bot:1 .*WIF +CONFIRMING +1\.7 s/);
  });

  it('prints a line per change with queue --watch until told to stop, which is its usual end', async () => {
    const queue = {
      watchQueueStats: serverStream(async function* () {
        yield { stats: STATS };
        yield { stats: STATS };
        await new Promise(() => {});
      }),
    };
    const stop = new AbortController();
    let seen = 0;
    const onOutput = (): void => {
      seen += 1;
      if (seen === 2) stop.abort(new Interrupted('SIGINT'));
    };
    const { exitCode, lines } = await run(['queue', '--watch'], {
      at: await at({ queue }),
      signal: stop.signal,
      onOutput,
    });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(lines[0]).to.equal(
      '03:04:05.678  waiting 9 (5 entries, 4 exits)  running 3/3  retrying 0  ended 0  EXITS_ONLY',
    );
  });

  it('shows and changes the trading state, with who and why', async () => {
    let asked: SetTradingStateRequest | undefined;
    const queue = {
      getTradingState: unary(() => ({
        state: TradingState.HALTED,
        changedBy: 'alice',
        changeReason: 'test',
        changedAt: undefined,
      })),
      setTradingState: unary((request: SetTradingStateRequest) => {
        asked = request;
        return { state: request.state, changedAt: undefined };
      }),
    };
    const there = await at({ queue });
    expect((await run(['state'], { at: there })).stdout).to.match(
      /^HALTED: only emergency exits start\nchanged by +alice/,
    );
    const { exitCode } = await run(['state', 'set', 'exits_only', '--reason', 'slow', '--by', 'bob'], { at: there });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked).to.deep.include({ state: TradingState.EXITS_ONLY, changedBy: 'bob', changeReason: 'slow' });
    expect((await run(['state', 'set', 'OFF', '--reason', 'x'], { at: there })).exitCode).to.equal(ExitCode.LOCAL);
  });

  it('cancels and says what became of it', async () => {
    let asked: CancelOrderRequest | undefined;
    const orders = {
      cancelOrder: unary((request: CancelOrderRequest) => {
        asked = request;
        return { order: anOrder({ status: OrderStatus.CANCELLED, reason: 'CANCELLED_BY_CLIENT' }) };
      }),
    };
    const { exitCode, stdout } = await run(['cancel', 'bot:1', '--reason', 'gone'], { at: await at({ orders }) });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked).to.deep.include({ id: { $case: 'orderReqId', value: 'bot:1' }, cancelReason: 'gone' });
    expect(stdout).to.contain('bot:1  CANCELLED');
  });

  it('ends with 4 when a cancel got no answer: it may have worked', async () => {
    expect((await run(['cancel', 'bot:1'])).exitCode).to.equal(ExitCode.UNKNOWN);
  });

  it('shows the price of a token, and the wallet', async () => {
    const price = {
      tokenAddress: 'x',
      price: '0.0045',
      source: 'jupiter-price',
      at: undefined,
      age: { seconds: 0n, nanos: 5_000_000 },
    };
    const tokens = [{ tokenAddress: 'mint', tokenSymbol: 'WIF', amount: '1.5', decimals: 6 }];
    const market = {
      getPrice: unary(() => ({ price })),
      getWallet: unary(() => ({ address: 'abc', balanceSol: '999.5', tokens, keySource: 'keypair-file' })),
    };
    const there = await at({ market });
    expect((await run(['price', 'wif'], { at: there })).stdout).to.equal(
      'WIF  0.0045 SOL  (jupiter-price, 5 ms old)\n',
    );
    expect((await run(['wallet'], { at: there })).stdout).to.match(
      /address {2}abc\nbalance {2}999\.5 SOL[\s\S]*WIF +1\.5 {2}mint/,
    );
  });

  it('A6 shows the gate: calls by level, and what is left of each host’s limit', async () => {
    const market = { getGateStats: unary(() => GATE) };
    const there = await at({ market });
    const { exitCode, lines, stdout } = await run(['gate', '--no-color'], { at: there, columns: 80 });
    expect(exitCode).to.equal(ExitCode.OK);
    for (const line of lines) expect(line.length, line).to.be.at.most(80);
    expect(stdout).to.match(/CRITICAL +2 +- +412 +- /);
    expect(stdout).to.match(/NORMAL +- +3 +90 +31 .*5\.0 s +1\n/);
    expect(stdout).to.match(/jupiter api\.jup\.ag +9 +30 in 1 min 00 s .* 3 +2\n/);
    expect(stdout).to.match(/rpc an-endpo.* - +- /);
    expect(stdout).to.contain('jupiter api.jup.ag limits us until 03:04:05.678 UTC, but for critical calls');
    expect(stdout).to.contain('4 calls of exits went on over the budget');
    const json = await run(['gate', '-o', 'json'], { at: there });
    expect(JSON.parse(json.stdout)).to.have.nested.property('hosts[0].budget_left', 9);
  });

  it('shows both services, and ends with 5 when one is not there', async () => {
    const told = GetStatusResponse.fromPartial({
      version: '0.1.0',
      nodeVersion: '20',
      mode: TradingMode.SANDBOX,
      database: 'pglite',
    });
    const there = await at({ system: { getStatus: unary(() => told) } });
    const both = await run(['status', '-o', 'json'], { at: there });
    expect(both.exitCode).to.equal(ExitCode.OK);
    expect(JSON.parse(both.stdout)).to.have.nested.property('processor.status.mode', 'TRADING_MODE_SANDBOX');
    const one = await run(['status', '--processor', '127.0.0.1:1'], { at: there });
    expect(one.exitCode).to.equal(ExitCode.UNREACHABLE);
    expect(one.stdout).to.match(/requestor {2}SERVING[\s\S]*processor {2}UNREACHABLE {2}127\.0\.0\.1:1/);
  });
});
