import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import { startMetricsServer } from './http.js';
import { HTTP_CONNECTIONS_PER_ADDRESS_MAX, HTTP_RETRY_MS } from './limits.js';
import { Metrics } from './metrics.js';
import type { Readiness } from './readiness.js';

const READY: Readiness = { ready: true, checks: [{ name: 'database', ok: true, detail: 'it answers' }] };

describe('O2 O3 the endpoint of metrics and health', () => {
  let readiness: Readiness;
  const open: { close(): Promise<void> }[] = [];
  beforeEach(() => {
    readiness = READY;
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });

  async function start(port = 0, clock = new ManualClock()) {
    const metrics = new Metrics();
    metrics.counter({ name: 'exitlane_things_total', help: 'Things.' }).inc(3);
    const config = { host: '127.0.0.1', port };
    const options = { config, metrics, readiness: async () => readiness, logger: silentLogger, clock };
    const server = await startMetricsServer(options);
    open.push(server);
    return server;
  }

  async function ask(port: number | undefined, path: string, method = 'GET') {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') };
  }

  it('tells numbers, life and readiness', async () => {
    const { port } = await start();
    const { status, text, type } = await ask(port, '/metrics');
    expect({ status, type }).to.deep.equal({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    expect(text).to.contain('# TYPE exitlane_things_total counter\nexitlane_things_total 3\n');
    expect(await ask(port, '/livez')).to.include({ status: 200, text: 'alive\n' });
    expect(await ask(port, '/readyz?verbose')).to.include({ status: 200, text: 'ready\ndatabase: ok - it answers\n' });
    readiness = { ready: false, checks: [{ name: 'database', ok: false, detail: 'refused' }] };
    expect(await ask(port, '/readyz')).to.include({ status: 503, text: 'not ready\ndatabase: FAILED - refused\n' });
    expect((await ask(port, '/livez')).status, 'alive all the same').to.equal(200);
  });

  it('has nothing else, and takes nothing', async () => {
    const { port } = await start();
    expect((await ask(port, '/')).status).to.equal(404);
    expect((await ask(port, '/metrics/../secrets')).status).to.equal(404);
    expect((await ask(port, '/metrics', 'POST')).status).to.equal(405);
  });

  it('a port that is taken keeps nothing from starting, and is taken over when it is free', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const clock = new ManualClock();
    const server = await start(port, clock);
    expect(server.port).to.equal(undefined);
    other.close();
    await once(other, 'close');
    await clock.advance(HTTP_RETRY_MS);
    while (server.port === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await ask(port, '/livez')).status).to.equal(200);
  });

  it('one address does not take all connections', async () => {
    const { port = 0 } = await start();
    const sockets = Array.from({ length: HTTP_CONNECTIONS_PER_ADDRESS_MAX }, () => connect(port, '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const onceMore = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(onceMore, 'close');
    const others = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    others.end('GET /livez HTTP/1.0\r\n\r\n');
    const [answer] = (await once(others, 'data')) as [Buffer];
    expect(answer.toString()).to.match(/^HTTP\/1\.1 200 /);
    for (const socket of sockets) socket.destroy();
    const isRefused = () =>
      ask(port, '/livez').then(
        () => false,
        () => true,
      );
    while (await isRefused()) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('O1 is not opened to others', async () => {
    const config = { host: '0.0.0.0', port: 0 };
    const starting = startMetricsServer({
      config,
      metrics: new Metrics(),
      readiness: async () => READY,
      logger: silentLogger,
    });
    const error = await starting.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(ExitlaneError).with.property('reason', 'CONFIG_INVALID');
  });

  it('O1, O3 is opened to others by whoever says so: EXITLANE_METRICS_OPEN_HOST, for probes and scrapers of containers', async () => {
    const config = { host: '0.0.0.0', port: 0, isOpen: true };
    const server = await startMetricsServer({
      config,
      metrics: new Metrics(),
      readiness: async () => READY,
      logger: silentLogger,
    });
    try {
      expect((await ask(server.port ?? 0, '/readyz')).status).to.equal(200);
    } finally {
      await server.close();
    }
  });
});
