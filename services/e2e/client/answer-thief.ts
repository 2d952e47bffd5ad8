import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** HTTP/2 frame header (RFC 9113, 4.1): length in 3 bytes, type in 1, flags in 1, stream in 4. */
const FRAME_HEADER_BYTES = 9;
const HEADERS_FRAME = 1;

/** Stands before a gRPC service on loopback, and can take away answers: the service has done its work, and the client never hears of it. */
export class AnswerThief {
  readonly address: string;
  /** Answers taken so far. */
  taken = 0;
  readonly #sockets = new Set<Socket>();
  readonly #close: () => Promise<void>;
  #mode: 'pass' | 'cut' | 'swallow' = 'pass';
  #toTake = 0;

  private constructor(address: string, close: () => Promise<void>) {
    this.address = address;
    this.#close = close;
  }

  /** @param target `host:port` */
  static async before(target: string): Promise<AnswerThief> {
    const [host = '', port = ''] = target.split(':');
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const thief = new AnswerThief(`127.0.0.1:${(server.address() as AddressInfo).port}`, async () => {
      server.close();
      await once(server, 'close');
    });
    server.on('connection', (client) => thief.#join(client, connect(Number(port), host)));
    return thief;
  }

  /** The next answers break their connection in the place of arriving. */
  cutNext(answers: number): void {
    this.#mode = 'cut';
    this.#toTake = answers;
  }

  /** From now on no answer arrives, and nothing breaks. */
  swallowAll(): void {
    this.#mode = 'swallow';
  }

  /** Everything passes again, on new connections. */
  stop(): void {
    this.#mode = 'pass';
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#close();
  }

  #join(client: Socket, service: Socket): void {
    const pairs: readonly (readonly [Socket, Socket])[] = [
      [client, service],
      [service, client],
    ];
    for (const [socket, other] of pairs) {
      this.#sockets.add(socket);
      // The other side hears of it by its own close.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(service);
    const frames = new Frames();
    let isStolen = false;
    service.on('data', (data: Buffer) => {
      const isAnswer = frames.read(data).includes(HEADERS_FRAME);
      if (isAnswer && this.#mode !== 'pass') {
        this.taken += 1;
        isStolen = true;
        if (this.#mode === 'cut') {
          this.#toTake -= 1;
          if (this.#toTake === 0) this.#mode = 'pass';
          client.destroy();
        }
      }
      if (!isStolen) client.write(data);
    });
  }
}

/** Tells the types of the frames that begin in each piece of a connection. */
class Frames {
  #header = Buffer.alloc(0);
  #payloadLeft = 0;

  read(data: Buffer): number[] {
    const types: number[] = [];
    let at = 0;
    while (at < data.length) {
      const skipped = Math.min(this.#payloadLeft, data.length - at);
      this.#payloadLeft -= skipped;
      at += skipped;
      if (this.#payloadLeft > 0 || at === data.length) break;
      const rest = data.subarray(at, at + FRAME_HEADER_BYTES - this.#header.length);
      this.#header = Buffer.concat([this.#header, rest]);
      at += rest.length;
      if (this.#header.length < FRAME_HEADER_BYTES) break;
      types.push(this.#header.readUInt8(3));
      this.#payloadLeft = this.#header.readUIntBE(0, 3);
      this.#header = Buffer.alloc(0);
    }
    return types;
  }
}
