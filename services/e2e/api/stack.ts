/** Starts the services for a test file: all in one process, on real gRPC, with clients in front. */
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AlertServiceClient } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { DeliveryServiceClient } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { MarketServiceClient } from '../../../proto/gen/exitlane/v1/market_service.js';
import { OrderServiceClient } from '../../../proto/gen/exitlane/v1/order_service.js';
import { PositionServiceClient } from '../../../proto/gen/exitlane/v1/position_service.js';
import { QueueServiceClient } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { SystemServiceClient } from '../../../proto/gen/exitlane/v1/system_service.js';
import { type Clock, systemClock } from '../../../shared/core/clock.js';
import { CloseStack } from '../../../shared/core/lifecycle.js';
import { type Logger, silentLogger } from '../../../shared/core/logger.js';
import { connect } from '../../../shared/grpc/client.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { newDataDir } from '../../../shared/store/testing/pglite.js';
import { type DevOptions, startDev } from '../../dev.js';
import type { ProcessorConfig } from '../../processor/config.js';
import { startProcessor } from '../../processor/processor.js';
import { REQUESTOR_DEFAULTS, type RequestorConfig } from '../../requestor/config.js';
import { startRequestor } from '../../requestor/requestor.js';
import { startSandbox } from '../../sandbox/sandbox.js';

export interface Stack {
  /** `host:port`. */
  readonly requestorAddress: string;
  readonly processorAddress: string;
  readonly dataDir: string;
  readonly sandboxUrl: string;
  readonly orders: OrderServiceClient;
  readonly queue: QueueServiceClient;
  readonly positions: PositionServiceClient;
  readonly alerts: AlertServiceClient;
  readonly requestorSystem: SystemServiceClient;
  readonly delivery: DeliveryServiceClient;
  readonly market: MarketServiceClient;
  readonly processorSystem: SystemServiceClient;
  /** POST to the sandbox's control endpoint, such as `pause`, `resume` or `faults`. */
  control(action: string, body?: object): Promise<void>;
  close(): Promise<void>;
}

/** Time for starting a stack and opening positions; two seconds on an idle machine, far more on one that is busy elsewhere. */
export const START_MS = 120_000;

/** Quick blocks, so that an order takes a fifth of a second. */
const SLOT_MS = 50;

/** What `exitlane dev` starts, on an empty database, with prices that stand still. */
export async function startStack(options: Partial<DevOptions> = {}): Promise<Stack> {
  const open = new CloseStack(silentLogger);
  try {
    const dataDir = await emptyFolder(open);
    const ports = { requestorPort: 0, processorPort: 0, sandboxPort: 0 };
    const dev = await startDev({ dataDir, ...ports, slotMs: SLOT_MS, seed: 7, logger: silentLogger, ...options });
    open.add('services', () => dev.close());
    const stack = withClients(open, { ...dev, dataDir });
    await stack.control('volatility', { volatility: 0 });
    return stack;
  } catch (error) {
    await open.close();
    throw error;
  }
}

export interface PartsOptions {
  /** A PostgreSQL to run on; default: an embedded database of its own. */
  readonly databaseUrl?: string;
  readonly requestor?: Partial<RequestorConfig>;
  /** What the requestor is given in the place of the database. */
  readonly requestorDatabase?: (db: Database) => Database;
  readonly requestorClock?: Clock;
  readonly requestorLogger?: Logger;
  readonly processor?: Partial<ProcessorConfig>;
  readonly processorClock?: Clock;
  readonly processorLogger?: Logger;
}

/** The same services with settings and clocks of their own, on the mock executor unless told otherwise. */
export async function startParts(options: PartsOptions = {}): Promise<Stack & { readonly db: Database }> {
  const logger = silentLogger;
  const open = new CloseStack(logger);
  try {
    const { databaseUrl } = options;
    const dataDir = await (databaseUrl === undefined ? emptyFolder(open) : bareFolder(open));
    const place = databaseUrl === undefined ? { dataDir: path.join(dataDir, 'database') } : { databaseUrl };
    const db = await openDatabase({ ...place, logger });
    open.add('database', () => db.close());
    const folder = path.join(dataDir, 'sandbox');
    const sandbox = await startSandbox({ dataDir: folder, port: 0, slotMs: SLOT_MS, seed: 7, volatility: 0 });
    open.add('sandbox', () => sandbox.close());
    const venue = { jupiterUrl: sandbox.url, rpcUrls: [sandbox.url], pollIntervalMs: SLOT_MS };
    const processor = await startProcessor({
      db,
      logger: options.processorLogger ?? logger,
      clock: options.processorClock ?? systemClock,
      config: {
        host: '127.0.0.1',
        port: 0,
        executor: 'mock',
        sandbox: true,
        venue,
        ...(options.processor?.executor === 'venue' ? { keypairFile: sandbox.walletPath } : {}),
        ...options.processor,
      },
    });
    open.add('processor', () => processor.close());
    const requestor = await startRequestor({
      db: options.requestorDatabase?.(db) ?? db,
      logger: options.requestorLogger ?? logger,
      clock: options.requestorClock ?? systemClock,
      config: { ...REQUESTOR_DEFAULTS, port: 0, processorAddress: processor.address, ...options.requestor },
    });
    open.add('requestor', () => requestor.close());
    const addresses = { requestorAddress: requestor.address, processorAddress: processor.address };
    return { ...withClients(open, { ...addresses, sandboxUrl: sandbox.url, dataDir }), db };
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** A folder whose database is initialised but empty, which saves the seconds that making one takes. */
export async function emptyFolder(open: CloseStack): Promise<string> {
  const dataDir = await bareFolder(open);
  await rename(await newDataDir(), path.join(dataDir, 'database'));
  return dataDir;
}

async function bareFolder(open: CloseStack): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'exitlane-api-'));
  open.add('folder', () => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

interface Places {
  readonly requestorAddress: string;
  readonly processorAddress: string;
  readonly sandboxUrl: string;
  readonly dataDir: string;
}

export function withClients(open: CloseStack, places: Places): Stack {
  const { requestorAddress, processorAddress, sandboxUrl, dataDir } = places;
  const clients = {
    orders: connect(OrderServiceClient, requestorAddress),
    queue: connect(QueueServiceClient, requestorAddress),
    positions: connect(PositionServiceClient, requestorAddress),
    alerts: connect(AlertServiceClient, requestorAddress),
    requestorSystem: connect(SystemServiceClient, requestorAddress),
    delivery: connect(DeliveryServiceClient, processorAddress),
    market: connect(MarketServiceClient, processorAddress),
    processorSystem: connect(SystemServiceClient, processorAddress),
  };
  for (const [name, client] of Object.entries(clients)) open.add(name, () => client.close());
  return {
    requestorAddress,
    processorAddress,
    dataDir,
    sandboxUrl,
    ...clients,
    async control(action, body = {}) {
      const answer = await fetch(`${sandboxUrl}/control/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`the sandbox refused ${action}: ${await answer.text()}`);
    },
    close: () => open.close(),
  };
}
