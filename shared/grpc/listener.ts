import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { serverContext, type TlsMaterial } from '../auth/tls-files.js';
import { type Clock, systemClock, type Timer } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { Reloading } from '../core/reloading.js';
import {
  CONNECTIONS_MAX,
  CONNECTIONS_PER_ADDRESS_MAX,
  NAMELESS_CONNECTION_MS_MAX,
  NAMELESS_CONNECTIONS_MAX,
  TLS_HANDSHAKE_MS_MAX,
} from './bounds.js';
import { isLoopbackHost } from './loopback.js';

/** The port of a gRPC server. */
export interface Listener {
  readonly port: number;
  /** Takes no new connections and frees the port; the ones that are open stay. */
  close(): void;
  /** Breaks every connection. */
  destroyConnections(): void;
  /** Resolves when no connection is left; call it after `close`. */
  whenEmpty(): Promise<void>;
}

export interface ListenOptions {
  readonly clock?: Clock | undefined;
  readonly host: string;
  readonly port: number;
  /** Set: connections are TLS, and a client certificate is asked for when there is a CA. */
  readonly tls?: Reloading<TlsMaterial> | undefined;
  /** A connection is over; `address:port` of the other end, as calls name it. */
  readonly onClosed?: (peer: string) => void;
  /** Whether somebody with a name has called on this connection; undefined: nobody has one. */
  readonly isKnown?: ((peer: string) => boolean) | undefined;
  /** A connection did not become one: no TLS, no or a wrong certificate. */
  readonly onRefused?: (address: string, why: string) => void;
}

/**
 * Listens for a grpc-js server and hands it the connections. The socket is ours rather than grpc-js's for these reasons: at the
 * end of a drain it must be possible to break a connection whose peer neither reads nor closes, which holds up grpc-js's
 * `forceShutdown` for ever; a port that cannot be had is one clear error instead of a line on the console; and a certificate can be
 * renewed while connections go on.
 */
export function listen(server: Server, options: ListenOptions): Promise<Listener> {
  const { host, port } = options;
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const connections = new Connections(options);
  const listener = options.tls
    ? listenTls(options.tls, options, (socket) => injector.injectConnection(socket))
    : createServer({ noDelay: true }, (socket) => injector.injectConnection(socket));
  // Before the handshake: a connection that never finishes it must be breakable too.
  listener.prependListener('connection', (socket: Socket) => connections.add(socket));
  listener.maxConnections = CONNECTIONS_MAX;
  listener.on('drop', () => options.onRefused?.('', `all ${CONNECTIONS_MAX} connections are taken`));
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ host, port }, () => {
      const bound = listener.address();
      resolve({
        port: typeof bound === 'object' && bound !== null ? bound.port : port,
        close() {
          connections.stopLooking();
          listener.close();
        },
        destroyConnections: () => connections.destroy(),
        whenEmpty: () => connections.whenEmpty(),
      });
    });
  });
}

function listenTls(
  material: Reloading<TlsMaterial>,
  { onRefused }: ListenOptions,
  accept: (socket: Socket) => void,
): TlsServer {
  const asksForCertificate = material.value.ca !== undefined;
  const listener = createTlsServer(
    {
      ...serverContext(material.value),
      ALPNProtocols: ['h2'],
      handshakeTimeout: TLS_HANDSHAKE_MS_MAX,
      requestCert: asksForCertificate,
      rejectUnauthorized: asksForCertificate,
      noDelay: true,
    },
    accept,
  );
  const stop = material.onChange((value) => listener.setSecureContext(serverContext(value)));
  listener.once('close', stop);
  listener.on('tlsClientError', (error, socket) => {
    onRefused?.(socket.remoteAddress ?? '', messageOf(error));
    socket.destroy();
  });
  return listener;
}

/** Connections that are open, and how many each address has. */
class Connections {
  readonly #options: ListenOptions;
  /** With the time at which each began, oldest first. */
  readonly #open = new Map<Socket, number>();
  #looks: Timer | undefined;
  readonly #perAddress = new Map<string, number>();
  readonly #whenEmpty: (() => void)[] = [];

  constructor(options: ListenOptions) {
    this.#options = options;
    if (options.isKnown) this.#scheduleLook();
  }

  add(socket: Socket): void {
    const { remoteAddress: address = '' } = socket;
    const peer = peerOf(socket);
    const count = (this.#perAddress.get(address) ?? 0) + 1;
    if (count > CONNECTIONS_PER_ADDRESS_MAX && !isLoopbackHost(address)) {
      this.#options.onRefused?.(address, `more than ${CONNECTIONS_PER_ADDRESS_MAX} connections from one address`);
      socket.destroy();
      return;
    }
    this.#makeRoom();
    this.#open.set(socket, this.#clock.now());
    this.#perAddress.set(address, count);
    socket.once('close', () => {
      this.#open.delete(socket);
      if (this.#open.size === 0) for (const tell of this.#whenEmpty.splice(0)) tell();
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(address, left);
      else this.#perAddress.delete(address);
      this.#options.onClosed?.(peer);
    });
  }

  destroy(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  stopLooking(): void {
    this.#looks?.cancel();
    this.#looks = undefined;
  }

  /** Connections of callers who have not said who they are. */
  *#nameless(): Generator<readonly [Socket, number]> {
    const { isKnown } = this.#options;
    if (!isKnown) return;
    for (const each of this.#open) if (!isKnown(peerOf(each[0]))) yield each;
  }

  /** The oldest that has not said who it is goes when there are too many: a place is for those who trade. */
  #makeRoom(): void {
    if (this.#open.size < NAMELESS_CONNECTIONS_MAX) return;
    const nameless = [...this.#nameless()];
    if (nameless.length >= NAMELESS_CONNECTIONS_MAX) nameless[0]?.[0].destroy();
  }

  #scheduleLook(): void {
    this.#looks = this.#clock.setTimer(() => {
      const before = this.#clock.now() - NAMELESS_CONNECTION_MS_MAX;
      for (const [socket, since] of [...this.#nameless()]) if (since <= before) socket.destroy();
      this.#scheduleLook();
    }, NAMELESS_CONNECTION_MS_MAX / 6);
  }

  get #clock(): Clock {
    return this.#options.clock ?? systemClock;
  }

  whenEmpty(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }
}

/** As grpc-js names the other end of a call. */
function peerOf({ remoteAddress = '', remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
