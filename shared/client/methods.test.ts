import { expect } from 'chai';
import { AlertServiceService } from '../../proto/gen/exitlane/v1/alert_service.js';
import { DeliveryServiceService } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { MarketServiceService } from '../../proto/gen/exitlane/v1/market_service.js';
import { OrderServiceService } from '../../proto/gen/exitlane/v1/order_service.js';
import { PositionServiceService } from '../../proto/gen/exitlane/v1/position_service.js';
import { QueueServiceService, TradingState } from '../../proto/gen/exitlane/v1/queue_service.js';
import { SystemServiceService } from '../../proto/gen/exitlane/v1/system_service.js';
import { ExitlaneError } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import type { CallContext } from '../grpc/call-scope.js';
import { listMethods } from '../grpc/method-catalogue.js';
import { effectOf } from '../grpc/method-effects.js';
import { type GrpcServer, startGrpcServer } from '../grpc/server.js';
import { serverStream } from '../grpc/stream.js';
import { failure } from '../grpc/testing/delivery.js';
import { unary } from '../grpc/unary.js';
import { connectExitlane, type ExitlaneClient } from './connect.js';

const DEFINITIONS = [
  AlertServiceService,
  DeliveryServiceService,
  MarketServiceService,
  OrderServiceService,
  PositionServiceService,
  QueueServiceService,
  SystemServiceService,
];

/** Writes that the service knows again by the client's id. */
const BY_ID = [
  'DeliveryService/SubmitProposal',
  'OrderService/ProcessSignal',
  'OrderService/RetryOrder',
  'OrderService/SubmitOrder',
  'PositionService/ExitPosition',
  'PositionService/RetryExit',
];

async function first(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) return;
}

const state = { state: TradingState.HALTED, changedBy: 'me', changeReason: 'test' };

/** Every method of the API, by the client's method for it. */
const CALLS: Readonly<Record<string, (client: ExitlaneClient) => Promise<unknown>>> = {
  'AlertService/ListAlerts': ({ alerts }) => alerts.list(),
  'AlertService/GetAlert': ({ alerts }) => alerts.get('a'),
  'AlertService/AcknowledgeAlert': ({ alerts }) => alerts.acknowledge('a', 'me'),
  'AlertService/ResolveAlert': ({ alerts }) => alerts.resolve('a', 'me'),
  'AlertService/WatchAlerts': ({ alerts }) => first(alerts.watch()),
  'DeliveryService/StreamOrder': (client) => first(client.followOrder('o')),
  'DeliveryService/SubmitProposal': ({ proposals }) =>
    proposals.submit({ orderReqId: 'o', source: 'me', amountSol: '1', amountTokens: '1' }),
  'DeliveryService/GetOrderQueueStats': ({ proposals }) => proposals.queues(),
  'MarketService/GetPrice': ({ market }) => market.price('t'),
  'MarketService/StreamPrices': ({ market }) => first(market.prices(['t'])),
  'MarketService/GetMint': ({ market }) => market.mint('t'),
  'MarketService/GetWallet': ({ market }) => market.wallet(),
  'MarketService/GetGateStats': ({ market }) => market.gate(),
  'OrderService/SubmitOrder': ({ orders }) => orders.buy({ tokenAddress: 't', amountSol: '1' }),
  'OrderService/ProcessSignal': ({ orders }) => orders.signal({ tokenAddress: 't', amountSol: '1' }),
  'OrderService/GetOrder': ({ orders }) => orders.get({ orderReqId: 'o' }),
  'OrderService/ListOrders': ({ orders }) => first(orders.all()),
  'OrderService/CancelOrder': ({ orders }) => orders.cancel({ orderReqId: 'o' }, 'test'),
  'OrderService/RetryOrder': ({ orders }) => orders.retry('o'),
  'OrderService/WatchOrders': ({ orders }) => first(orders.watch()),
  'PositionService/ListPositions': ({ positions }) => first(positions.all()),
  'PositionService/GetPosition': ({ positions }) => positions.get('p'),
  'PositionService/ExitPosition': (client) => client.exitPosition('p', { percent: 50 }),
  'PositionService/RetryExit': ({ positions }) => positions.retryExit('p'),
  'PositionService/SetExitPlan': ({ positions }) => positions.setPlan('p', {}),
  'PositionService/GetPnl': ({ positions }) => positions.pnl(),
  'PositionService/WatchPositions': ({ positions }) => first(positions.watch()),
  'QueueService/GetQueueStats': ({ queue }) => queue.stats(),
  'QueueService/WatchQueueStats': ({ queue }) => first(queue.watch()),
  'QueueService/GetTradingState': ({ queue }) => queue.tradingState(),
  'QueueService/SetTradingState': ({ queue }) => queue.setTradingState(state),
  'SystemService/GetStatus': ({ system }) => system.status('processor'),
  'SystemService/ListAuditEntries': ({ system }) => system.audit(),
};

const STREAMS = new Set(
  listMethods().flatMap(({ name, serverStreaming }) => (serverStreaming ? name.replace('exitlane.v1.', '') : [])),
);

describe('S6 every method of the API, by the client', () => {
  let server: GrpcServer;
  let client: ExitlaneClient;
  const seen: string[] = [];
  const requestIds = new Set<string>();
  before(async () => {
    const services = DEFINITIONS.map((definition) => ({
      definition,
      implementation: Object.fromEntries(
        Object.entries(definition).map(([name, { path, responseStream }]) => {
          const refuse = (_: unknown, { requestId }: CallContext) => {
            seen.push(path.replace('/exitlane.v1.', ''));
            requestIds.add(requestId);
            if (seen.length > 1) throw new ExitlaneError('INVALID_FIELD', 'asked once more');
            throw new ExitlaneError('DATABASE_UNAVAILABLE', 'the database is away');
          };
          return [name, responseStream ? serverStream(async (request, ctx) => refuse(request, ctx)) : unary(refuse)];
        }),
      ),
    }));
    server = await startGrpcServer({ port: 0, name: 'refuser', logger: silentLogger, services });
    client = connectExitlane({ requestor: server.address, processor: server.address });
  });
  after(async () => {
    client.close();
    await server.close();
  });

  it('has one for each that is not for our own services', () => {
    const names = listMethods().map(({ name }) => name.replace('exitlane.v1.', ''));
    const open = names.filter((name) => effectOf(name) !== 'carries-out');
    expect(Object.keys(CALLS).sort()).to.deep.equal(open.sort());
  });

  for (const [method, make] of Object.entries(CALLS)) {
    const isSafe = effectOf(method) === 'reads' || BY_ID.includes(method);
    it(`${isSafe ? 'repeats' : 'makes once'} ${method}, which may have been carried out`, async () => {
      seen.length = 0;
      requestIds.clear();
      const error = await failure(make(client));
      expect(seen).to.deep.equal(isSafe ? [method, method] : [method]);
      if (isSafe) expect(error).to.include({ name: 'CallError', reason: 'INVALID_FIELD', outcomeUnknown: false });
      else expect(error).to.include({ name: 'CallError', reason: 'DATABASE_UNAVAILABLE', outcomeUnknown: true });
      if (!STREAMS.has(method)) expect(requestIds.size, 'names of the call in the log').to.equal(1);
    });
  }
});
