import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** A line to a server that a test can cut. */
export interface Line {
  /** `host:port` of its near end. */
  readonly address: string;
  /** Connections made so far. */
  readonly connections: number;
  /** Breaks every connection; new ones work. */
  cut(): void;
  close(): Promise<void>;
}

export async function startLine(to: string): Promise<Line> {
  const [host = '', port = ''] = to.split(':');
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = createConnection(Number(port), host);
    join(near, far, sockets);
    join(far, near, sockets);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of [...sockets]) socket.destroy();
  };
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What `from` receives goes to `to`, its end included. */
function join(from: Socket, to: Socket, sockets: Set<Socket>): void {
  sockets.add(from);
  from.on('error', () => undefined);
  from.on('close', () => {
    sockets.delete(from);
    to.destroy();
  });
  from.pipe(to);
}
