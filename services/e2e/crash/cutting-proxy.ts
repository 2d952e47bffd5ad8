import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** `ReadyForQuery`, idle: the last thing a PostgreSQL says to a new session. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** Stands before a PostgreSQL, and can cut sessions at the moment they begin: they are told so in the same breath. */
export class CuttingProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #toCut = 0;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  static async start(databaseUrl: string): Promise<CuttingProxy> {
    const target = new URL(databaseUrl);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const own = new URL(databaseUrl);
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    own.port = String(address.port);
    const proxy = new CuttingProxy(own.href, server);
    server.on('connection', (client) => proxy.#join(client, Number(target.port)));
    return proxy;
  }

  /** Sessions that are still to be cut. */
  get toCut(): number {
    return this.#toCut;
  }

  /** Cuts the next sessions as soon as they are ready. */
  cutNewborns(sessions: number): void {
    this.#toCut = sessions;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, port: number): void {
    const server = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.end();
      });
    }
    client.pipe(server);
    let born = false;
    server.on('data', (data: Buffer) => {
      const ready = !born && data.subarray(-READY.length).equals(READY);
      born ||= ready;
      if (!ready || this.#toCut === 0) {
        client.write(data);
        return;
      }
      this.#toCut -= 1;
      client.end(Buffer.concat([data, terminated()]));
      server.destroy();
    });
  }
}

/** `ErrorResponse` 57P01, as after pg_terminate_backend. */
function terminated(): Buffer {
  const fields = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0';
  const message = Buffer.alloc(5 + fields.length);
  message.write('E');
  message.writeInt32BE(4 + fields.length, 1);
  message.write(fields, 5);
  return message;
}
