import { createServer, type Socket } from 'node:net';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { CONNECTIONS_MAX } from './bounds.js';

/** The port of a gRPC server. */
export interface Listener {
  readonly port: number;
  /** Takes no new connections and frees the port; the ones that are open stay. */
  close(): void;
  /** Breaks every connection. */
  destroyConnections(): void;
}

/**
 * Listens for a grpc-js server and hands it the connections. The socket is ours rather than grpc-js's for two reasons: at the
 * end of a drain it must be possible to break a connection whose peer neither reads nor closes, which holds up grpc-js's
 * `forceShutdown` for ever; and a port that cannot be had is one clear error instead of a line on the console.
 */
export function listen(server: Server, host: string, port: number): Promise<Listener> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const open = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    injector.injectConnection(socket);
  });
  listener.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ host, port }, () => {
      const bound = listener.address();
      resolve({
        port: typeof bound === 'object' && bound !== null ? bound.port : port,
        close: () => void listener.close(),
        destroyConnections() {
          for (const socket of open) socket.destroy();
        },
      });
    });
  });
}
