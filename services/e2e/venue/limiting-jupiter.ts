import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { deferred } from '../../../shared/queue/test-helpers.js';

/** What came in: the API's path without its query, and the status it got. */
export interface Passed {
  readonly path: string;
  readonly status: number;
  /** Time of arrival, ms. */
  readonly at: number;
}

/** Jupiter's rate limit in front of the sandbox: so many calls in a window that slides, with its headers on every answer. */
export interface LimitingJupiter {
  readonly url: string;
  /** Tells where it passes calls on to; those that come earlier wait. */
  passTo(upstream: string): void;
  readonly passed: Passed[];
  /** Counts a call as somebody else's with the same account. */
  spend(calls: number): void;
  close(): Promise<void>;
}

export async function startLimitingJupiter(requests: number, windowMs: number): Promise<LimitingJupiter> {
  const starts: number[] = [];
  const upstream = deferred<string>();
  const server = createServer(async (request, response) => {
    const now = Date.now();
    const path = (request.url ?? '/').split('?')[0] ?? '';
    const inWindow = starts.filter((at) => at > now - windowMs);
    const granted = inWindow.length < requests;
    if (granted) starts.push(now);
    const current = inWindow.length + (granted ? 1 : 0);
    const oldest = inWindow[0] ?? now;
    response.setHeader('x-ratelimit-remaining', String(Math.max(0, requests - current)));
    response.setHeader('x-ratelimit-current', String(current));
    response.setHeader('x-ratelimit-reset', String(Math.ceil((oldest + windowMs) / 1000)));
    response.setHeader('content-type', 'application/json');
    if (!granted) {
      proxy.passed.push({ path, status: 429, at: now });
      response.writeHead(429).end(JSON.stringify({ code: 429, message: 'Rate limit exceeded' }));
      return;
    }
    const body = await buffer(request);
    const headers = { 'content-type': 'application/json' };
    const init = { method: request.method ?? 'GET', headers, body: body.length === 0 ? null : body };
    const answer = await fetch((await upstream.promise) + (request.url ?? '/'), init);
    proxy.passed.push({ path, status: answer.status, at: now });
    response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: LimitingJupiter = {
    url: `http://127.0.0.1:${port}`,
    passTo: upstream.resolve,
    passed: [],
    spend: (calls) => {
      for (let n = 0; n < calls; n++) starts.push(Date.now());
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
