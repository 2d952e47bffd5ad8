import { expect } from 'chai';
import {
  GetStatusResponse,
  type SystemServiceServer,
  SystemServiceService,
} from '../../../proto/gen/exitlane/v1/system_service.js';
import { systemClock } from '../../../shared/core/clock.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { type GrpcServer, startGrpcServer } from '../../../shared/grpc/server.js';
import { unary } from '../../../shared/grpc/unary.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { type Clients, connectClients } from '../clients.js';
import { ServiceWatch } from './services.js';

describe('O3 the console looks at a service of several servers', () => {
  const stop = new AbortController();
  let servers: GrpcServer[];
  let clients: Clients;
  let watch: ServiceWatch;
  let running: Promise<void>;
  before(async () => {
    servers = [await serve(10n), await serve(500n)];
    const address = addresses().join(',');
    clients = connectClients({ requestor: address, processor: address });
    const parts = { clock: systemClock, logger: silentLogger, signal: stop.signal };
    watch = new ServiceWatch({ service: 'requestor', address }, clients, parts, () => undefined);
    running = watch.run();
  });
  after(async () => {
    stop.abort();
    await running;
    clients.close();
    for (const server of servers) await server.close();
  });

  function serve(uptimeSeconds: bigint, port = 0): Promise<GrpcServer> {
    const status = GetStatusResponse.create({ version: '1', uptime: { seconds: uptimeSeconds, nanos: 0 } });
    const implementation = { getStatus: unary(() => status) } as unknown as SystemServiceServer;
    const services = [{ definition: SystemServiceService, implementation }];
    return startGrpcServer({ port, name: 'requestor', logger: silentLogger, services });
  }

  function addresses(): string[] {
    return servers.map(({ address }) => address);
  }

  /** Looks until it says so. */
  async function until(up: boolean, error: string | RegExp): Promise<void> {
    await eventually(`up ${up}, "${error}"`, () => {
      watch.ask();
      const { view } = watch;
      return view.up === up && (typeof error === 'string' ? view.error === error : error.test(view.error));
    });
  }

  it('is up while one of them answers, names who does not, and tells the age of the eldest', async () => {
    const [first, second] = addresses();
    await until(true, '');
    const age = Date.now() - (watch.view.startedAt ?? 0);
    expect(Math.round(age / 1_000)).to.be.within(499, 510);
    await servers[1]?.close();
    await until(true, `no answer from ${second}`);
    await servers[0]?.close();
    await until(false, /ECONNREFUSED|dropped|UNAVAILABLE|connect/);
    servers[0] = await serve(0n, Number(first?.split(':')[1]));
    await until(true, `no answer from ${second}`);
    servers[1] = await serve(0n, Number(second?.split(':')[1]));
    await until(true, '');
  });
});
