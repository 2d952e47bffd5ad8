import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** What the receiver does with one post; `hang` never answers. */
export type Reply = Answer | 'hang' | ((post: Received) => Answer);

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Receiver {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly received: Received[];
  /** What the next posts get, in order; later ones get 200. */
  replies: Reply[];
  close(): Promise<void>;
}

/** An HTTP server on loopback that keeps what it is sent. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const hanging = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const post = { path: request.url ?? '', headers: request.headers, text, json: JSON.parse(text) };
    received.push(post);
    const scripted = receiver.replies.shift() ?? { status: 200, body: 'ok' };
    const reply = typeof scripted === 'function' ? scripted(post) : scripted;
    if (reply === 'hang') {
      hanging.add(response);
      return;
    }
    response.writeHead(reply.status, reply.headers);
    response.end(reply.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    replies: [],
    close: async () => {
      for (const response of hanging) response.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}
