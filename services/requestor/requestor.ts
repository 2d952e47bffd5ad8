import type { Clock } from '../../shared/core/clock.js';
import { type Closable, CloseStack } from '../../shared/core/lifecycle.js';
import { DRAIN_MS, LEASE_MS, LEASE_RENEW_MS } from '../../shared/core/limits.js';
import type { Logger } from '../../shared/core/logger.js';
import { seededRandom } from '../../shared/core/random.js';
import { joinObservers } from '../../shared/grpc/call-observer.js';
import type { Security } from '../../shared/grpc/security.js';
import { startGrpcServer } from '../../shared/grpc/server.js';
import { systemService } from '../../shared/grpc/system-service.js';
import { tracedCalls } from '../../shared/grpc/traced-calls.js';
import { databaseCheck } from '../../shared/metrics/checks.js';
import { grpcMetrics } from '../../shared/metrics/grpc-metrics.js';
import type { Metrics } from '../../shared/metrics/metrics.js';
import { ReadinessWatch } from '../../shared/metrics/readiness.js';
import { DurableOrderSource } from '../../shared/queue/durable-order-source.js';
import type { OrderHolding } from '../../shared/queue/order-holding.js';
import { PriorityQueueManager } from '../../shared/queue/priority-queue-manager.js';
import type { PriorityTaskInput } from '../../shared/queue/task.js';
import { mapTaskSource } from '../../shared/queue/task-source.js';
import type { Database } from '../../shared/store/database.js';
import { readQueueStats } from '../../shared/store/queue-stats.js';
import { setSlotLimits } from '../../shared/store/scheduler-state.js';
import { modeIn, sendersOf } from './alerts/config.js';
import { startAlertOutbox } from './alerts/outbox.js';
import { startAuditSealer } from './audit-sealer.js';
import type { RequestorConfig } from './config.js';
import { ExitManager } from './exits/exit-manager.js';
import { fleetMetrics } from './fleet-metrics.js';
import { alertService } from './handlers/alert-handlers.js';
import { orderService } from './handlers/order-handlers.js';
import { positionService } from './handlers/position-handlers.js';
import { queueService } from './handlers/queue-handlers.js';
import { createEntryLimit } from './intake/entry-limit.js';
import { createExitIntake } from './intake/exit-intake.js';
import { createIntake } from './intake/intake.js';
import { createSignalIntake } from './intake/signal-intake.js';
import { connectProcessor } from './processor-link.js';
import { deliveryMetrics, processorCheck } from './requestor-metrics.js';
import { startRetention } from './retention/retention.js';
import { startDueOrders } from './scheduler/due-orders.js';
import { createOrderRunner } from './scheduler/order-runner.js';

export interface Requestor {
  /** `host:port` of its gRPC server. */
  readonly address: string;
  /** Whether it can do its work. */
  readonly readiness: ReadinessWatch;
  close(): Promise<void>;
}

export interface RequestorOptions {
  readonly db: Database;
  readonly config: RequestorConfig;
  /** TLS, who may call, and how it shows itself to the processor; default: plain, as on loopback. */
  readonly security?: Security | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where it counts; default: nowhere. */
  readonly metrics?: Metrics | undefined;
}

/**
 * Starts the requestor: intake and queries on its gRPC server, and the scheduler, which is a PriorityQueueManager over the
 * database's orders - one task is one ExecuteOrder stream to the processor. The database is the caller's to close.
 */
export async function startRequestor(options: RequestorOptions): Promise<Requestor> {
  const { db, config, security, clock, logger, metrics } = options;
  const open = new CloseStack(logger);
  try {
    const link = connectProcessor(config.processorAddress, security?.client);
    open.add('connection to the processor', () => link.close());
    const sealer = startAuditSealer({ db, clock, logger });
    open.add('audit log', () => sealer.close());
    const server = await startServer(options, link);
    const alerts = startAlerts(options);
    open.add('alert senders', () => alerts.close());
    // Guarding positions comes before anything new is started (A5).
    const openPrices = (mints: readonly string[], signal: AbortSignal) => link.prices(mints, signal);
    const exitManager = new ExitManager({ db, openPrices, config, clock, logger });
    open.add('exit manager', () => exitManager.close());
    await exitManager.start();
    const scheduler = await startScheduler({ db, config, clock, logger }, link);
    open.add('scheduler', () => scheduler.close());
    const retention = startRetention({ db, config: config.retention, clock, logger });
    open.add('retention', () => retention.close());
    open.add('gRPC server', async () => {
      await server.drain(DRAIN_MS);
    });
    if (metrics) fleetMetrics(metrics, { db, clock });
    const readiness = new ReadinessWatch({
      service: 'requestor',
      checks: [databaseCheck(db), processorCheck({ link, address: config.processorAddress, logger, metrics })],
      onChange: (ready) => server.setServing(ready),
      logger,
      metrics,
    });
    open.add('readiness', () => readiness.drain());
    await readiness.start();
    logger.info(
      { address: server.address, processor: config.processorAddress },
      `requestor listens on ${server.address}`,
    );
    return { address: server.address, readiness, close: () => open.close() };
  } catch (error) {
    await open.close();
    throw error;
  }
}

type Link = ReturnType<typeof connectProcessor>;

async function startServer({ db, config, security, clock, logger, metrics }: RequestorOptions, link: Link) {
  const entryLimit = createEntryLimit(db, config.maxQueuedEntries);
  const intake = createIntake({ db, link, config, entryLimit });
  const signals = createSignalIntake({ db, link, config, entryLimit });
  const exits = createExitIntake({ db, link, config, clock });
  const { processedTotal } = await readQueueStats(db);
  return startGrpcServer({
    host: config.host,
    port: config.port,
    name: 'requestor',
    logger,
    clock,
    security: security?.server,
    observer: joinObservers([metrics && grpcMetrics(metrics), tracedCalls()], logger),
    serving: false,
    services: [
      orderService({ db, intake, signals, clock, logger }),
      queueService({ db, endedBefore: processedTotal, clock, logger }),
      positionService({ db, exits, clock, logger }),
      alertService({ db, clock, logger }),
      systemService({ service: 'requestor', db, clock }),
    ],
  });
}

function startAlerts({ db, config, clock, logger, metrics }: RequestorOptions): Closable {
  const senders = sendersOf(config.alerts);
  if (senders.length > 0)
    logger.info({ senders: senders.map(({ name, host }) => `${name} (${host})`) }, 'alerts are sent');
  const modeOf = modeIn(config.alerts);
  const onTry = metrics && deliveryMetrics(metrics);
  return startAlertOutbox({ db, senders, modeOf, clock, random: seededRandom(), logger, onTry });
}

async function startScheduler({ db, config, clock, logger }: RequestorOptions, link: Link) {
  await setSlotLimits(db, {
    maxConcurrent: config.maxConcurrentOrders,
    exitReserved: config.exitReservedSlots,
    emergencyExtra: config.emergencyExtraSlots,
  });
  const { owner } = config;
  const source = new DurableOrderSource({ db, owner, leaseMs: LEASE_MS, renewMs: LEASE_RENEW_MS, clock, logger });
  const run = createOrderRunner({ db, link, owner, leaseMs: LEASE_MS, clock, logger });
  const toTask = (holding: OrderHolding): PriorityTaskInput => {
    const { orderId, fence, orderReqId, priority, createdAt } = holding.order;
    return {
      taskId: `${orderId}/${fence}`,
      orderReqId,
      priority,
      createdAt: createdAt.getTime(),
      task: (context) => run(holding, context).finally(() => source.release(holding)),
    };
  };
  const manager = new PriorityQueueManager({
    maxConcurrentTasks: config.maxConcurrentOrders,
    source: mapTaskSource(source, toTask),
    clock,
    logger,
  });
  await source.start();
  manager.start();
  const due = startDueOrders({ db, clock, logger });
  return {
    async close() {
      await due.close();
      await manager.stop();
      await source.close();
    },
  };
}
