import path from 'node:path';
import { type Clock, systemClock } from '../shared/core/clock.js';
import { readEnv } from '../shared/core/env.js';
import { CloseStack } from '../shared/core/lifecycle.js';
import type { Logger } from '../shared/core/logger.js';
import { startObserving } from '../shared/metrics/observing.js';
import type { ObserveConfig } from '../shared/metrics/settings.js';
import type { RetryPolicy } from '../shared/order/retry-policy.js';
import { openDatabase } from '../shared/store/database.js';
import { CONSOLE_DEFAULTS } from './console/config.js';
import { startConsole } from './console/console.js';
import type { ProcessorConfig } from './processor/config.js';
import { startProcessor } from './processor/processor.js';
import type { VenueOptions } from './processor/venue/config.js';
import { loadKeypairFile } from './processor/wallet/keypair-file.js';
import { REQUESTOR_DEFAULTS, REQUESTOR_SETTINGS, type RequestorConfig, requestorConfigOf } from './requestor/config.js';
import { startRequestor } from './requestor/requestor.js';
import { startSandbox } from './sandbox/sandbox.js';

/** Everything in one process: embedded database, sandbox venue, processor, requestor. For a first look and for tests. */
export interface DevOptions {
  /** Folder of database, chain and wallet; made if missing. */
  readonly dataDir: string;
  /** 0 takes any free port. */
  readonly requestorPort: number;
  readonly processorPort: number;
  /** Of a sandbox started here. */
  readonly sandboxPort: number;
  /** Of the web console; 0 takes any free port. Default: no console. */
  readonly consolePort?: number;
  /** A sandbox in a process of its own, whose chain goes on when this one stops. Default: one is started here. */
  readonly sandbox?: OtherSandbox;
  /** Milliseconds per block of the sandbox's chain; 400 is like the real one. */
  readonly slotMs: number;
  /** Seed of the sandbox's keys, hashes and prices; default: each new chain is different. */
  readonly seed?: number;
  /** P4; default 3. */
  readonly maxConcurrentOrders?: number;
  /** E3; default 1 s, doubling to 60 s. */
  readonly retryPolicy?: RetryPolicy;
  /** Settings of the venue's clients that differ from what suits the sandbox, such as `confirmTimeoutMs`. */
  readonly venue?: Partial<VenueOptions>;
  /** How many calls the venue takes, and of which mints prices are kept; default: all, and of none. */
  readonly market?: Pick<ProcessorConfig, 'gate' | 'scan' | 'priceIntervalMs'>;
  /** Metrics and health of all of it together, and traces; default: none. */
  readonly observe?: ObserveConfig;
  /** Settings as an environment (O4): what they say of alerts, entry limits, plans, attempts, slippage and retention counts here too. */
  readonly settings?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  readonly logger: Logger;
}

const NOT_OBSERVED: ObserveConfig = { metrics: { host: '127.0.0.1', port: undefined }, tracing: undefined };

export interface OtherSandbox {
  readonly url: string;
  /** Of the wallet that it funded. */
  readonly keypairFile: string;
}

export interface DevStack {
  /** `host:port` for clients. */
  readonly requestorAddress: string;
  readonly processorAddress: string;
  readonly sandboxUrl: string;
  /** Of the web console; empty without one. */
  readonly consoleUrl: string;
  /** Public key of the funded sandbox wallet, base58. */
  readonly walletAddress: string;
  readonly dataDir: string;
  close(): Promise<void>;
}

export async function startDev(options: DevOptions): Promise<DevStack> {
  const { dataDir, slotMs, clock = systemClock, logger } = options;
  const defaults = requestorDefaults(options);
  const open = new CloseStack(logger);
  try {
    const { observe: config = NOT_OBSERVED } = options;
    const observing = await startObserving({ service: 'dev', config, logger });
    open.add('metrics and traces', () => observing.close());
    // The database first: its lock tells a second process off before anything else is touched.
    const db = await openDatabase({
      observer: observing.store,
      dataDir: path.join(dataDir, 'database'),
      logger: logger.child({ part: 'database' }),
    });
    open.add('database', () => db.close());
    observing.watchConnections(db);
    const { metrics } = observing;
    const sandbox = options.sandbox ?? (await openSandbox(options, open));
    const processor = await startProcessor({
      db,
      metrics,
      clock,
      logger: logger.child({ part: 'processor' }),
      config: {
        host: '127.0.0.1',
        port: options.processorPort,
        executor: 'venue',
        sandbox: true,
        keypairFile: sandbox.keypairFile,
        // Faster than on the real chain in the proportion in which the sandbox's blocks are.
        venue: {
          jupiterUrl: sandbox.url,
          rpcUrls: [sandbox.url],
          pollIntervalMs: Math.min(400, Math.max(20, slotMs)),
          resendIntervalMs: Math.min(2_000, 5 * slotMs),
          ...options.venue,
        },
        ...(options.retryPolicy === undefined ? {} : { retryPolicy: options.retryPolicy }),
        ...options.market,
      },
    });
    open.add('processor', () => processor.close());
    const requestor = await startRequestor({
      db,
      metrics,
      clock,
      logger: logger.child({ part: 'requestor' }),
      config: {
        ...defaults,
        port: options.requestorPort,
        processorAddress: processor.address,
        ...(options.maxConcurrentOrders === undefined ? {} : { maxConcurrentOrders: options.maxConcurrentOrders }),
      },
    });
    open.add('requestor', () => requestor.close());
    observing.watchReadiness('processor', processor.readiness);
    observing.watchReadiness('requestor', requestor.readiness);
    const addresses = { requestorAddress: requestor.address, processorAddress: processor.address };
    return {
      ...addresses,
      sandboxUrl: sandbox.url,
      consoleUrl: await openConsole(options, addresses, open),
      walletAddress: loadKeypairFile(sandbox.keypairFile).publicKey.toBase58(),
      dataDir,
      close: () => open.close(),
    };
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** Where things are, and whom they let in, is this process's own affair. */
function requestorDefaults({ settings }: DevOptions): RequestorConfig {
  if (settings === undefined) return REQUESTOR_DEFAULTS;
  const given = requestorConfigOf(readEnv(REQUESTOR_SETTINGS, settings));
  const { alerts, entryLimits, defaultExitPlan, retention } = given;
  const { maxAttempts, maxQueuedEntries, maxConcurrentOrders, exitReservedSlots, emergencyExtraSlots } = given;
  const { entrySlippageBps, exitSlippageBps, exitRetrySlippageBps, exitSlippageMaxBps } = given;
  return {
    ...REQUESTOR_DEFAULTS,
    ...{ alerts, entryLimits, defaultExitPlan, retention },
    ...{ maxAttempts, maxQueuedEntries, maxConcurrentOrders, exitReservedSlots, emergencyExtraSlots },
    ...{ entrySlippageBps, exitSlippageBps, exitRetrySlippageBps, exitSlippageMaxBps },
  };
}

async function openConsole(
  { consolePort: port, clock = systemClock, logger }: DevOptions,
  addresses: Pick<DevStack, 'requestorAddress' | 'processorAddress'>,
  open: CloseStack,
): Promise<string> {
  if (port === undefined) return '';
  const config = { ...CONSOLE_DEFAULTS, ...addresses, port };
  const console = await startConsole({ config, clock, logger: logger.child({ part: 'console' }) });
  open.add('console', () => console.close());
  return console.url;
}

async function openSandbox(options: DevOptions, open: CloseStack): Promise<OtherSandbox> {
  const { dataDir, sandboxPort: port, slotMs, seed, clock = systemClock, logger } = options;
  const sandbox = await startSandbox({
    dataDir: path.join(dataDir, 'sandbox'),
    port,
    slotMs,
    ...(seed === undefined ? {} : { seed }),
    clock,
    logger: logger.child({ part: 'sandbox' }),
  });
  open.add('sandbox', () => sandbox.close());
  return { url: sandbox.url, keypairFile: sandbox.walletPath };
}
