import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

type Json = Record<string, unknown>;

/** A Jupiter that lies: passes everything on to `upstream`, and changes JSON bodies on the way. */
export interface LyingJupiter {
  readonly url: string;
  /** Changes the body of a swap request. */
  onSwapRequest: (body: Json) => Json;
  /** Changes an answer; `path` is without the query. */
  onAnswer: (path: string, body: Json) => Json | Promise<Json>;
  close(): Promise<void>;
}

export async function startLyingJupiter(upstream: string): Promise<LyingJupiter> {
  const honest = {
    onSwapRequest: (body: Json) => body,
    onAnswer: (_path: string, body: Json): Json | Promise<Json> => body,
  };
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/';
    const sent = await buffer(request);
    const body = sent.length === 0 ? undefined : JSON.stringify(proxy.onSwapRequest(JSON.parse(sent.toString())));
    const answer = await fetch(upstream + path, {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/json' },
      body: body ?? null,
    });
    const changed = await proxy.onAnswer(path.split('?')[0] ?? '', (await answer.json()) as Json);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(changed));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const proxy: LyingJupiter = { url: `http://127.0.0.1:${port}`, ...honest, close };
  return proxy;
}
