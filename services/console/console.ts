import { setMaxListeners } from 'node:events';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../shared/core/clock.js';
import { CloseStack } from '../../shared/core/lifecycle.js';
import type { Logger } from '../../shared/core/logger.js';
import { joinAddress } from '../../shared/grpc/loopback.js';
import type { Metrics } from '../../shared/metrics/metrics.js';
import { ReadinessWatch } from '../../shared/metrics/readiness.js';
import { connectClients } from './clients.js';
import type { ConsoleConfig } from './config.js';
import { consoleMetrics, servicesCheck } from './console-metrics.js';
import { addActions } from './http/actions.js';
import { addAssets } from './http/assets.js';
import { Guard } from './http/guard.js';
import { addReads } from './http/reads.js';
import { createHttpServer } from './http/server.js';
import { addSessionRoutes } from './http/session-routes.js';
import { Sessions } from './http/sessions.js';
import { addStream } from './http/sse.js';
import { Hub } from './hub/hub.js';
import type { ConsoleSecurity } from './security.js';

export interface Console {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Whether it can do its work: show what the requestor tells. */
  readonly readiness: ReadinessWatch;
  close(): Promise<void>;
}

export interface ConsoleOptions {
  readonly config: ConsoleConfig;
  /** Default: plain HTTP, and plain gRPC to the services, as on loopback. */
  readonly security?: ConsoleSecurity | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where it counts; default: nowhere. */
  readonly metrics?: Metrics | undefined;
}

/** Starts the web console. The services need not be there: it says so, and finds them when they come. */
export async function startConsole({ config, security, clock, logger, metrics }: ConsoleOptions): Promise<Console> {
  const open = new CloseStack(logger);
  try {
    const addresses = { requestor: config.requestorAddress, processor: config.processorAddress };
    const clients = connectClients(addresses, security?.client);
    open.add('connections to the services', () => clients.close());
    const stop = new AbortController();
    // Every feed and every open call listens to it; their number is bounded elsewhere.
    setMaxListeners(0, stop.signal);
    const hub = new Hub({
      clients,
      addresses,
      explorerUrl: config.explorerUrl,
      parts: { clock, logger, signal: stop.signal },
    });
    hub.start();
    open.add('hub', () => {
      stop.abort(new Error('the console stops'));
      return hub.close();
    });
    const users = security?.users;
    const sessions = new Sessions({ users: () => users?.value ?? config.users, role: config.role, clock });
    const stopWatching = users?.onChange(() => {
      for (const sessionId of sessions.endStale()) hub.signOut(sessionId);
    });
    open.add('users file', () => stopWatching?.());
    const server = createHttpServer(logger, security?.tls);
    let port = config.port;
    const guard = new Guard({ host: config.host, port: () => port, allowedHosts: config.allowedHosts, sessions });
    guard.install(server);
    addSessionRoutes(server, { guard, sessions, hub, logger });
    addStream(server, guard, hub);
    addReads(server, guard, clients, () => clock.now());
    addActions(server, { guard, clients, hub, logger, now: () => clock.now() });
    addAssets(server);
    open.add('HTTP server', () => server.close());
    port = await listen(server, config);
    const url = `${security?.tls ? 'https' : 'http'}://${joinAddress(config.host, port)}`;
    logger.info({ url, requestor: addresses.requestor, processor: addresses.processor }, `console listens on ${url}`);
    if (metrics) consoleMetrics(metrics, hub);
    const readiness = new ReadinessWatch({
      service: 'console',
      checks: [servicesCheck(hub)],
      onChange: () => undefined,
      logger,
      metrics,
    });
    open.add('readiness', () => readiness.drain());
    await readiness.start();
    return { url, readiness, close: () => open.close() };
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** Returns the port. The error for a port in use says what to do. */
async function listen(server: FastifyInstance, { host, port }: ConsoleConfig): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    const text = `${joinAddress(host, port)} is in use: stop what listens there, or give the console another port (0 for any free one)`;
    throw new Error(text, { cause });
  }
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
