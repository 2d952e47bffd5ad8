import { TradingMode } from '../../proto/gen/exitlane/v1/system_service.js';
import type { Clock } from '../../shared/core/clock.js';
import { CloseStack } from '../../shared/core/lifecycle.js';
import { DRAIN_MS } from '../../shared/core/limits.js';
import type { Logger } from '../../shared/core/logger.js';
import { type Random, seededRandom } from '../../shared/core/random.js';
import { joinObservers } from '../../shared/grpc/call-observer.js';
import type { Security } from '../../shared/grpc/security.js';
import { startGrpcServer } from '../../shared/grpc/server.js';
import { systemService } from '../../shared/grpc/system-service.js';
import { tracedCalls } from '../../shared/grpc/traced-calls.js';
import { databaseCheck } from '../../shared/metrics/checks.js';
import { grpcMetrics } from '../../shared/metrics/grpc-metrics.js';
import type { Metrics } from '../../shared/metrics/metrics.js';
import { ReadinessWatch } from '../../shared/metrics/readiness.js';
import type { Order } from '../../shared/order/order.js';
import { OrderQueueManager } from '../../shared/queue/order-queue-manager.js';
import type { Database } from '../../shared/store/database.js';
import { checkKey, PRICE_INTERVAL_MS_DEFAULT, type ProcessorConfig } from './config.js';
import { DurableOrderQueues, type QueueMessage } from './delivery/durable-order-queues.js';
import { OrderHub } from './delivery/order-hub.js';
import type { Executor } from './execution/executor.js';
import { MockExecutor } from './execution/mock-executor.js';
import { RunSupervisor } from './execution/run-supervisor.js';
import { SimulatedExecutor } from './execution/simulated-executor.js';
import { VenueExecutor } from './execution/venue-executor.js';
import { deliveryService } from './handlers/delivery-handlers.js';
import { executionService } from './handlers/execution-handlers.js';
import { marketService } from './handlers/market-handlers.js';
import { MintRegistry } from './market/mint-registry.js';
import { PriceFeed, type PriceFeedOptions } from './market/price-feed.js';
import { PriceOracle } from './market/price-oracle.js';
import { SCAN_DEFAULTS } from './market/scan-config.js';
import { MarketScanner } from './market/scanner.js';
import { readWallet } from './market/wallet-view.js';
import { processorMetrics, venueCheck } from './processor-metrics.js';
import { startProposalExpiry } from './proposals/expiry.js';
import { createProposalDesk } from './proposals/proposal-desk.js';
import { startLater } from './start-up.js';
import { directCalls } from './venue/calls.js';
import { venueSettings } from './venue/config.js';
import { EndpointHealth } from './venue/endpoint-health.js';
import { createGate } from './venue/gate-config.js';
import { gatedCalls } from './venue/gated-calls.js';
import { createVenue } from './venue/venue.js';
import { loadWallet } from './wallet/load-wallet.js';
import type { Signer } from './wallet/signer.js';

export interface Processor {
  /** `host:port` of its gRPC server. */
  readonly address: string;
  /** Whether it can do its work. */
  readonly readiness: ReadinessWatch;
  close(): Promise<void>;
}

export interface ProcessorOptions {
  readonly db: Database;
  readonly config: ProcessorConfig;
  /** TLS and who may call; default: plain, as on loopback. */
  readonly security?: Security | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: Random;
  /** Where it counts; default: nowhere. */
  readonly metrics?: Metrics | undefined;
}

/**
 * Starts the processor: execution on whatever executor the configuration names, and delivery of every order's messages. The
 * database is the caller's to close.
 */
export async function startProcessor(options: ProcessorOptions): Promise<Processor> {
  const { db, config, clock, logger, metrics } = options;
  const random = options.random ?? seededRandom();
  checkKey(config);
  const signer = await loadWallet(config);
  const open = new CloseStack(logger);
  try {
    const { gate, health, venue } = openVenue(options, open);
    const mints = new MintRegistry({ db, endpoints: venue.endpoints });
    const oracle = new PriceOracle({ jupiter: venue.jupiter, mints, clock });
    const wallet = { signer, endpoints: venue.endpoints, mints };
    const { scan = SCAN_DEFAULTS } = config;
    const scanner = new MarketScanner({ oracle, mints: scan.mints, intervalMs: scan.intervalMs, clock, logger });
    open.add('market scanner', () => scanner.close());
    const feeds = priceFeeds({ oracle, clock, logger }, config);
    for (const feed of Object.values(feeds)) open.add('price feed', () => feed.close());
    const executorFor = chooseExecutor(options, { venue, oracle, signer });
    const { retryPolicy } = config;
    const supervisor = new RunSupervisor({ db, executorFor, clock, random, retryPolicy, logger });
    open.add('running orders', () => supervisor.close());
    const recovered = await supervisor.recover();
    if (recovered > 0) logger.warn({ orders: recovered }, 'watching attempts again that were under way');
    const hub = new OrderHub(db);
    open.add('order hub', () => hub.close());
    const expiry = startProposalExpiry({ db, clock, logger });
    open.add('proposal expiry', () => expiry.close());
    const desk = createProposalDesk(db);
    const log = new DurableOrderQueues({ db, hub, place: (offer) => desk.place(offer) });
    const orderQueues = new OrderQueueManager<QueueMessage>({ store: log, clock });
    const server = await startGrpcServer({
      host: config.host,
      port: config.port,
      name: 'processor',
      logger,
      clock,
      security: options.security?.server,
      observer: joinObservers([metrics && grpcMetrics(metrics), tracedCalls()], logger),
      serving: false,
      services: [
        executionService({ db, hub, supervisor, clock }),
        deliveryService({ db, hub, desk, orderQueues, log, clock }),
        marketService({
          mints,
          oracle,
          feeds,
          scanner,
          gate,
          readWallet: (signal) => readWallet(wallet, signal),
          clock,
        }),
        systemService({ service: 'processor', db, clock, mode: modeOf(config), endpoints: () => health.list() }),
      ],
    });
    open.add('gRPC server', async () => {
      await server.drain(DRAIN_MS);
    });
    // From here on the prices that guard positions can be had; what only looks at the market follows (A5).
    const look = () => scanner.start(scan.firstCallDelayMs);
    const steps = scan.mints.length === 0 ? [] : [{ name: 'market scanner', afterMs: scan.startDelayMs, start: look }];
    const startUp = startLater(steps, { clock, logger });
    open.add('start-up', () => startUp.close());
    if (metrics) processorMetrics(metrics, { gate, health, feeds, supervisor, clock });
    const readiness = new ReadinessWatch({
      service: 'processor',
      checks: [databaseCheck(db), venueCheck(health)],
      onChange: (ready) => server.setServing(ready),
      logger,
      metrics,
    });
    open.add('readiness', () => readiness.drain());
    await readiness.start();
    const facts = { address: server.address, executor: config.executor, wallet: signer?.publicKey.toBase58() };
    logger.info(facts, `processor listens on ${server.address}, executor ${config.executor}`);
    return { address: server.address, readiness, close: () => open.close() };
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** The clients of the venue, with every call of theirs behind the gate (A1). */
function openVenue({ config, clock, logger }: ProcessorOptions, open: CloseStack) {
  const health = new EndpointHealth(config.venue);
  const { requestTimeoutMs: timeoutMs } = venueSettings(config.venue);
  const gate = createGate(config.gate ?? {}, config.venue, { clock, logger: logger.child({ part: 'gate' }) });
  open.add('gate', () => gate.close());
  const call = gatedCalls({ gate, call: health.observe(directCalls({ clock, timeoutMs })), clock });
  const venue = createVenue(config.venue, { clock, logger, call });
  open.add('venue', () => venue.close());
  return { gate, health, venue };
}

/** One look for all who listen: positions are looked at more often than what is only scanned. */
function priceFeeds(
  parts: Pick<PriceFeedOptions, 'oracle' | 'clock' | 'logger'>,
  { priceIntervalMs }: ProcessorConfig,
) {
  const intervalMs = priceIntervalMs ?? PRICE_INTERVAL_MS_DEFAULT;
  return {
    POSITION: new PriceFeed({ ...parts, purpose: 'POSITION', intervalMs }),
    SCAN: new PriceFeed({ ...parts, purpose: 'SCAN', intervalMs: intervalMs * SCAN_INTERVALS }),
  };
}

/** What is scanned is looked at this many times more rarely than positions. */
const SCAN_INTERVALS = 10;

interface ExecutorParts {
  readonly venue: ReturnType<typeof createVenue>;
  readonly oracle: PriceOracle;
  readonly signer: Signer | undefined;
}

/** E4: an order marked as simulated never reaches the venue, whatever the process trades on. */
function chooseExecutor({ config, clock, logger }: ProcessorOptions, parts: ExecutorParts) {
  const { venue, oracle, signer } = parts;
  const delays = config.simulatedDelaysMs;
  const simulated = new SimulatedExecutor({
    clock,
    oracle,
    ...(delays === undefined ? {} : { prepareDelayMs: delays.prepare, confirmDelayMs: delays.confirm }),
  });
  const real: Record<ProcessorConfig['executor'], () => Executor> = {
    venue: () => new VenueExecutor({ venue, signer, logger }),
    simulated: () => simulated,
    mock: () => new MockExecutor({ clock, ...(config.seed === undefined ? {} : { seed: config.seed }) }),
  };
  const configured = real[config.executor]();
  return (order: Order) => (order.isSimulated && configured.isReal ? simulated : configured);
}

function modeOf({ executor, sandbox }: ProcessorConfig): TradingMode {
  if (executor !== 'venue') return TradingMode.SIMULATION;
  return sandbox ? TradingMode.SANDBOX : TradingMode.LIVE;
}
