import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { AccessList } from '../auth/access-list.js';
import { serverContext, type TlsMaterial } from '../auth/tls-files.js';
import { type Clock, systemClock, type Timer } from '../core/clock.js';
import { ExitlaneError, messageOf } from '../core/errors.js';
import type { Closable } from '../core/lifecycle.js';
import type { Logger } from '../core/logger.js';
import type { Reloading } from '../core/reloading.js';
import {
  HTTP_CONNECTIONS_MAX,
  HTTP_CONNECTIONS_PER_ADDRESS_MAX,
  HTTP_HANDSHAKE_MS_MAX,
  HTTP_HEADER_BYTES_MAX,
  HTTP_REQUEST_MS_MAX,
  HTTP_RETRY_MS,
} from './limits.js';
import type { Metrics } from './metrics.js';
import type { Readiness } from './readiness.js';
import { type MetricsConfig, mayListenOn } from './settings.js';

export interface MetricsServerOptions {
  readonly config: MetricsConfig;
  readonly metrics: Metrics;
  /** How each service in this process is. */
  readonly readiness: () => Promise<Readiness>;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** On an address that is open to others: TLS, and who may read the numbers. */
  readonly security?: MetricsSecurity | undefined;
  /** Milliseconds; default: HTTP_HANDSHAKE_MS_MAX. */
  readonly handshakeMsMax?: number;
}

/** Both are needed on an address that is open to others. */
export interface MetricsSecurity {
  readonly tls: Reloading<TlsMaterial> | undefined;
  readonly access: Reloading<AccessList> | undefined;
}

export interface MetricsServer extends Closable {
  /** Undefined while another process has the port. */
  readonly port: number | undefined;
}

const TEXT = 'text/plain; charset=utf-8';

/**
 * Numbers and health of a process over plain HTTP:
 *
 *   /metrics   the numbers, for Prometheus
 *   /livez     200 while the process answers at all
 *   /readyz    200 while it can do its work, else 503; a line per check
 *
 * On an address that is open to others they are told over TLS, and the numbers to those only who show a token (`Authorization: Bearer`)
 * of the access file. A port that is taken does not keep the service from trading: that is said as an error, and the port is tried again.
 * @throws CONFIG_INVALID on a host that is open to others without TLS and an access file
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { config, logger, clock = systemClock, handshakeMsMax: handshakeTimeout = HTTP_HANDSHAKE_MS_MAX } = options;
  const { host, port, isOpen = false } = config;
  const guard = isOpen || mayListenOn(host) ? undefined : guardOf(host, options.security);
  const limits = {
    maxHeaderSize: HTTP_HEADER_BYTES_MAX,
    requestTimeout: HTTP_REQUEST_MS_MAX,
    headersTimeout: HTTP_REQUEST_MS_MAX,
  };
  const answered = (request: IncomingMessage, response: ServerResponse) =>
    void answer({ ...options, guard }, request, response);
  const server = guard
    ? createTlsServer({ ...limits, handshakeTimeout, ...serverContext(guard.tls.value) }, answered)
    : createServer(limits, answered);
  const stopRenewing = guard?.tls.onChange((material) => {
    if (server instanceof TlsServer) server.setSecureContext(serverContext(material));
  });
  server.maxConnections = HTTP_CONNECTIONS_MAX;
  shareConnections(server);
  let timer: Timer | undefined;
  let closed = false;
  let complained = false;

  const open = async (): Promise<void> => {
    try {
      await listen(server, host, port ?? 0);
      if (closed) server.close();
      else
        logger.info(
          { host, port: portOf(server) },
          `metrics and health on ${guard ? 'https' : 'http'}://${host}:${portOf(server)}`,
        );
    } catch (error) {
      const text = `metrics and health cannot be told on ${host}:${port} (${messageOf(error)}): set EXITLANE_METRICS_PORT to a free port, or to off. Trying again; everything else works.`;
      if (!complained) logger.error({ host, port }, text);
      complained = true;
      if (!closed) timer = clock.setTimer(() => void open(), HTTP_RETRY_MS);
    }
  };
  if (port !== undefined) await open();
  return {
    get port() {
      return portOf(server);
    },
    async close() {
      closed = true;
      stopRenewing?.();
      timer?.cancel();
      if (!server.listening) return;
      const done = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await done;
    },
  };
}

/** From the first byte on, before any handshake. */
function shareConnections(server: Server | TlsServer): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    if (count > HTTP_CONNECTIONS_PER_ADDRESS_MAX) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

interface Guard {
  readonly tls: Reloading<TlsMaterial>;
  readonly access: Reloading<AccessList>;
}

function guardOf(host: string, security: MetricsSecurity | undefined): Guard {
  const { tls, access } = security ?? {};
  if (tls && access) return { tls, access };
  if (!security) {
    const text = `metrics of this service may not be told on ${host}: anyone who reaches this address could read them. Use 127.0.0.1, or say with EXITLANE_METRICS_OPEN_HOST that others keep the network closed.`;
    throw new ExitlaneError('CONFIG_INVALID', text, { metadata: { host } });
  }
  const text = `metrics may not be told on ${host} without TLS and an access file (EXITLANE_TLS_CERT_FILE, EXITLANE_ACCESS_FILE): anyone who reaches this address could read them. Set them, use 127.0.0.1, or say with EXITLANE_METRICS_OPEN_HOST that others keep the network closed.`;
  throw new ExitlaneError('CONFIG_INVALID', text, { metadata: { host } });
}

/** Everyone on the list may read. */
function mayRead({ access }: Guard, { headers }: IncomingMessage): boolean {
  const [, token] = /^Bearer +(\S{1,512})$/i.exec(headers.authorization ?? '') ?? [];
  return token !== undefined && access.value.byToken(token, Date.now()).kind === 'valid';
}

async function answer(
  { metrics, readiness, logger, guard }: MetricsServerOptions & { readonly guard: Guard | undefined },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = (status: number, text: string, type = TEXT) => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
  };
  try {
    const path = (request.url ?? '').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') send(405, 'GET only\n');
    else if (path === '/livez') send(200, 'alive\n');
    else if (path === '/metrics' && guard && !mayRead(guard, request)) {
      response.setHeader('www-authenticate', 'Bearer');
      send(401, 'who asks? Send the header authorization: Bearer <token>\n');
    } else if (path === '/metrics') send(200, await metrics.text(), metrics.contentType);
    else if (path === '/readyz') {
      const found = await readiness();
      send(found.ready ? 200 : 503, readyText(found));
    } else send(404, 'there are /metrics, /livez and /readyz\n');
  } catch (error) {
    logger.error({ err: error }, 'a question for metrics or health failed');
    if (!response.headersSent) send(500, 'failed: the log tells more\n');
  }
}

function readyText({ ready, checks }: Readiness): string {
  const lines = checks.map(({ name, ok, detail }) => `${name}: ${ok ? 'ok' : 'FAILED'} - ${detail}`);
  return `${[ready ? 'ready' : 'not ready', ...lines].join('\n')}\n`;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : undefined;
}
